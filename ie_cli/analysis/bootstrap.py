"""How far micro P, R and F1 would move with other records: percentile bootstrap over records.

Source: Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13. As many records as there are, drawn
with replacement, are scored again, many times; the middle 95 % of the figures is the interval. A record is the unit
because the items of one text are right or wrong together.

Records that add the same counts cannot be told apart in the sum: how often each such kind is drawn is multinomial.
That is the same distribution as drawing record by record, without its cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ie_cli.scoring import Score

RATES = ("precision", "recall", "f1")
LEVEL = 0.95
COUNTS = 4  # tp, n_pred, n_gold, found: the numbers of `Score.by_record`
_AT_ONCE = 1 << 22  # numbers in memory


class Resampling(NamedTuple):
    """How often and from which seed."""

    samples: int = 10_000
    seed: int = 1

    def __str__(self) -> str:
        return f"samples:{self.samples},seed:{self.seed},unit:record"


class Interval(NamedTuple):
    """Where the middle 95 % of the samples are."""

    low: float
    high: float


def intervals(score: Score, settings: Resampling) -> dict[str, Interval]:
    """The intervals of the micro rates, by their names in `RATES`."""
    sums = np.concatenate(list(totals(counts(score), settings)))
    return percentiles(rates(sums))


def sign(settings: Resampling) -> str:
    """What a reader needs to repeat an interval."""
    return f"interval:bootstrap(percentile,{LEVEL:.0%},{settings})"


def counts(score: Score) -> np.ndarray:
    """What each record adds, [records, 4]."""
    return np.frombuffer(score.by_record).reshape(-1, COUNTS)


def kinds(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different rows, [kinds, columns], and how many there are of each."""
    return np.unique(rows, axis=0, return_counts=True)


def totals(rows: np.ndarray, settings: Resampling) -> Iterator[np.ndarray]:
    """Column sums of resampled rows, [some samples, columns] at a time, `settings.samples` in all."""
    different, repeats = kinds(rows)
    drawn = np.random.default_rng(settings.seed)
    for some in portions(settings.samples, len(different)):
        yield drawn.multinomial(len(rows), repeats / len(rows), size=some) @ different


def portions(samples: int, width: int) -> Iterator[int]:
    """How many samples to take at once, so that little memory is used for samples of this many numbers."""
    most = max(1, _AT_ONCE // max(width, 1))
    for start in range(0, samples, most):
        yield min(most, samples - start)


def rates(sums: np.ndarray) -> np.ndarray:
    """P, R and F1 of counts, [..., 4] to [..., 3]; 0 where there is nothing to divide by, as `Tally.rates` has it."""
    tp, n_pred, n_gold, found = np.moveaxis(sums, -1, 0)
    precision, recall = _ratio(tp, n_pred), _ratio(found, n_gold)
    return np.stack([precision, recall, _ratio(2 * precision * recall, precision + recall)], axis=-1)


def percentiles(samples: np.ndarray) -> dict[str, Interval]:
    """The interval of each rate over samples [samples, 3]."""
    beyond = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(samples, [beyond, 100 - beyond], axis=0)
    return {name: Interval(float(a), float(b)) for name, a, b in zip(RATES, low, high, strict=True)}


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros_like(part, dtype=float), where=whole > 0)
