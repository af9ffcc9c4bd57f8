"""Scorers of several kinds behind the interface of one, for models and files that have several parts of a record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from types import ModuleType
from typing import Any

from ie_cli.records import Record
from ie_cli.registry import load
from ie_cli.scoring._counts import score_all
from ie_cli.scoring._score import Rates, Score, Tally

BETWEEN = "+"  # the kinds of a model, as in "ner+relations"


@dataclass(frozen=True)
class Several:
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
        return Rates(*(fmean(getattr(one, name) for one in rates) for name in ("precision", "recall", "f1")))

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


class Joint:
    """Scores several kinds in one pass, by the rule that each picks from the data.

    Args:
        kinds: names of scorers.
    """

    def __init__(self, kinds: Sequence[str]):
        self.kinds = kinds

    def score(self, gold: Iterable[Record], pred: Iterable[Record]) -> Several:
        """Score predictions against gold; see `score_all`."""
        return score_all(JointCounts(self.kinds), gold, pred)


class JointCounts:
    """The counts of several kinds, as `CountsBase` is of one."""

    def __init__(self, kinds: Sequence[str]):
        self.kind = BETWEEN.join(kinds)
        made = [load("ie_cli.scoring", kind).Counts() for kind in kinds]
        self.counts = {counts.part: counts for counts in made}

    @property
    def part(self) -> str:
        return " or ".join(self.counts)

    def add(self, gold: Record, pred: Record | None) -> bool:
        """Count one record in each kind that the gold is annotated for; whether there is any."""
        counted = [counts.add(gold, pred) for counts in self.counts.values()]
        return any(counted)

    def score(self) -> Several:
        """The scores of what was added so far."""
        reasons = {part: _reason(counts) for part, counts in self.counts.items()}
        scores = {part: counts.score() for part, counts in self.counts.items() if not reasons[part]}
        return Several(self.kind, scores, {part: why for part, why in reasons.items() if why})


def _reason(counts: Any) -> str | None:
    """Why a kind cannot be scored."""
    if not counts.records:
        return "no gold record is annotated for them"
    return "no prediction has them" if counts.missing == counts.records else None


def scorer(kind: str) -> ModuleType | Joint:
    """The scorer of a model's kind, which may be several."""
    kinds = kind.split(BETWEEN)
    return load("ie_cli.scoring", kind) if len(kinds) == 1 else Joint(kinds)
