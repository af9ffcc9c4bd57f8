"""Small random records, gold and predictions, with every part, so that each scorer has something to count."""

import random
from dataclasses import replace

from ie_cli.records import Argument, Entity, Event, Link, Record, Relation, Span

TEXT = "零一二三四五六七八九"
# Every scorer with each of its rules; None is left to the gold.
RULES = [
    ("ner", None), ("relations", None), ("relations", "strict"), ("relations", "text"), ("relations", "official"),
    ("events", None), ("events", "event"), ("events", "argument"), ("events", "trigger"), ("events", "duee"),
    ("events", "duee_fin"), ("events", "lic2020"), ("events", "subject"), ("links", None), ("links", "known"),
    ("links", "typed_nil"), ("links", "mention"), ("links", "accuracy"),
]  # fmt: skip


def pairs(seed: int, number: int) -> list[tuple[Record, Record]]:
    """Gold and predictions of some records; predictions have scores with one decimal, so that some are equal."""
    draw = random.Random(seed)
    return [pair(draw, str(i)) for i in range(number)]


def pair(draw: random.Random, ident: str) -> tuple[Record, Record]:
    """A record, and some of its items with others as a prediction."""
    gold, other = record(draw, ident), record(draw, ident)
    parts = {}
    for part in ("entities", "relations", "events"):
        found = [item for item in getattr(gold, part) if draw.random() < 0.6] + getattr(other, part)
        parts[part] = [replace(item, score=draw.randint(1, 9) / 10) for item in found]
    for entity in parts["entities"]:
        entity.link = replace(entity.link, score=draw.randint(1, 9) / 10)
    return gold, replace(gold, **parts)


def record(draw: random.Random, ident: str) -> Record:
    def some(make):
        return [make() for _ in range(draw.randint(0, 3))]

    return Record(
        TEXT,
        ident,
        entities=some(lambda: span(draw, Entity, link=Link(draw.choice(["a", "b", None])))),
        relations=some(lambda: Relation(draw.choice("PQ"), span(draw), span(draw))),
        events=some(lambda: Event(draw.choice("XY"), span(draw), arguments(draw))),
    )


def arguments(draw: random.Random) -> list[Argument]:
    return [span(draw, Argument, role=draw.choice(["买", "卖"])) for _ in range(draw.randint(0, 2))]


def span(draw: random.Random, make=Span, **more):
    """A span of few places, so that gold and predictions often meet."""
    start = draw.randint(0, 2)
    end = start + draw.randint(1, 2)
    return make(start, end, draw.choice("AB"), TEXT[start:end], **more)
