"""What a model of links counts in its training records, and how to leave the record out that is being learned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from ie_cli.errors import IEError
from ie_cli.kb.entry import key
from ie_cli.records import Record
from ie_cli.scoring.links import has_links
from ie_cli.scoring.ner import overlapping
from ie_cli.tasks._codec import LONGEST, TextStatistics

MENTION = "mention"  # the type of mentions that have none
NIL = ""  # stands for it among ids
NEW, SELDOM, SOMETIMES, MOSTLY = 1, 2, 3, 4  # how often a name is annotated where it occurs
SELDOM_FROM = 5  # (occurrences that are not annotated + 1) / (annotated ones + 1), as published


class OwnCounts(NamedTuple):
    """What one record adds to the counts over all training records.

    Attributes:
        meant: (name as names are compared, id or NIL) -> how often.
        matched: name -> how often it is a longest match.
        text: the record's text; equal lines of descriptions are ignored; None ignores nothing.
    """

    meant: Mapping[tuple[str, str], int]
    matched: Mapping[str, int]
    text: str | None


NOTHING_OWN = OwnCounts(Counter(), Counter(), None)


@dataclass
class Labels:
    """What the training records say of mentions and links.

    Attributes:
        names: types of mentions, sorted; `mention` for those without one.
        rates: for each, the share of all spans that it fills.
        overlapping: share of the mentions that share characters with another.
        length: 99 of 100 texts are no longer than this, in characters.
        nil_types: of mentions that are NIL, sorted.
        meant: name as names are compared -> id ("" for NIL) -> how often.
        matched: name of the base -> how often it is a longest match in the texts.
    """

    names: list[str] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    overlapping: float = 1.0
    length: int = LONGEST
    nil_types: list[str] = field(default_factory=list)
    meant: dict[str, Any] = field(default_factory=dict)
    matched: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, records: Iterable[Record]) -> Labels:
        """Count mentions and links of annotated records, in one pass; `matched` is for `Model.count_matches`."""
        types, meant, nil_types = Counter(), Counter(), set()
        texts, crossed = TextStatistics(), 0
        any_link = False
        for record in records:
            texts.add(record.text)
            placed = {(e.start, e.end, e.type or MENTION) for e in record.entities or () if e.start is not None}
            types.update(kind for *_, kind in placed)
            crossed += len(overlapping(placed))
            meant.update(meanings(record))
            nil_types.update(e.link.nil_type for e in record.entities or () if e.link is not None)
            any_link = any_link or has_links(record)
        if not types or not any_link:
            raise IEError("the training records hold no entities with offsets and a link; see `ie convert --list`")
        names = sorted(types)
        rates = [types[name] / texts.spans for name in names]
        return cls(
            names, rates, crossed / types.total(), texts.length, sorted(filter(None, nil_types)), _by_name(meant)
        )

    def meaning(self, name: str, own: OwnCounts = NOTHING_OWN) -> Counter[str]:
        """How often a name (as names are compared) means each id and NIL in other records."""
        known = self.meant.get(name, {})
        return Counter({i: max(0, count - own.meant.get((name, i), 0)) for i, count in known.items()})

    def mentioned(self, ident: str, own: OwnCounts = NOTHING_OWN) -> int:
        """How often an entity is meant in other records, under any name."""
        return max(0, self._mentioned[ident] - sum(n for (_, other), n in own.meant.items() if other == ident))

    @cached_property
    def _mentioned(self) -> Counter[str]:
        return _added(self.meant.values())

    def annotation_class(self, name: str, own: OwnCounts = NOTHING_OWN) -> int:
        """How often a name of the base is annotated where it occurs in other records: NEW to MOSTLY."""
        annotated = self.meaning(name, own).total()
        bare = max(0, self.matched.get(name, 0) - own.matched.get(name, 0) - annotated)
        if not annotated and not bare:
            return NEW
        if (bare + 1) / (annotated + 1) >= SELDOM_FROM:
            return SELDOM
        return SOMETIMES if bare > annotated else MOSTLY


def meanings(record: Record) -> Counter[tuple[str, str]]:
    """How often each name means each id in a record."""
    links = ((e.text, e.link.kb_id) for e in record.entities or () if e.link is not None)
    return Counter((key(name), NIL if ident is None else ident) for name, ident in links)


def _by_name(meant: Mapping[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (name, ident), count in sorted(meant.items()):
        found.setdefault(name, {})[ident] = count
    return found


def _added(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for some in counts:
        total.update(some)
    return total
