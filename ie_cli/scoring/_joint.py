"""Scores of several kinds behind the interface of one, for models and files that have several parts of a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import fsum
from typing import Any

from ie_cli.records import Record
from ie_cli.scoring._counts import CountsBase
from ie_cli.scoring._score import Rates, Score, Tally

BETWEEN = "+"  # the kinds of a model, as in "ner+relations"


@dataclass(frozen=True)
class JointScore:
    """The scores of several kinds.

    Attributes:
        kind: the kinds as they were asked for.
        scores: by part of the record; those of which the gold has any annotation and the predictions have the part.
        left_out: part -> why it has no score.
    """

    kind: str
    scores: dict[str, Score]
    left_out: dict[str, str]
    items: str = "items"

    @property
    def total(self) -> Tally:
        """Counts over all kinds."""
        return sum((score.total for score in self.scores.values()), Tally())

    @property
    def micro(self) -> Rates:
        """Unweighted means of the kinds' micro rates: no kind counts more because it has more items; 0 of none."""
        rates = [score.micro for score in self.scores.values()] or [Rates(0.0, 0.0, 0.0)]
        return Rates(*(_mean([getattr(one, name) for one in rates]) for name in ("precision", "recall", "f1")))

    @property
    def signature(self) -> str:
        """What was averaged, and the signature of each."""
        signed = [score.signature for score in self.scores.values()]
        return "; ".join([f"mean of micro F1 over {len(signed)} kinds", *signed])

    def to_json(self) -> dict[str, Any]:
        """The means, and the score of each kind."""
        return {
            "kind": self.kind,
            "micro": asdict(self.micro),
            "scores": {part: score.to_json() for part, score in self.scores.items()},
            "left_out": self.left_out,
            "signature": self.signature,
        }


class JointCounts:
    """The counts of several kinds in one pass, as `CountsBase` is of one; each by the rule it picks from the data.

    Args:
        counts: empty ones, one of each kind.
    """

    def __init__(self, counts: Sequence[CountsBase]):
        self.kind = BETWEEN.join(one.kind for one in counts)
        self.counts = {one.part: one for one in counts}

    @property
    def part(self) -> str:
        return " or ".join(self.counts)

    def add(self, gold: Record, pred: Record | None) -> bool:
        """Count one record in each kind that the gold is annotated for; whether there is any."""
        counted = [counts.add(gold, pred) for counts in self.counts.values()]
        return any(counted)

    def score(self) -> JointScore:
        """The scores of what was added so far."""
        reasons = {part: _reason(counts) for part, counts in self.counts.items()}
        scores = {part: counts.score() for part, counts in self.counts.items() if not reasons[part]}
        return JointScore(self.kind, scores, {part: why for part, why in reasons.items() if why})


def _reason(counts: CountsBase) -> str | None:
    """Why a kind cannot be scored."""
    if not counts.records:
        return "no gold record is annotated for them"
    return "no prediction has them" if counts.missing == counts.records else None


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)
