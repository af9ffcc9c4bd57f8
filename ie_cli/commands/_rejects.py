"""Lines that did not get through: to a file as JSON lines, or told on stderr."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ie_cli.commands._shell import say
from ie_cli.errors import place

if TYPE_CHECKING:
    from ie_cli.pipeline.job import Rejected
    from ie_cli.pipeline.partial import Progress


class Rejects(contextlib.AbstractContextManager):
    """Where rejected lines go: {"file", "line", "reason", "raw"} each, or a line of talk without a file.

    Args:
        progress: of a run that may have been interrupted; what the file holds beyond it is cut off.
    """

    def __init__(self, path: Path | None, progress: Progress):
        self._progress = progress
        self._stream = None if path is None else path.open("ab")

        if self._stream is not None:
            self._stream.truncate(progress.rejects)

    def __exit__(self, *exception: object) -> None:
        if self._stream is not None:
            self._stream.close()

    def add(self, rejected: Sequence[Rejected]) -> None:
        """Write them at once."""
        for line, reason in rejected:
            if self._stream is None:
                say(f"rejected: {place(line.name, line.number)}: {reason}")
            else:
                raw = line.content.decode(errors="backslashreplace").rstrip("\r\n")
                row = {"file": line.name, "line": line.number, "reason": reason, "raw": raw}
                self._write(row)

    def _write(self, row: dict[str, Any]) -> None:
        data = json.dumps(row, ensure_ascii=False).encode() + b"\n"
        self._stream.write(data)
        self._stream.flush()
        self._progress.rejects += len(data)
