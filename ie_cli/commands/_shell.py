"""What every command shares: talk on stderr, stated errors, inputs and output."""

from __future__ import annotations

import contextlib
import functools
import glob
import os
import stat
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TextIO

import typer

from ie_cli import compressed
from ie_cli.errors import IEError, Problem, Report
from ie_cli.writing import WholeWriter, is_stream, named, replacing

REJECTED = 3  # exit code: done, but some lines were rejected
CAUSES = 8  # reasons that are named with their counts
SPOKEN = 5  # problems of a kind that are told one by one


def say(message: str) -> None:
    """A line of talk for the person at the terminal; stdout is for data only.

    It stays one line, and harmless to the terminal, whatever data it quotes. Where nobody can be told, on a full
    disk for one, the work goes on.
    """
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            print("".join(map(_printable, message)), file=sys.stderr, flush=True)


def _printable(char: str) -> str:
    """The character; an escape for controls and line breaks."""
    breaks = unicodedata.category(char) in ("Cc", "Zl", "Zp")
    return char.encode("unicode_escape").decode() if breaks else char


def terminal(stream: TextIO | None) -> bool:
    """Whether somebody sits before a standard stream; a closed one is None."""
    return stream is not None and stream.isatty()


def left_out(causes: Mapping[str, int]) -> None:
    """Say what a bound kept from being predicted (`Codec.dropped`)."""
    for cause, number in causes.items():
        say(f"left out: {number} {cause}")


def guarded(run: Callable) -> Callable:
    """Turn stated errors into one line on stderr and their exit code, those of the system into 1."""

    @functools.wraps(run)
    def inner(*args, **kwargs):
        try:
            return run(*args, **kwargs)
        except IEError as error:
            say(f"error: {error}")
            raise typer.Exit(error.exit_code) from None
        except OSError as error:
            where = f"{error.filename}: " if error.filename is not None else ""
            say(f"error: {where}{error.strerror or error}")
        except MemoryError:
            say("error: there is not enough memory; allow more (ulimit -v, the limit of the job), or split the input")
        raise typer.Exit(1)

    return inner


@contextlib.contextmanager
def output(path: Path | None) -> Iterator[WholeWriter]:
    """Binary stream to a file, or to stdout; a file appears under its name only when it is complete.

    Raises:
        IEError: stdout is closed.
    """
    if path is None or str(path) == "-":
        if sys.stdout is None:
            raise IEError("standard output is closed; redirect it, or name a file")
        stream = WholeWriter(sys.stdout.buffer)
        yield stream
        stream.flush()
        return
    if is_stream(path):
        with named(path, None), path.open("ab") as stream:
            yield WholeWriter(stream)
        return
    with (
        replacing(path, f".{os.getpid()}") as part,
        part.open("wb") as stream,
        compressed.packing(stream, path) as packed,
    ):
        yield WholeWriter(packed)


def inputs(names: Iterable[str]) -> list[str]:
    """The files that are meant: standard input for nothing, and what a pattern matches that the shell left as it is.

    Raises:
        IEError: a pattern matches nothing.
    """
    files: list[str] = []
    for name in names:
        if not glob.has_magic(name) or os.path.lexists(name):
            files.append(name)
        elif not (matching := sorted(glob.glob(name, recursive=True))):  # noqa: PTH207 - absolute ones, too
            raise IEError(f"{name}: no file matches this pattern")
        else:
            files += matching
    return files or ["-"]


def refuse_overwrite(out: Path | None, sources: Iterable[str]) -> None:
    """Stop before an input is overwritten by its own output, or read for ever because that is appended to it.

    Args:
        out: None is stdout.
    """
    target = _file("-" if out is None else str(out), sys.stdout)
    for name in sources:
        if target is not None and target == _file(name, sys.stdin):
            shown = "standard output" if out is None or str(out) == "-" else out
            raise IEError(f"{shown}: is an input, too; name another output")


def _file(name: str, stream: TextIO | None) -> tuple[int, int] | None:
    """What tells a regular file from all others, None where there is none; `stream` is what `-` stands for."""
    try:
        found = os.fstat(stream.fileno()) if name == "-" else Path(name).stat()
    except (OSError, ValueError, AttributeError):  # not there, replaced as tests do, closed
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None


class SpokenReport:
    """A `Report` that speaks: the first few problems of each kind at once, the counts at the end."""

    def __init__(self) -> None:
        self.report = Report(listen=self._hear)

    def _hear(self, problem: Problem) -> None:
        told = self.report.counts[problem.kind]
        if told <= SPOKEN:
            say(f"{problem.kind}: {problem}")
        elif told == SPOKEN + 1:
            say(f"{problem.kind}: … more of these are only counted")

    def close(self) -> None:
        """Say the counts, by reason where there are several."""
        for kind in sorted(self.report.counts):
            causes = {cause: n for (k, cause), n in self.report.reasons.items() if k == kind}
            most = sorted(causes.items(), key=lambda item: -item[1])
            shown = [f"{n} × {cause}" for cause, n in most[:CAUSES]]
            if rest := sum(n for _, n in most[CAUSES:]):
                shown.append(f"{rest} for {len(most) - CAUSES} other reasons")
            say(f"{kind} in all: {self.report.counts[kind]} ({'; '.join(shown)})")

    def exit_if_skipped(self) -> None:
        """End the command, all else being done, with exit code 3 if lines were left out."""
        if self.report.counts["skipped"]:
            raise typer.Exit(REJECTED)
