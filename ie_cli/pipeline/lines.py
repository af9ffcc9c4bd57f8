"""Lines of files and pipes in blocks that are worked on together."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ie_cli.errors import IEError, place
from ie_cli.files import opened
from ie_cli.streaming import chunks, full_chunks

MOST = 512  # lines in a block: those that are sorted by length together
ROOM = 1 << 22  # bytes in a block, unless one line has more


class Line(NamedTuple):
    """A line with its end, as bytes; `number` counts from 1 in its file."""

    name: str
    number: int
    content: bytes

    @property
    def digest(self) -> str:
        return hashlib.blake2b(self.content, digest_size=8).hexdigest()


def blocks(names: Sequence[str], done: int = 0, last: str = "") -> Iterator[list[Line]]:
    """The lines of all inputs in order.

    Files are cut into the same blocks in every run, so that every run computes the same. Of a pipe a block
    is what has arrived, so that nobody waits for an answer.

    Args:
        done: lines that are left out because an earlier run did them; `last` is the digest of the last one.

    Raises:
        IEError: that line is not the one that was done.
        FormatError: an input cannot be read.
    """
    lines = _read(names)
    if done:
        _skip(lines, done, last)
    cut = full_chunks if all(map(_is_file, names)) else chunks
    return cut(lines, MOST, room=ROOM, size=lambda line: len(line.content))


def _read(names: Iterable[str]) -> Iterator[Line]:
    for name in names:
        with opened(name) as stream:
            for number, content in enumerate(stream, 1):
                yield Line(name, number, content.removeprefix(b"\xef\xbb\xbf") if number == 1 else content)


def _skip(lines: Iterator[Line], done: int, last: str) -> None:
    ahead = deque(islice(lines, done), maxlen=1)
    if not ahead or ahead[0].digest != last:
        where = place(*ahead[0][:2]) if ahead else "the input"
        raise IEError(f"{where}: not what the interrupted run has read; start without --resume")


def _is_file(name: str) -> bool:
    """Whether an input is there as a whole; what is missing is told when it is opened."""
    try:
        mode = Path(name).stat().st_mode if name != "-" else os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError, AttributeError):  # AttributeError: there is no standard input
        return False
    return stat.S_ISREG(mode)
