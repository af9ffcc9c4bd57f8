"""What kinds of error a score is made of, and where they are.

Every gold item and every prediction is in one case. First the right ones are paired off, then, one class after the
other, gold and predictions that are close, the closest first, each at most once; what is left is `missed` (gold) or
`spurious` (predicted). The classes are those of MUC-5 (Chinchor & Sundheim 1993, aclanthology.org/M93-1007: correct,
incorrect, missing, spurious) with the incorrect ones told apart:

entities   wrong type       the same span, another type
           wrong boundary   the same type, spans that overlap
           wrong both       spans that overlap, another type
relations  wrong slots      the same predicate, subject and object
           wrong predicate  the same subject and object
           wrong object     the same predicate and subject
           wrong subject    the same predicate and object
events     of arguments, by their places (their strings where they have none), whatever the rule of the score:
           wrong role       the same event type and span
           wrong event type the same span, another event type
           wrong boundary   the same event type and role, spans that overlap
links      of all links, NIL as an id, whatever the rule of the score:
           wrong id         the same span, another id
           wrong boundary   the same id, spans that overlap

A pair is one error and two wrong items: gold = right + missed + pairs, predictions = right + spurious + pairs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from ie_cli.analysis import _kinds, _splits
from ie_cli.analysis._kinds import Kind
from ie_cli.analysis._splits import TrainingSurfaces
from ie_cli.analysis.cases import MISSED, RIGHT, SPURIOUS, Case, cases
from ie_cli.analysis.items import Item
from ie_cli.errors import IEError
from ie_cli.records import Record
from ie_cli.scoring import Score, Tally

EXAMPLES = 3  # of each class
Splits = dict[str, dict[str, Tally]]


class AnalysedRecord(NamedTuple):
    """A record with its cases."""

    record: Record
    cases: list[Case]

    @property
    def wrong(self) -> bool:
        return any(case.name != RIGHT for case in self.cases)


class Errors:
    """Cases of one kind of item, counted.

    Args:
        kind: what an item is.
        surfaces: the strings of the training data; None: nothing is said about them.
        keep: how many records with an error to keep in `kept`, and a quarter as many of those without.

    Attributes:
        counts: cases by their class.
        confusion: cases by the types of gold and prediction; None where there is none.
        splits: the same items by length, nesting and so on.
        examples: the first records of each class, each with its one case.
    """

    def __init__(self, kind: Kind, surfaces: TrainingSurfaces | None = None, *, keep: int = 0):
        self.kind = kind
        self.counts: Counter[str] = Counter(dict.fromkeys((RIGHT, MISSED, SPURIOUS, *kind.near), 0))
        self.confusion: Counter[tuple[str | None, str | None]] = Counter()
        self.splits: Splits = defaultdict(lambda: defaultdict(Tally))
        self.examples: dict[str, list[AnalysedRecord]] = defaultdict(list)
        self.kept: dict[bool, list[AnalysedRecord]] = {True: [], False: []}
        self._most = {True: keep, False: keep // 4}
        self._surfaces = surfaces

    def add(self, gold: Record, pred: Record | None) -> None:
        """Count the cases of a record."""
        found = [] if pred is None else self.kind.items(pred)
        seen = AnalysedRecord(gold, cases(self.kind.items(gold), found, self.kind.near))
        for case in seen.cases:
            self.counts[case.name] += 1
            self.confusion[_type(case.gold), _type(case.pred)] += 1
            if case.name != RIGHT and len(self.examples[case.name]) < EXAMPLES:
                self.examples[case.name].append(AnalysedRecord(gold, [case]))
        _splits.enter(seen.cases, self.kind.names, self._surfaces, self.splits)
        if seen.cases and len(self.kept[seen.wrong]) < self._most[seen.wrong]:
            self.kept[seen.wrong].append(seen)

    @property
    def n_gold(self) -> int:
        """Gold items: all cases but the spurious ones."""
        return self.counts.total() - self.counts[SPURIOUS]

    @property
    def n_pred(self) -> int:
        """Predicted items: all cases but the missed ones."""
        return self.counts.total() - self.counts[MISSED]

    def ordered(self, split: str) -> list[tuple[str, Tally]]:
        """The groups of a split in the order of a table."""
        return [(name, self.splits[split][name]) for name in _splits.ordered(split, self.splits[split])]

    def confused(self) -> list[tuple[tuple[str | None, str | None], int]]:
        """The confusion, the most frequent first."""
        return sorted(self.confusion.items(), key=lambda item: (-item[1], tuple(map(str, item[0]))))

    def to_json(self) -> dict[str, Any]:
        """Counts, confusion (a list of gold type, predicted type, number) and splits."""
        return {
            "rule": self.kind.rule,
            "counts": dict(self.counts),
            "confusion": [[*types, n] for types, n in self.confused()],
            "splits": {split: {name: tally.to_json() for name, tally in self.ordered(split)} for split in self.splits},
        }


def empty_analyses(
    scorer: str, rule: str | None, train: Iterable[Record] | None = None, *, keep: int = 0
) -> list[Errors]:
    """Empty analyses for a scorer, one for each rule that its gold may ask for; `analysis_for` picks one.

    Args:
        train: records whose strings count as seen; None: nothing is said about it.

    Raises:
        IEError: the training records have no such items.
    """
    kinds = _kinds.item_kinds(scorer, rule)
    surfaces = None if train is None else TrainingSurfaces(item for record in train for item in kinds[0].items(record))
    if surfaces is not None and not surfaces:
        raise IEError(f"the training records have no {kinds[0].names[0]}; leave --train out, or name annotated ones")
    return [Errors(kind, surfaces, keep=keep) for kind in kinds]


def analysis_for(score: Score, analyses: list[Errors]) -> Errors:
    """The analysis for the rule that the score was made by."""
    return next((one for one in analyses if score.rule.startswith(one.kind.rule)), analyses[0])


def _type(item: Item | None) -> str | None:
    return None if item is None else item.type
