"""One score and what stands beside it: `ie eval GOLD PRED`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from ie_cli.analysis import bootstrap
from ie_cli.analysis.bootstrap import Interval, Resampling
from ie_cli.commands import _page, _scorer
from ie_cli.commands._each import Each
from ie_cli.commands._errors import ErrorTables
from ie_cli.commands._measure import Choice, measure
from ie_cli.commands._table import table
from ie_cli.commands._threshold import ThresholdSearch
from ie_cli.errors import Report
from ie_cli.registry import load
from ie_cli.scoring._score import Score
from ie_cli.scoring._several import Several


class Sources(NamedTuple):
    """Where the records are from: gold, predictions or a model that makes them, and the training data."""

    gold: str
    pred: str
    model: str | None
    train: str | None


class Shown(NamedTuple):
    """How figures are shown: the average that the signature names, and whether there are figures per type."""

    average: str
    by_type: bool


class Wanted(NamedTuple):
    """What is wanted beside the score."""

    interval: bool
    errors: bool
    threshold: bool
    page: Path | None


@dataclass(frozen=True)
class Told:
    """A score with what is told beside it.

    Args:
        resampling: for the intervals; None: they are not wanted.
        beside: what else has tables.
    """

    score: Score
    shown: Shown
    resampling: Resampling | None = None
    beside: tuple[ErrorTables | ThresholdSearch, ...] = ()

    @property
    def scores(self) -> Mapping[str, Score]:
        return {"": self.score}

    @cached_property
    def intervals(self) -> Mapping[str, Interval] | None:
        """The intervals of the micro rates."""
        return None if self.resampling is None else bootstrap.intervals(self.score, self.resampling)

    @property
    def signature(self) -> str:
        """The signature of the score, with what the intervals were made by."""
        more = "" if self.resampling is None else f"|{bootstrap.sign(self.resampling)}"
        return self.score.sign(self.shown.average) + more

    def text(self) -> str:
        """The tables, and the signature as the last line."""
        tables = [table(self.score, by_type=self.shown.by_type, intervals=self.intervals)]
        return "\n".join([*tables, *(one.text(self.score) for one in self.beside)]) + f"{self.signature}\n"

    def json(self) -> str:
        """The same as one JSON object."""
        data = score_json(self.score, self.shown) | {"signature": self.signature}
        if self.intervals is not None:
            data["interval"] = {name: one._asdict() for name, one in self.intervals.items()}
        for one in self.beside:
            data |= one.json(self.score)
        return json.dumps(data, ensure_ascii=False) + "\n"

    def notes(self) -> Iterator[str]:
        """What the reader of the figures should know, and where it is not visible in them."""
        yield from notes(self.score)
        for one in self.beside:
            yield from one.notes()


def evaluate(
    sources: Sources, choice: Choice, shown: Shown, wanted: Wanted, settings: Resampling, report: Report
) -> Told | Each:
    """Score one file of predictions, or what a model predicts; a page that is wanted is written.

    Raises:
        IEError: as `measure` has it, or what is wanted cannot be had of these records.
    """
    keep = _page.KEPT if wanted.page else 0
    errors = ErrorTables(sources.train, report, keep=keep) if wanted.errors or wanted.page else None
    threshold = ThresholdSearch() if wanted.threshold else None
    watchers = [one for one in (errors, threshold) if one is not None]
    score = measure(sources.gold, sources.pred, sources.model, choice, report, watchers)
    if isinstance(score, Several):
        resampling = settings if wanted.interval else None
        return Each({part: Told(one, shown, resampling) for part, one in score.scores.items()}, score.left_out)
    beside = tuple(one for one in watchers if one is not errors or wanted.errors)
    told = Told(score, shown, settings if wanted.interval or wanted.page else None, beside)
    if wanted.page:
        _page.write(wanted.page, told, errors.of(score), sources)
    return told


def score_json(score: Score, shown: Shown) -> dict:
    """A score for `--json`."""
    data = score.to_json(shown.average)
    if not shown.by_type:
        del data["types"]
    return data


def notes(score: Score) -> Iterator[str]:
    """What is to be known of one score."""
    part = load(_scorer.SCORING, score.kind).Counts.part
    if score.unlabelled:
        yield f"gold records without '{part}', left out: {score.unlabelled}"
    for side in ("gold", "pred"):
        if repeats := getattr(score.duplicates, side):
            yield f"{side} {score.items} that repeat another of their record, counted once: {repeats}"
        if values := getattr(score.unplaced, side):
            yield f"{side} {score.items} without offsets, matched only with others without offsets: {values}"
    for what, number in score.remarks.items():
        yield f"{what}: {number}"
