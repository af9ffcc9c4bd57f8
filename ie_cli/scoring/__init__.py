"""Scorers, one task kind a file: records in, a `Score` out; nothing here prints or loads torch.

A scorer module has
    RULES                              name -> one line that says when an item is right
    Counts(rule=None)                  add(gold, pred) for each pair of records, then score()
A rule of None is picked from the data. `CountsBase` holds what the kinds share; its class attribute
`part` is the part of a record that is scored, which is also the task's name for people.
`counts_for` makes the counts of a kind by its name, `score_all` runs two aligned files through them:
    score_all(counts_for("ner"), gold, pred)
Gold is scored whole: what a model cannot read (beyond its longest window) still counts as missed.
"""

from __future__ import annotations

from ie_cli.scoring._by_kind import counts_for, score_all
from ie_cli.scoring._counts import CountsBase
from ie_cli.scoring._joint import BETWEEN, JointCounts, JointScore
from ie_cli.scoring._score import GoldPred, Rates, Score, Tally

__all__ = [
    "BETWEEN", "CountsBase", "GoldPred", "JointCounts", "JointScore", "Rates", "Score", "Tally", "counts_for",
    "score_all",
]  # fmt: skip
