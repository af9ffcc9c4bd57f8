"""An output file that is being made: `.FILE.part`, and beside it a journal that says how far it is.

The journal is written after the lines, so it never promises what the file does not hold; what the file
holds beyond it is cut off when the run is resumed. A process that is killed loses nothing that way (a
computer that loses power may: nothing is synced to the disk).
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ie_cli.compressed import packed
from ie_cli.errors import IEError
from ie_cli.writing import WholeWriter, linked, locked, named, uninterrupted


@dataclass
class Progress:
    """How far a run is.

    Attributes:
        lines: input lines that are done, of all inputs together.
        last: digest of the last of them.
        rejected: those that were rejected.
        size: bytes of the output.
        rejects: bytes of the file of rejected lines.
    """

    lines: int = 0
    last: str = ""
    rejected: int = 0
    size: int = 0
    rejects: int = 0


class Target:
    """Where lines go and how far that is; of a pipe or a device nothing is kept.

    Attributes:
        progress: where to go on.
    """

    def __init__(self, stream: WholeWriter, progress: Progress | None = None):
        self.progress = progress or Progress()
        self._out = stream

    def write(self, data: bytes) -> None:
        """Write lines at once."""
        self._out.write(data)
        self._out.flush()
        self.progress.size += len(data)

    def commit(self, lines: int, last: str, rejected: int) -> None:
        """So many more lines, of which `rejected` were rejected, are done with what was written until now."""
        self.progress.lines += lines
        self.progress.last = last
        self.progress.rejected += rejected


class ResumableFile(Target):
    """A file while it is made; see `opened`. It is compressed if its name says so, each write for itself."""

    def __init__(self, stream: WholeWriter, path: Path, job: Mapping[str, Any], progress: Progress):
        super().__init__(stream, progress)
        self._path, self._journal, self._job = path, part_and_journal(path)[1], dict(job)

    def write(self, data: bytes) -> None:
        with named(self._path):
            super().write(packed(data, self._path))

    def commit(self, lines: int, last: str, rejected: int) -> None:
        super().commit(lines, last, rejected)
        new = self._journal.with_suffix(".new")
        with named(self._path), uninterrupted():
            new.write_text(json.dumps(asdict(self.progress) | {"job": self._job}), encoding="utf-8")
            new.replace(self._journal)


def part_and_journal(path: Path) -> tuple[Path, Path]:
    """The unfinished file, and its journal; of a link, they are beside what it points to."""
    path = linked(path)
    part = path.with_name(f".{path.name}.part")
    return part, part.with_suffix(".part.json")


@contextlib.contextmanager
def opened(path: Path, job: Mapping[str, Any], *, resume: bool) -> Iterator[ResumableFile]:
    """A file to write that gets its name at the end; if the block is left early it stays to be resumed.

    Args:
        job: what has to be the same when a run is resumed: name -> a value that JSON can hold.

    Raises:
        IEError: another run writes it, the unfinished one was of another job, or it is finished already.
        OSError: it cannot be written; the error names `path`.
    """
    part, journal = part_and_journal(path)
    if resume and path.exists() and not part.exists():
        raise IEError(f"{path}: is finished, there is nothing to resume; leave --resume out to make it anew")
    job = json.loads(json.dumps(job))  # as the journal has it: a tuple is a list there
    with named(path, part), locked(part, path):
        # Unbuffered: what a full disk did not take is not tried again at the end.
        with part.open("ab", buffering=0) as stream, _removed_if_nothing_is_done(part, journal):
            progress = _read(journal, job) if resume else Progress()
            if not resume:
                journal.unlink(missing_ok=True)
            cut(stream, progress.size, part)
            target = ResumableFile(WholeWriter(stream), path, job, progress)
            yield target
            if not target.progress.size:
                target.write(b"")  # nothing, compressed, is something
        part.replace(linked(path))
        journal.unlink(missing_ok=True)


def cut(stream: BinaryIO, size: int, path: Path) -> None:
    """Cut off what a file holds beyond what was done.

    Raises:
        IEError: it holds less.
    """
    held = stream.seek(0, os.SEEK_END)
    if held < size:
        raise IEError(f"{path}: has {held} bytes, the interrupted run wrote {size}; start without --resume")
    stream.truncate(size)


@contextlib.contextmanager
def _removed_if_nothing_is_done(part: Path, journal: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        if not journal.exists():
            part.unlink(missing_ok=True)
        raise


def _read(journal: Path, job: Mapping[str, Any]) -> Progress:
    """The progress of an unfinished run of this job; none where there is no journal."""
    try:
        content = json.loads(journal.read_text(encoding="utf-8"))
        before = content.pop("job")
        progress = Progress(**content)
    except FileNotFoundError:
        return Progress()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise IEError(f"{journal}: damaged ({error}); start without --resume") from None
    if other := [name for name in job if job[name] != before.get(name)]:
        raise IEError(f"{journal}: the interrupted run had other {', '.join(other)}; start without --resume")
    return progress
