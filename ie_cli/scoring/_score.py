"""Counts of matches, the rates that follow from them, and the signature that says what was measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
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
    """How many items were found (`n_pred`), wanted (`n_gold`), and both (`tp`)."""

    tp: int = 0
    n_pred: int = 0
    n_gold: int = 0

    def rates(self) -> Rates:
        """P = tp / n_pred, R = tp / n_gold, F1 = 2 tp / (n_pred + n_gold).

        A rate whose denominator is 0 is 0, as in seqeval and scikit-learn: nothing wanted and
        nothing found gives no credit.
        """
        return Rates(
            _ratio(self.tp, self.n_pred), _ratio(self.tp, self.n_gold), _ratio(2 * self.tp, self.n_pred + self.n_gold)
        )


@dataclass(frozen=True, slots=True)
class Sides:
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
        records: gold records scored.
        missing: those of them that had no prediction; they count as empty predictions.
        unlabelled: gold records left out because nobody annotated them for this task.
        duplicates: items that repeat one of their record; each counts once.
        unplaced: items without offsets, which match by value.
    """

    kind: str
    rule: str
    data: str
    types: dict[str, Tally]
    parts: dict[str, Tally]
    records: int
    missing: int = 0
    unlabelled: int = 0
    duplicates: Sides = Sides()
    unplaced: Sides = Sides()

    @property
    def total(self) -> Tally:
        """Counts over all types."""
        tallies = self.types.values()
        return Tally(sum(t.tp for t in tallies), sum(t.n_pred for t in tallies), sum(t.n_gold for t in tallies))

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
            "micro": _tally_json(self.total),
            "macro": asdict(self.macro),
            "types": {name: _tally_json(tally) for name, tally in self.types.items()},
            "parts": {name: _tally_json(tally) for name, tally in self.parts.items()},
            "records": self.records,
            "missing": self.missing,
            "unlabelled": self.unlabelled,
            "duplicates": asdict(self.duplicates),
            "unplaced": asdict(self.unplaced),
            "signature": self.sign(average),
        }


def _tally_json(tally: Tally) -> dict[str, Any]:
    return asdict(tally.rates()) | asdict(tally)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return sum(values) / len(values) if values else 0.0
