"""Whether one system is better than another on the same gold: the difference, its interval, and p.

The interval is a paired bootstrap (Koehn 2004, aclanthology.org/W04-3250): both systems are scored on the same
resampled records. The p-value is that of approximate randomization (Noreen 1989; for F1 of extraction Yeh 2000,
aclanthology.org/C00-2137): if the systems were alike, swapping their outputs of a record would change nothing; p is
the share of random swaps whose difference is at least as large as the one seen, either way, the seen one counted in.
That is why p is never below 1 / (samples + 1).
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from ie_cli.analysis import bootstrap
from ie_cli.analysis.bootstrap import COUNTS, LEVEL, RATES, Resampling, counts, kinds, rates
from ie_cli.scoring import Score

_ROUNDING = 1e-12  # differences that are equal in exact arithmetic


class Difference(NamedTuple):
    """A rate of b less that of a, the interval of this difference, and p."""

    value: float
    low: float
    high: float
    p: float


def compare(a: Score, b: Score, settings: Resampling) -> dict[str, Difference]:
    """b − a of the micro rates, by their names in `RATES`; both scores are of the same gold and rule.

    Raises:
        ValueError: they are not.
    """
    if (a.kind, _rule(a), a.data, a.records) != (b.kind, _rule(b), b.data, b.records):
        raise ValueError(f"not comparable: {a.signature} and {b.signature}")
    rows = np.hstack([counts(a), counts(b)])
    found = bootstrap.percentiles(_differences(rows, settings))
    values, p = difference(rows.sum(axis=0)), randomization(rows, settings)
    return {name: Difference(float(values[i]), *found[name], float(p[i])) for i, name in enumerate(RATES)}


def _rule(score: Score) -> str:
    """The rule without the mark of values: one system may predict strings without a place and the other none."""
    return re.sub(r"\+value\([^)]*\)", "", score.rule)


def sign(settings: Resampling) -> str:
    """What a reader needs to repeat a comparison."""
    return f"interval:paired bootstrap(percentile,{LEVEL:.0%})|p:approximate randomization(two-sided)|{settings}"


def difference(sums: np.ndarray) -> np.ndarray:
    """Rates of b less those of a, from the counts of a and b side by side: [..., 8] to [..., 3]."""
    return rates(sums[..., COUNTS:]) - rates(sums[..., :COUNTS])


def _differences(rows: np.ndarray, settings: Resampling) -> np.ndarray:
    """The differences of resampled records, [samples, 3]."""
    return np.concatenate([difference(sums) for sums in bootstrap.totals(rows, settings)])


def randomization(rows: np.ndarray, settings: Resampling) -> np.ndarray:
    """p of the three differences, from the counts of a and b side by side, [records, 8].

    Of the records with the same counts a binomial number is swapped, which is the same as a coin for each.
    """
    whole = rows.sum(axis=0)
    seen = np.abs(difference(whole)) - _ROUNDING
    different, repeats = kinds(rows)
    gain = np.hstack([different[:, COUNTS:] - different[:, :COUNTS], different[:, :COUNTS] - different[:, COUNTS:]])
    coins, hits = np.random.default_rng(settings.seed), np.zeros(len(RATES))
    for some in bootstrap.portions(settings.samples, len(different)):
        swapped = coins.binomial(repeats, 0.5, size=(some, len(different)))
        hits += (np.abs(difference(whole + swapped @ gain)) >= seen).sum(axis=0)
    return (hits + 1) / (settings.samples + 1)
