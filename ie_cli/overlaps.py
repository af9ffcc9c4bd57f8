"""Places that share characters, and entities that share none."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from operator import attrgetter

from ie_cli.records import Entity


def overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two places (start, end) share a character."""
    return one[0] < other[1] and other[0] < one[1]


def disjoint(entities: Iterable[Entity]) -> list[Entity]:
    """The likeliest entities that share no character: each that overlaps a likelier one is left out.

    Args:
        entities: with offsets and scores.

    Returns:
        In order of place.
    """
    kept: list[Entity] = []
    for entity in sorted(entities, key=lambda e: (-e.score, e.start - e.end, e.start, e.type or "")):
        at = bisect_right(kept, entity.start, key=attrgetter("start"))
        if kept[at - 1 : at] and kept[at - 1].end > entity.start:
            continue
        if not kept[at : at + 1] or entity.end <= kept[at].start:
            kept.insert(at, entity)
    return kept
