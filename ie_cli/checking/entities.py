"""Entities: how many of each type, and how they overlap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from ie_cli.checking.findings import Figures, Finding, Section, excerpt
from ie_cli.checking.labels import Labels
from ie_cli.records import Entity, Placed

NESTED, CROSSING, DOUBLE = "inside another", "crossing another", "of several types at once"
ROWS = ("entities", NESTED, CROSSING, DOUBLE, "repeated", "without a place", "without a type", "white space at an edge")
# Kinds of cases that are findings, with what to try.
ADVICE = {
    CROSSING: "look at them: crossing entities are often slips; ner_crf learns only the longer one",
    NESTED: "take ner_pointer: ner_crf learns only the longer one; `ie train` predicts overlapping ones where 1% "
    "or more of the entities overlap, else with --set model.nested=true",
    DOUBLE: "keep one type, unless both are meant; ner_crf learns only one",
    "repeated": "harmless: they count once",
    "without a place": "`ie convert` finds places of strings; without one an entity is not learned",
    "without a type": "give them a type; without one an entity is not learned",
    "white space at an edge": "take the white space out of the entity: scores ask for exact places",
}


class Entities:
    """Counts entities and their types; a slip is kept with its place."""

    def __init__(self):
        self.types = Labels("entity types")
        self._figures = Figures("entities", *ROWS, advice=ADVICE)

    def add(self, item: Placed, split: str) -> None:
        seen: set[tuple] = set()
        for entity in item.record.entities or ():
            self._figures.counts[split]["entities"] += 1
            if entity.type is not None or entity.link is None:  # linking has mentions without types
                self.types.add(entity.type, split, item.place, entity.text)
            shown = f"{entity.type or '(none)'}: {excerpt(item.record.text, entity.start, entity.end)}"
            for kind in _slips(entity, seen):
                self._figures.note(kind, split, item.place, shown)
            seen.add(_key(entity))
        for kind, entity, other in overlapping_pairs(sorted((e for e in seen if e[0] is not None), key=_outer_first)):
            self._figures.note(kind, split, item.place, _both(item.record.text, entity, other))

    def sections(self) -> Iterator[Section]:
        yield from self._figures.sections()
        yield from self.types.sections()

    def findings(self) -> Iterator[Finding]:
        yield from self._figures.findings()
        yield from self.types.findings()


Key = tuple[int | None, int | None, str | None, str]


def _key(entity: Entity) -> Key:
    return entity.start, entity.end, entity.type, entity.text


def _outer_first(key: Key) -> tuple:
    return key[0], -key[1], key[2] or ""


def _slips(entity: Entity, seen: set[Key]) -> Iterator[str]:
    """What is odd about one entity, by itself and beside the ones before."""
    if _key(entity) in seen:
        yield "repeated"
    if entity.start is None:
        yield "without a place"
    if entity.type is None and entity.link is None:
        yield "without a type"
    if entity.text != entity.text.strip():
        yield "white space at an edge"


def overlapping_pairs(spans: Sequence[Key]) -> Iterator[tuple[str, Key, Key]]:
    """Each span that shares characters with an earlier one, once for each way, with such an earlier one.

    Args:
        spans: by their start, the longer of equal starts first.
    """
    found: dict[tuple[str, Key], Key] = {}
    for i, one in enumerate(spans):
        for other in takewhile(lambda span, end=one[1]: span[0] < end, spans[i + 1 :]):
            found.setdefault((_way(one, other), other), one)
    for (way, span), other in found.items():
        yield way, span, other


def _way(one: Key, other: Key) -> str:
    if one[:2] == other[:2]:
        return DOUBLE
    return NESTED if other[1] <= one[1] else CROSSING


def _both(text: str, entity: Key, other: Key) -> str:
    around = excerpt(text, min(entity[0], other[0]), max(entity[1], other[1]))
    return " ".join(filter(None, (entity[3], entity[2], "/", other[3], other[2], "in", around)))
