"""Lines that did not get through: to a file as JSON lines, or told on stderr."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ie_cli.commands._shell import say
from ie_cli.compressed import packed
from ie_cli.errors import place
from ie_cli.files import encoded
from ie_cli.pipeline.resumable import cut
from ie_cli.writing import WholeWriter, named

if TYPE_CHECKING:
    from ie_cli.pipeline.job import Rejected
    from ie_cli.pipeline.resumable import Progress


class Rejects(contextlib.AbstractContextManager):
    """Where rejected lines go: {"file", "line", "reason", "raw"} each, or a line of talk without a file.

    Args:
        progress: of a run that may have been interrupted; what the file holds beyond it is cut off, but not
            before something is done: a run that cannot begin leaves it as it is.

    Raises:
        IEError: the file holds less than the interrupted run wrote.
        OSError: it cannot be written.
    """

    def __init__(self, path: Path | None, progress: Progress):
        self._path, self._progress = path, progress
        self._stream = None if path is None else path.open("ab", buffering=0)
        self._begun = path is None or not path.is_file()  # a device has nothing to cut off

    def __exit__(self, kind: type | None, *exception: object) -> None:
        if kind is None:
            self._begin()
        if self._stream is not None:
            self._stream.close()

    def add(self, rejected: Sequence[Rejected]) -> None:
        """Write them at once."""
        self._begin()
        for line, reason in rejected:
            if self._stream is None:
                say(f"rejected: {place(line.name, line.number)}: {reason}")
            else:
                raw = line.content.decode(errors="backslashreplace").rstrip("\r\n")
                row = {"file": line.name, "line": line.number, "reason": reason, "raw": raw}
                self._write(row)

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            cut(self._stream, self._progress.rejects, self._path)

    def _write(self, row: dict[str, Any]) -> None:
        data = packed(encoded(json.dumps(row, ensure_ascii=False) + "\n"), self._path)
        with named(self._path):
            WholeWriter(self._stream).write(data)
        self._progress.rejects += len(data)
