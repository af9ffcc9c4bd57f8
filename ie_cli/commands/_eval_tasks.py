"""The scores of several tasks, one after the other: `ie eval --task all`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ie_cli.commands._eval_score import ScoreReport
    from ie_cli.scoring import Score


@dataclass(frozen=True)
class TaskReports:
    """The score of each task with what stands beside it, by part of the record.

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
