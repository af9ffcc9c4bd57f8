"""One file of predictions, or what a model predicts, scored: `ie eval GOLD PRED`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ie_cli.analysis.bootstrap import Resampling
from ie_cli.commands import _eval_page
from ie_cli.commands._eval_errors import ErrorTables
from ie_cli.commands._eval_measure import ScorerChoice, Sources, measure
from ie_cli.commands._eval_report import ScoreReport, Shown, TaskReports
from ie_cli.commands._eval_threshold import ThresholdSearch
from ie_cli.errors import Report
from ie_cli.scoring import JointScore


class Extras(NamedTuple):
    """What is wanted beside the score."""

    interval: bool
    errors: bool
    threshold: bool
    page: Path | None


def evaluate(
    sources: Sources, choice: ScorerChoice, shown: Shown, extras: Extras, settings: Resampling, report: Report
) -> ScoreReport | TaskReports:
    """Score one file of predictions, or what a model predicts; the page is written if it is wanted.

    Raises:
        IEError: as `measure` has it, or what is wanted cannot be had of these records.
    """
    keep = _eval_page.KEPT if extras.page else 0
    errors = ErrorTables(sources.train, report, keep=keep) if extras.errors or extras.page else None
    threshold = ThresholdSearch() if extras.threshold else None
    listeners = [listener for listener in (errors, threshold) if listener is not None]
    score = measure(sources, choice, report, listeners)
    if isinstance(score, JointScore):
        resampling = settings if extras.interval else None
        reports = {part: ScoreReport(of_part, shown, resampling) for part, of_part in score.scores.items()}
        return TaskReports(reports, score.left_out)
    tables = tuple(listener for listener in listeners if listener is not errors or extras.errors)
    scored = ScoreReport(score, shown, settings if extras.interval or extras.page else None, tables)
    if extras.page:
        _eval_page.write(extras.page, scored, errors.of(score), sources)
    return scored
