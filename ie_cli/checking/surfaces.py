"""Surfaces (annotated strings) that are treated in several ways: other types, or left out elsewhere.

What is annotated in one text and left out in another is found in a second pass over the texts, by the
leftmost-longest surface that touches no entity and cuts no run of Latin letters or digits.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import marisa_trie

from ie_cli.checking.findings import EXAMPLES, Example, Finding, excerpt
from ie_cli.matching import inside_runs, leftmost_longest
from ie_cli.records import Entity, Placed

SHORTEST = 2  # characters of a surface that is looked for; single ones stand in other words all the time
Way = tuple[str, str]  # surface and type


class Left(NamedTuple):
    """How often a surface was left out, and where first."""

    count: int
    example: Example


class Surfaces:
    """Counts annotated strings by type, then those that stand unmarked; `add` all records before `second_pass`."""

    def __init__(self):
        self._types: dict[str, Counter[str]] = defaultdict(Counter)
        self._first: dict[Way, Example] = {}
        self._beside: dict[str, Left] = {}  # in a text where it is annotated, too
        self._left: dict[str, Left] = {}  # in any other
        self._trie: marisa_trie.Trie | None = None  # of the surfaces, once the second pass begins
        self._longest = 0

    def add(self, item: Placed) -> None:
        """First pass: what is annotated; a surface counts once for each place and type."""
        for start, end, kind in {(e.start, e.end, e.type or "") for e in _placed(item)}:
            surface = item.record.text[start:end]
            self._types[surface][kind] += 1
            if (surface, kind) not in self._first:
                shown = f"{kind or '(none)'}: {excerpt(item.record.text, start, end)}"
                self._first[surface, kind] = Example(item.place, shown)

    def second_pass(self, item: Placed) -> None:
        """Second pass: what is left out. A record whose entities nobody annotated says nothing."""
        if item.record.entities is None:
            return
        if self._trie is None:
            self._trie = marisa_trie.Trie(surface for surface in self._types if len(surface) >= SHORTEST)
            self._longest = max(map(len, self._types), default=0)
        text = item.record.text
        here = {entity.text for entity in _placed(item)}
        for start, end in self._unmarked(text, [(e.start, e.end) for e in _placed(item)]):
            surface, example = text[start:end], Example(item.place, f"left out: {excerpt(text, start, end)}")
            left = self._beside if surface in here else self._left
            count, first = left.get(surface, (0, example))
            left[surface] = Left(count + 1, first)

    def _unmarked(self, text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Places of surfaces in characters that no entity covers."""
        taken = {i for start, end in spans for i in range(start, end)}
        return leftmost_longest(self._longest_at_each(text, taken))

    def _longest_at_each(self, text: str, taken: set[int]) -> Iterator[tuple[int, int]]:
        """The longest surface that begins at each character and covers none that is taken, if there is one."""
        inside = inside_runs(text)
        for start in range(len(text)):
            found = self._trie.prefixes(text[start : start + self._longest]) if start not in inside else ()
            ends = [start + len(prefix) for prefix in found if start + len(prefix) not in inside]
            ends = [end for end in ends if taken.isdisjoint(range(start, end))]
            if ends:
                yield start, ends[-1]  # the longest comes last

    def findings(self) -> Iterator[Finding]:
        if several := [surface for surface, types in self._types.items() if len(types) > 1]:
            yield self._of_several_types(several)
        for kind, left, what, advice in (
            ("left_out_beside", self._beside, "in the same text",
             "annotate every place, unless only the first is wanted: a model that finds the others counts as wrong"),
            ("left_out", self._left, "in other texts only",
             "look whether they are meant (a string may be part of a word): annotate them, or the model learns to "
             "leave out the others"),
        ):  # fmt: skip
            if left:
                yield self._left_out(kind, f"places left out of strings that are annotated {what}", advice, left)

    def _of_several_types(self, several: list[str]) -> Finding:
        rarer = {s: self._types[s].total() - max(self._types[s].values()) for s in several}
        worst = sorted(several, key=lambda s: (-rarer[s], s))[:EXAMPLES]
        mentions = sum(rarer.values())
        what = f"strings of several types ({mentions} mentions are not of their string's usual type)"
        advice = "look at the pairs: where the text does not decide the type, the annotators disagree"
        examples = [self._types_of(surface) for surface in worst]
        return Finding("several_types", what, len(several), len(self._types), advice, examples)

    def _types_of(self, surface: str) -> Example:
        """The counts of each type, with a place of the rarest."""
        counts = self._types[surface].most_common()
        told = ", ".join(f"{n} × {kind or '(none)'}" for kind, n in counts)
        place, shown = self._first[surface, counts[-1][0]]
        return Example(place, f"{surface} is {told}; here {shown}")

    def _left_out(self, kind: str, what: str, advice: str, left: dict[str, Left]) -> Finding:
        """Places left out, of these and all that are annotated; first the strings that are often both."""
        missed = sum(count for count, _ in left.values())
        total = missed + sum(types.total() for surface, types in self._types.items() if len(surface) >= SHORTEST)
        worst = sorted(left, key=lambda s: (-min(left[s].count, self._types[s].total()), s))[:EXAMPLES]
        examples = [self._contrast(surface, *left[surface]) for surface in worst]
        return Finding(kind, f"{what} ({len(left)} strings)", missed, total, advice, examples)

    def _contrast(self, surface: str, count: int, first: Example) -> Example:
        told = f"{surface} is annotated {self._types[surface].total()} ×, left out {count} ×"
        return Example(first.place, f"{told}; here {first.shown}")


def _placed(item: Placed) -> list[Entity]:
    return [entity for entity in item.record.entities or () if entity.start is not None]
