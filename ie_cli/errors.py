"""What can go wrong, and how it is counted: one line says what, where and what to do next."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple


class IEError(Exception):
    """A stated error: one line for stderr, and the exit code of the command."""

    exit_code = 1


class UsageError(IEError):
    """A command line that asks for what does not go together or is not known."""

    exit_code = 2


class InUseError(IEError):
    """An output that another process is writing."""


class FormatError(IEError):
    """An input that cannot be read, with its place.

    Args:
        path: the file as the user named it (`-` for standard input).
        line: 1-based line number, or None where the file has no lines to speak of.
        reason: what is wrong, in one line.
        cause: what such errors are counted by, where the reason is different for each.
    """

    def __init__(self, path: str | os.PathLike, line: int | None, reason: str, *, cause: str = ""):
        self.path, self.line, self.reason, self.cause = str(path), line, reason, cause
        super().__init__(f"{place(path, line)}: {reason}")


def place(path: str | os.PathLike, line: int | None) -> str:
    """`file:line`, the form that editors and terminals make a link of."""
    return str(path) if line is None else f"{path}:{line}"


class Fault(NamedTuple):
    """What is wrong with some part of the data: the reason to show, and the cause to count by."""

    reason: str
    cause: str


@dataclass(frozen=True)
class Problem:
    """One thing that did not get through as it was: where, which kind, and the reason."""

    path: str
    line: int | None
    kind: str
    reason: str

    def __str__(self) -> str:
        return f"{place(self.path, self.line)}: {self.reason}"


@dataclass
class Report:
    """Counts whatever was skipped, lost or mended, so that nothing disappears in silence.

    `skipped` is input that did not get through (a row, a file); `lost` is a part of a record that
    did not (an entity whose offsets are wrong); `mended` is input that got through changed.
    `listen` sees each problem as it comes, so memory stays flat over millions of lines.
    """

    listen: Callable[[Problem], None] = lambda problem: None
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)

    def skipped(self, path: str | os.PathLike, line: int | None, reason: str, *, cause: str = "") -> None:
        self._add("skipped", path, line, reason, cause)

    def lost(self, path: str | os.PathLike, line: int | None, reason: str, *, cause: str = "") -> None:
        self._add("lost", path, line, reason, cause)

    def mended(self, path: str | os.PathLike, line: int | None, reason: str, *, cause: str = "") -> None:
        self._add("mended", path, line, reason, cause)

    def _add(self, kind: str, path: str | os.PathLike, line: int | None, reason: str, cause: str) -> None:
        self.counts[kind] += 1
        self.reasons[kind, cause or reason] += 1
        self.listen(Problem(str(path), line, kind, reason))


def strict_report() -> Report:
    """A report for a file that is read whole or not at all: each problem is raised as a `FormatError`."""
    return Report(_raise)


def _raise(problem: Problem) -> None:
    raise FormatError(problem.path, problem.line, problem.reason)
