"""Entity linking on the texts of CCKS2019: the model against two baselines, on texts it has not seen.

    python tests/benchmarks/links.py train_first8000.json --folder /tmp/links --seeds 1 2 3
    python tests/benchmarks/links.py train_first8000.json --folder /tmp/links --removed 0.2

The public knowledge base is not at hand. A base is made from the first 6,000 texts: an entity for each
id, called as its mentions are, its description a line for each text that mentions it. The last 2,000
texts are the test; there, ids that the base lacks are NIL. Of the 6,000 every twentieth is dev; the base
that is there while the model is trained lacks the dev texts, so that dev is to it what the test is later.

A training text must not be read in the description of its own entity: the model is trained with
`leave_one_out`, which drops the line that is the text, and the names and entities that it alone has given.

Baselines, with the counts of all 6,000 texts: the most frequent entity of a mention's name, NIL where
the base has no such name, on the mentions that the model finds and on those of the gold; the same, but
NIL also where the name means what the base lacks more often; and the leftmost-longest names of the base
as mentions, each its most frequent entity, all names or without those that annotators pass over. With
`--removed` a share of the entities is taken out of the base of the test (the training counts still know
them): what of their mentions is recognised as NIL is shown.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import runs

from ie_cli import kb
from ie_cli.errors import Report
from ie_cli.formats import ccks2019_el
from ie_cli.kb import Entry, KnowledgeBase, SourcedEntry
from ie_cli.kb.entry import key
from ie_cli.matching import leftmost_longest
from ie_cli.records import CANDIDATES, Entity, Link, Record, write
from ie_cli.scoring import counts_for, score_all

FIRST, LAST, EVERY = 6000, 2000, 20
Counts = dict[str, Counter[str]]  # name -> id -> how often
SETTINGS = {"all features": [], "without": ["model.match_features=false", "model.annotation_rate=false"]}


# --- Data ----------------------------------------------------------------------------------------


def entries(records: Iterable[Record], without: set[str]) -> list[SourcedEntry]:
    """Each entity with its names, the most frequent first, and the texts that mention it."""
    names: dict[str, Counter[str]] = defaultdict(Counter)
    texts: dict[str, dict[str, None]] = defaultdict(dict)
    for record in records:
        for entity in record.entities:
            ident = entity.link.kb_id
            if ident is not None and ident not in without:
                names[ident][entity.text] += 1
                texts[ident][record.text] = None
    made = []
    for ident, counted in names.items():
        name, *aliases = (name for name, _ in counted.most_common())
        made.append(SourcedEntry("texts", 0, Entry(ident, name, tuple(aliases), (), "\n".join(texts[ident]))))
    return made


def build(records: Sequence[Record], folder: Path, without: set[str] = frozenset()) -> KnowledgeBase:
    kb.build(entries(records, without), folder)
    return kb.open(folder)


def known(record: Record, base: KnowledgeBase) -> Record:
    """The record with NIL for what the base lacks."""
    entities = [e if e.link.kb_id in base else replace(e, link=Link(None)) for e in record.entities]
    return replace(record, entities=entities)


def save(records: Iterable[Record], path: Path) -> None:
    with path.open("wb") as out:
        write(records, out)


# --- Baselines -----------------------------------------------------------------------------------


def counted(records: Iterable[Record], base: KnowledgeBase) -> Counts:
    counts: Counts = defaultdict(Counter)
    for record in records:
        for entity in record.entities:
            counts[key(entity.text)][entity.link.kb_id if entity.link.kb_id in base else ""] += 1
    return counts


def frequent(record: Record, base: KnowledgeBase, counts: Counts, nil: bool = False) -> Record:
    """Each mention with the most frequent entity of its name, or NIL (`nil`) where that is more frequent."""
    return replace(record, entities=[_frequent(e, base, counts, nil) for e in record.entities])


def _frequent(entity: Entity, base: KnowledgeBase, counts: Counts, nil: bool) -> Entity:
    mine = counts.get(key(entity.text), {})
    ids = sorted(base.candidates(entity.text), key=lambda i: -mine.get(i, 0))
    told = [{"kb_id": i, "score": mine.get(i, 0) / (1 + sum(mine.values()))} for i in ids]
    none = not ids or (nil and mine.get("", 0) > mine.get(ids[0], 0))
    return replace(entity, link=Link(None if none else ids[0]), extra={CANDIDATES: told})


def longest(record: Record, base: KnowledgeBase, counts: Counts, without: set[str] = frozenset()) -> Record:
    """The leftmost-longest names as mentions with their most frequent entities, but for some names."""
    strings = [(m, record.text[m.start : m.end]) for m in leftmost_longest(base.matches(record.text))]
    entities = [Entity(m.start, m.end, None, name) for m, name in strings if key(name) not in without]
    return frequent(replace(record, entities=entities), base, counts)


def seldom(records: Iterable[Record], base: KnowledgeBase, counts: Counts) -> set[str]:
    """The names that annotators pass over, by the article's rule: (not annotated + 1) / (annotated + 1) >= 5."""
    matched = Counter(key(r.text[m.start : m.end]) for r in records for m in leftmost_longest(base.matches(r.text)))
    annotated = {name: sum(counts.get(name, {}).values()) for name in matched}
    return {name for name, n in matched.items() if (max(0, n - annotated[name]) + 1) / (annotated[name] + 1) >= 5}


