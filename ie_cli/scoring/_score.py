"""Counts of matches, the rates that follow from them, and the signature that says what was measured."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import ie_cli


@dataclass(frozen=True, slots=True)
class Rates:
    """Precision, recall and F1 as fractions of one."""

    precision: float
    recall: float
    f1: float


@dataclass(slots=True)
class Tally:
    """How many items were predicted (`n_pred`), wanted (`n_gold`), and right (`tp`).

    A rule that gives partial credit counts in floats: it starts `tp` at 0.0. A rule under which one
    prediction may be right for several gold items (aliases) counts `found`, the gold items that were
    found, apart from `tp`: it starts `found` at 0. None: as many as `tp`.
    """

    tp: int | float = 0
    n_pred: int = 0
    n_gold: int = 0
    found: int | float | None = None

    def add_pred(self, hit: float = 0) -> None:
        """Count a prediction and its credit: 1 if it is right, 0 if it is wrong."""
        self.n_pred += 1
        self.tp += hit

    def add_gold(self, hit: float = 0) -> None:
        """Count a gold item; its credit matters only where it is counted apart."""
        self.n_gold += 1
        if self.found is not None:
            self.found += hit

    def __add__(self, other: Tally) -> Tally:
        apart = self.found is not None or other.found is not None
        found = self._found + other._found if apart else None
        return Tally(self.tp + other.tp, self.n_pred + other.n_pred, self.n_gold + other.n_gold, found)

    @property
    def _found(self) -> int | float:
        return self.tp if self.found is None else self.found

    def rates(self) -> Rates:
        """P = tp / n_pred, R = found / n_gold, F1 = 2 P R / (P + R), which is 2 tp / (n_pred + n_gold) if found = tp.

        A rate whose denominator is 0 is 0, as in seqeval and scikit-learn: nothing wanted and
        nothing predicted gives no credit.
        """
        precision, recall = _ratio(self.tp, self.n_pred), _ratio(self._found, self.n_gold)
        if self.found is None:
            return Rates(precision, recall, _ratio(2 * self.tp, self.n_pred + self.n_gold))
        return Rates(precision, recall, _ratio(2 * precision * recall, precision + recall))

    def to_json(self) -> dict[str, Any]:
        """Rates and counts; `found` only where it is counted apart."""
        data = asdict(self.rates()) | asdict(self)
        if self.found is None:
            del data["found"]
        return data


@dataclass(frozen=True, slots=True)
class GoldPred:
    """The same count for the gold and for the predictions."""

    gold: int = 0
    pred: int = 0


@dataclass(frozen=True)
class Score:
    """The outcome of one evaluation.

    Args:
        kind: the task kind, which is also the scorer's name.
        rule: what has to be equal for a match.
        data: short digest of the gold (texts and annotations), so that two scores can be compared.
        types: counts per type, by name; a type that only the predictions have is among them.
        parts: the same items split another way (flat and nested, for entities).
        items: what is counted, in the plural: entities, relations, events, arguments.
        records: gold records scored.
        missing: those of them that had no prediction; they count as empty predictions.
        unlabelled: gold records left out because nobody annotated them for this task.
        duplicates: items that repeat one of their record; each counts once.
        unplaced: items without offsets, which match by value.
        remarks: what else the reader of the figures should know, with a number: {"repeated texts": 3}.
        by_record: tp, n_pred, n_gold and found of every record in the order of the gold, end to end; what
            intervals and tests are computed from.
    """

    kind: str
    rule: str
    data: str
    types: dict[str, Tally]
    parts: dict[str, Tally]
    records: int
    items: str = "items"
    missing: int = 0
    unlabelled: int = 0
    duplicates: GoldPred = GoldPred()
    unplaced: GoldPred = GoldPred()
    remarks: dict[str, int] = field(default_factory=dict)
    by_record: array = field(default_factory=lambda: array("d"), compare=False, repr=False)

    @property
    def total(self) -> Tally:
        """Counts over all types."""
        return sum(self.types.values(), Tally())

    @property
    def micro(self) -> Rates:
        """Rates of the summed counts, types that only the predictions have included."""
        return self.total.rates()

    @property
    def macro(self) -> Rates:
        """Unweighted means over the types that occur in the gold, as CLUENER's leaderboard has it.

        F1 is the mean of the types' F1, not the F1 of the mean precision and recall. (seqeval
        averages over the types of gold and predictions together, which is lower where they differ.)
        """
        rates = [tally.rates() for tally in self.types.values() if tally.n_gold]
        return Rates(_mean(r.precision for r in rates), _mean(r.recall for r in rates), _mean(r.f1 for r in rates))

    @property
    def signature(self) -> str:
        """`sign` for micro F1, the figure that is meant where none is named."""
        return self.sign("micro")

    def sign(self, average: str) -> str:
        """What a figure needs beside it to be compared, in the manner of sacrebleu.

        Args:
            average: "micro" or "macro", whichever figure is quoted.
        """
        total = self.total
        fields = [self.kind, self.rule, average, f"records:{self.records}", f"gold:{total.n_gold}"]
        fields += [f"pred:{total.n_pred}", f"data:{self.data}", f"ie:{ie_cli.__version__}"]
        return "|".join(fields)

    def to_json(self, average: str = "micro") -> dict[str, Any]:
        """The score as a JSON object, signed for one average; rates are fractions of one."""
        return {
            "kind": self.kind,
            "micro": self.total.to_json(),
            "macro": asdict(self.macro),
            "types": {name: tally.to_json() for name, tally in self.types.items()},
            "parts": {name: tally.to_json() for name, tally in self.parts.items()},
            "records": self.records,
            "missing": self.missing,
            "unlabelled": self.unlabelled,
            "duplicates": asdict(self.duplicates),
            "unplaced": asdict(self.unplaced),
            "remarks": self.remarks,
            "signature": self.sign(average),
        }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return sum(values) / len(values) if values else 0.0
