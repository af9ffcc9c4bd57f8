"""The scores of several tasks, one after the other: `ie eval --task all`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ie_cli.commands._one import Told
    from ie_cli.scoring._score import Score


@dataclass(frozen=True)
class Each:
    """What is told of each task, by part of the record.

    Attributes:
        left_out: part -> why it has no score.
    """

    told: Mapping[str, Told]
    left_out: Mapping[str, str]

    @property
    def scores(self) -> Mapping[str, Score]:
        return {part: one.score for part, one in self.told.items()}

    def text(self) -> str:
        """The tables and the signature of each, under its name."""
        return "\n".join(f"{part}\n{one.text()}" for part, one in self.told.items())

    def json(self) -> str:
        """The same as one JSON object."""
        return json.dumps({part: json.loads(one.json()) for part, one in self.told.items()}, ensure_ascii=False) + "\n"

    def notes(self) -> Iterator[str]:
        """What is to be known of each, and what has no score."""
        for part, one in self.told.items():
            yield from (f"{part}: {note}" for note in one.notes())
        for part, why in self.left_out.items():
            yield f"{part} are not scored: {why}"