# --- Figures -------------------------------------------------------------------------------------


def end_to_end(gold: Sequence[Record], pred: Sequence[Record]) -> dict[str, float]:
    scores = {rule: score_all(counts_for("links", rule), gold, pred) for rule in ("end_to_end", "known", "mention")}
    return {
        "F1": scores["end_to_end"].micro.f1,
        "known F1": scores["known"].micro.f1,
        "mention F1": scores["mention"].micro.f1,
    }


def accuracy(gold: Sequence[Record], pred: Sequence[Record]) -> dict[str, float]:
    score = score_all(counts_for("links", "accuracy"), gold, pred)
    parts = {name: tally.rates() for name, tally in score.parts.items()}
    row = {"accuracy": score.micro.recall, "known": parts["known"].recall}
    row |= {name: parts[name].recall for name in ("2+ candidates", "recall@1", "recall@5", "recall@all")}
    return row | {"NIL P": parts["NIL"].precision, "NIL R": parts["NIL"].recall}


def removed_nil(gold: Sequence[Record], pred: Sequence[Record], whole: Sequence[Record], without: set[str]) -> dict:
    """Precision and recall of NIL among given mentions that have candidates; recall where the entity was removed."""
    tally = Counter()
    for one, other, before in zip(gold, pred, whole, strict=True):
        for right, found, original in zip(one.entities, other.entities, before.entities, strict=True):
            gone = original.link.kb_id in without
            named = bool(found.extra[CANDIDATES])
            tally["removed"] += gone
            tally["removed, found"] += gone and found.link.kb_id is None
            tally["removed, named"] += gone and named
            tally["removed, named, found"] += gone and named and found.link.kb_id is None
            tally["named NIL"] += named and right.link.kb_id is None
            tally["named, said"] += named and found.link.kb_id is None
            tally["named, right"] += named and found.link.kb_id is None and right.link.kb_id is None
    share = lambda a, b: tally[a] / max(1, tally[b])  # noqa: E731
    return {
        "removed R": share("removed, found", "removed"),
        "removed with candidates R": share("removed, named, found", "removed, named"),
        "NIL with candidates P": share("named, right", "named, said"),
        "NIL with candidates R": share("named, right", "named NIL"),
    }


def predicted(run: Path, base: KnowledgeBase, records: Iterable[Record]) -> list[Record]:
    from ie_cli.predicting import predict
    from ie_cli.zoo.folder import load

    model = load(run)
    model.attach(base.folder)
    return list(predict(model, records))


def train(run: Path, data: Path, seed: int, more: Sequence[str]) -> None:
    """`ie train`, behind what has been done."""
    recipe = Path(__file__).parents[2] / "data" / "configs" / "link-char.yaml"
    settings = [f"model.kb={data / 'base-train'}", "model.leave_one_out=true", *more]
    assigned = [word for setting in settings for word in ("--set", setting)]
    runs.train(run, [recipe, data / "train.jsonl", "--dev", data / "dev.jsonl", "--seed", seed, *assigned])


