"""The threshold that gives the best F1, from predictions with scores: every threshold in one sweep.

A prediction whose score is at least the threshold counts. Each record is scored once for each of its different
scores, by the scorer itself, so the sweep is exact for every rule, also where predictions are matched with each
other. What the scores of a record change in the counts is then summed up from the highest score to the lowest.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ie_cli.analysis.bootstrap import counts, rates
from ie_cli.records import Record
from ie_cli.scoring import CountsBase

USUAL = 0.5


class Point(NamedTuple):
    """A threshold and the micro rates of the predictions that reach it."""

    threshold: float
    precision: float
    recall: float
    f1: float


class ThresholdCurve:
    """Micro rates at every threshold.

    Args:
        scores: different scores, the highest first, [n].
        sums: counts of what has at least this score, [n, 4].
        rest: counts where nothing has a score that is high enough, [4].
    """

    def __init__(self, scores: np.ndarray, sums: np.ndarray, rest: np.ndarray):
        self.scores, self._sums, self._rest = scores, sums, rest
        self.rates = rates(sums)

    def at(self, threshold: float) -> Point:
        """The rates at a threshold."""
        reached = int(np.searchsorted(-self.scores, -threshold, side="right"))
        sums = self._sums[reached - 1] if reached else self._rest
        return Point(threshold, *map(float, rates(sums)))

    def best(self) -> Point:
        """The best F1: at 0.5 if nothing is better, else at a short number between two scores, on a draw near 0.5."""
        f1, usual = self.rates[:, 2], self.at(USUAL)
        least = f1.max() - 1e-12
        if usual.f1 >= least:
            return usual
        tied = np.flatnonzero(f1 >= least)
        i = int(tied[np.argmin(np.abs(self.scores[tied] - USUAL))])
        below = float(self.scores[i + 1]) if i + 1 < len(self.scores) else 0.0
        return self.at(between(below, float(self.scores[i])))


class Sweep:
    """Collects predictions with scores.

    Args:
        counts: empty ones of the kind and rule that is measured.

    Attributes:
        unscored: predictions without a score; they count at every threshold.
    """

    def __init__(self, counts: CountsBase):
        self._counts = counts
        self._scores: list[float] = []  # of each time that a record was scored; the first has no score
        self.unscored = 0

    def add(self, gold: Record, pred: Record | None) -> None:
        """Score a record at each of its thresholds."""
        part = "entities" if self._counts.part == "links" else self._counts.part
        items = [] if pred is None else getattr(pred, part) or []
        score = SCORES.get(self._counts.part, _own)
        scores = [score(item) for item in items]
        self.unscored += scores.count(None)
        for least in (math.inf, *sorted({s for s in scores if s is not None}, reverse=True)):
            kept = [item for item, s in zip(items, scores, strict=True) if s is None or s >= least]
            if self._counts.add(gold, None if pred is None else replace(pred, **{part: kept})):
                self._scores.append(least)

    def curve(self) -> ThresholdCurve | None:
        """The curve; None if no prediction has a score."""
        scores, rows = np.array(self._scores), counts(self._counts.score())
        first = np.isinf(scores)
        if first.all():
            return None
        changes = (rows - np.roll(rows, 1, axis=0))[~first]
        order = np.argsort(-scores[~first], kind="stable")
        ordered, sums = scores[~first][order], rows[first].sum(axis=0) + np.cumsum(changes[order], axis=0)
        last = np.append(ordered[1:] != ordered[:-1], True)  # of equal scores
        return ThresholdCurve(ordered[last], sums[last], rows[first].sum(axis=0))


def between(low: float, high: float) -> float:
    """The number with the fewest decimals above `low` and below `high`; `high` itself if none has at most six."""
    for digits in range(1, 7):
        shorter = (math.ceil(high * 10**digits) - 1) / 10**digits
        if low < shorter < high:
            return shorter
    return high


def _own(item: Any) -> float | None:
    return item.score


def _of_link(entity: Any) -> float | None:
    return entity.score if entity.link is None or entity.link.score is None else entity.link.score


SCORES: dict[str, Callable[[Any], float | None]] = {"links": _of_link}  # where it is not the item's own score
