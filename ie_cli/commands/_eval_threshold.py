"""The best threshold of predictions with scores, for `ie eval --find-threshold`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from ie_cli.analysis.threshold import USUAL, Point, Sweep, ThresholdCurve
from ie_cli.commands import _eval_scorer
from ie_cli.commands._eval_measure import ScorerChoice
from ie_cli.commands._table import RATES, grid, rate
from ie_cli.errors import IEError
from ie_cli.records import Record
from ie_cli.scoring import Score

LOWER = "`ie predict --threshold 0.05`"


class ThresholdSearch:
    """Watches the pairs of records and tells the threshold with the best micro F1."""

    def __init__(self):
        self._sweep: Sweep | None = None

    def begin(self, kind: str, choice: ScorerChoice) -> None:
        self._sweep = Sweep(_eval_scorer.counts(kind, choice.rule, choice.alias))

    def add(self, gold: Record, pred: Record | None) -> None:
        self._sweep.add(gold, pred)

    def text(self, score: Score) -> str:
        """The rates at 0.5 and at the best threshold."""
        curve = self._curve
        rows = [_row("usual", curve.at(USUAL)), _row("best", curve.best())]
        return grid(["threshold", "from", *RATES], rows)

    def json(self, score: Score) -> dict[str, Any]:
        """The same for `--json`, with the number of thresholds that were tried."""
        curve = self._curve
        points = {"usual": curve.at(USUAL)._asdict(), "best": curve.best()._asdict()}
        return {"threshold": points | {"tried": len(curve.scores)}}

    def notes(self) -> Iterator[str]:
        """What the search did not see."""
        lowest = self._curve.scores[-1]
        if lowest >= USUAL:
            yield f"no score is below {lowest:g}, so lower thresholds were not tried: predict with {LOWER}"
        if self._sweep.unscored:
            yield f"predictions without a score, counted at every threshold: {self._sweep.unscored}"

    @cached_property
    def _curve(self) -> ThresholdCurve:
        curve = self._sweep.curve()
        if curve is None:
            raise IEError(f"--find-threshold: no prediction has a score; {LOWER} writes them")
        return curve


def _row(name: str, point: Point) -> list[str]:
    return [name, f"{point.threshold:g}", *map(rate, point[1:])]