def show(name: str, rows: Sequence[dict[str, float]]) -> None:
    """Mean and, of several seeds, standard deviation."""
    cells = [f"{column} {runs.spread([row[column] for row in rows])}" for column in rows[0]]
    print(f"{name:42}{'  '.join(cells)}", flush=True)


# --- Runs ----------------------------------------------------------------------------------------


def prepare(source: str, folder: Path) -> tuple[list[Record], list[Record]]:
    """Files and base for training; returns the first and the last records."""
    records = list(ccks2019_el.read(source, Report()))
    first, last = records[:FIRST], records[-LAST:]
    learned = [r for i, r in enumerate(first) if i % EVERY]
    base = build(learned, folder / "base-train")
    save((known(r, base) for r in learned), folder / "train.jsonl")
    save((known(r, base) for i, r in enumerate(first) if not i % EVERY), folder / "dev.jsonl")
    return first, last


def baselines(gold: Sequence[Record], base: KnowledgeBase, counts: Counts, without: set[str]) -> None:
    show("most frequent, gold mentions", [accuracy(gold, [frequent(r, base, counts) for r in gold])])
    show("most frequent or NIL", [accuracy(gold, [frequent(r, base, counts, nil=True) for r in gold])])
    show("longest match, most frequent", [end_to_end(gold, [longest(r, base, counts) for r in gold])])
    show("the same, filtered names", [end_to_end(gold, [longest(r, base, counts, without) for r in gold])])


def compare(options: argparse.Namespace, first: Sequence[Record], last: Sequence[Record]) -> None:
    base = build(first, options.folder / "base")
    gold, counts = [known(r, base) for r in last], counted(first, base)
    given = [replace(r, entities=[replace(e, link=None) for e in r.entities]) for r in gold]
    print(f"{len(base)} entities, {len(gold)} test texts, {sum(len(r.entities) for r in gold)} mentions")
    baselines(gold, base, counts, seldom(first, base, counts))
    for name in options.settings:
        rows = defaultdict(list)
        for seed in options.seeds:
            run = options.folder / f"{name.replace(' ', '-')}-{seed}"
            train(run, options.folder, seed, [*SETTINGS[name], *options.set])
            found = predicted(run, base, [Record(r.text) for r in gold])
            rows["end to end"].append(end_to_end(gold, found))
            rows["its mentions, most frequent"].append(end_to_end(gold, [frequent(r, base, counts) for r in found]))
            rows["gold mentions"].append(accuracy(gold, predicted(run, base, given)))
        for what, row in rows.items():
            show(f"{name}: {what}", row)


def removal(options: argparse.Namespace, first: Sequence[Record], last: Sequence[Record]) -> None:
    """Some of the entities that the test mentions are taken out of its base."""
    seen = sorted({e.link.kb_id for r in first for e in r.entities if e.link.kb_id is not None})
    without = set(random.Random(1).sample(seen, round(len(seen) * options.removed)))
    base = build(first, options.folder / "base-removed", without)
    whole, gold = list(last), [known(r, base) for r in last]
    counts = counted(first, base)
    given = [replace(r, entities=[replace(e, link=None) for e in r.entities]) for r in gold]
    print(f"{options.removed:.0%} of the entities removed: {len(base)} are left")
    for nil, name in enumerate(("most frequent, gold mentions", "most frequent or NIL")):
        simple = [frequent(r, base, counts, bool(nil)) for r in gold]
        show(name, [accuracy(gold, simple) | removed_nil(gold, simple, whole, without)])
    for name in options.settings:
        rows = []
        for seed in options.seeds:
            run = options.folder / f"{name.replace(' ', '-')}-{seed}"
            train(run, options.folder, seed, [*SETTINGS[name], *options.set])
            found = predicted(run, base, given)
            rows.append(accuracy(gold, found) | removed_nil(gold, found, whole, without))
        show(f"{name}: gold mentions", rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="train_first8000.json: the first 8,000 texts of CCKS2019's train file")
    parser.add_argument("--folder", type=Path, required=True, help="for bases and runs; runs that are there are used")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="setting of the recipe")
    parser.add_argument("--removed", type=float, default=0, help="share of the entities to take out of the test's base")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    options.folder = options.folder.resolve()
    first, last = prepare(options.data, options.folder)
    (removal if options.removed else compare)(options, first, last)


if __name__ == "__main__":
    main()
