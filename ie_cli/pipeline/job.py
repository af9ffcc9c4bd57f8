"""What is to be done with lines and what came of it: what goes from process to process. No torch here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ie_cli.pipeline.lines import Line


@dataclass(frozen=True)
class Job:
    """What is to be done with every line; small, so that it can go to other processes.

    Attributes:
        model: folder, or name of a shipped model.
        text: lines are plain texts, not records.
        fields: keys to write; None is all.
        threshold: least probability of what is predicted; None is the model's own.
        kb: knowledge base to link against; None is that of the training.
        explain: write the number of windows of each text as its key "windows".
        precision: of the forward pass, a name in `ie_cli.nn.precision.PRECISIONS`.
    """

    model: str
    text: bool = False
    fields: tuple[str, ...] | None = None
    threshold: float | None = None
    kb: str | None = None
    explain: bool = False
    precision: str = "float32"

    def worker(self) -> Callable[[Sequence[Line]], Done]:
        """What does the blocks, with the model in memory.

        Raises:
            IEError: the model cannot be opened, has no threshold that could be set, or not this precision.
        """
        from ie_cli.pipeline.work import Worker

        return Worker(self)


class Rejected(NamedTuple):
    """A line that did not get through, and why."""

    line: Line
    reason: str


@dataclass
class Done:
    """What came of a block of lines.

    Attributes:
        count: how many they were; `last` is the digest of the last one.
        lines: an output line for each that was not rejected, in order.
        dropped: what a bound kept from being predicted, by cause.
        keys: those that the records have, of the ones asked for.
        seconds: by stage.
    """

    count: int
    last: str
    lines: list[bytes] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    keys: set[str] = field(default_factory=set)
    seconds: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, block: Sequence[Line]) -> Done:
        """Nothing as yet, of this block."""
        return cls(len(block), block[-1].digest)
