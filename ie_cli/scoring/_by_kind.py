"""The counts of a kind by its name, and predictions scored with them."""

from __future__ import annotations

from collections.abc import Iterable

from ie_cli.records import Record, pairs, placed
from ie_cli.registry import load
from ie_cli.scoring._counts import CountsBase
from ie_cli.scoring._joint import BETWEEN, JointCounts, JointScore
from ie_cli.scoring._score import Score


def counts_for(kind: str, rule: str | None = None) -> CountsBase | JointCounts:
    """Empty counts for the kind of a model; of several kinds ("ner+relations") each takes the rule its data ask for.

    Raises:
        IEError: there is no such kind or rule.
    """
    kinds = kind.split(BETWEEN)
    if len(kinds) > 1:
        return JointCounts([counts_for(one) for one in kinds])
    return load("ie_cli.scoring", kind).Counts(rule)


def score_all(counts: CountsBase | JointCounts, gold: Iterable[Record], pred: Iterable[Record]) -> Score | JointScore:
    """Score predictions against gold; the two are aligned as `ie eval` aligns files.

    Raises:
        IEError: a prediction belongs to no gold record, or its text is another one.
    """
    for wanted, found in pairs(placed(gold, "gold"), placed(pred, "predictions")):
        counts.add(wanted.record, None if found is None else found.record)
    return counts.score()
