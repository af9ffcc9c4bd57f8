"""A score and what stands beside it, as tables and as JSON; or those of several tasks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from ie_cli.analysis import bootstrap
from ie_cli.analysis.bootstrap import Interval, Resampling
from ie_cli.commands import _eval_scorer
from ie_cli.commands._eval_errors import ErrorTables
from ie_cli.commands._eval_threshold import ThresholdSearch
from ie_cli.commands._table import table
from ie_cli.registry import load
from ie_cli.scoring import Score


class Shown(NamedTuple):
    """How figures are shown: the average that the signature names, and whether there are figures per type."""

    average: str
    by_type: bool


@dataclass(frozen=True)
class ScoreReport:
    """A score with what stands beside it.

    Args:
        resampling: for the intervals; None: they are not wanted.
        extras: what else has tables.
    """

    score: Score
    shown: Shown
    resampling: Resampling | None = None
    extras: tuple[ErrorTables | ThresholdSearch, ...] = ()

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
        return "\n".join([*tables, *(extra.text(self.score) for extra in self.extras)]) + f"{self.signature}\n"

    def json(self) -> str:
        """The same as one JSON object."""
        data = score_json(self.score, self.shown) | {"signature": self.signature}
        if self.intervals is not None:
            data["interval"] = {name: interval._asdict() for name, interval in self.intervals.items()}
        for extra in self.extras:
            data |= extra.json(self.score)
        return json.dumps(data, ensure_ascii=False) + "\n"

    def notes(self) -> Iterator[str]:
        """What the reader of the figures should know, and where it is not visible in them."""
        yield from notes(self.score)
        for extra in self.extras:
            yield from extra.notes()


@dataclass(frozen=True)
class TaskReports:
    """The score of each task with what stands beside it, by part of the record: `ie eval --task all`.

    Attributes:
        left_out: part -> why it has no score.
    """

    reports: Mapping[str, ScoreReport]
    left_out: Mapping[str, str]

    @property
    def scores(self) -> Mapping[str, Score]:
        return {part: report.score for part, report in self.reports.items()}

    def text(self) -> str:
        """The tables and the signature of each, under its name."""
        return "\n".join(f"{part}\n{report.text()}" for part, report in self.reports.items())

    def json(self) -> str:
        """The same as one JSON object."""
        tasks = {part: json.loads(report.json()) for part, report in self.reports.items()}
        return json.dumps(tasks, ensure_ascii=False) + "\n"

    def notes(self) -> Iterator[str]:
        """What is to be known of each, and what has no score."""
        for part, report in self.reports.items():
            yield from (f"{part}: {note}" for note in report.notes())
        for part, why in self.left_out.items():
            yield f"{part} are not scored: {why}"


def score_json(score: Score, shown: Shown) -> dict:
    """A score for `--json`."""
    data = score.to_json(shown.average)
    if not shown.by_type:
        del data["types"]
    return data


def notes(score: Score) -> Iterator[str]:
    """What is to be known of one score."""
    part = load(_eval_scorer.SCORING, score.kind).Counts.part
    if score.unlabelled:
        yield f"gold records without '{part}', left out: {score.unlabelled}"
    for side in ("gold", "pred"):
        if repeats := getattr(score.duplicates, side):
            yield f"{side} {score.items} that repeat another of their record, counted once: {repeats}"
        if values := getattr(score.unplaced, side):
            yield f"{side} {score.items} without offsets, matched only with others without offsets: {values}"
    for what, number in score.remarks.items():
        yield f"{what}: {number}"
