"""Writing that a signal cannot cut: a line is in the output whole or not at all, and so is a folder."""

from __future__ import annotations

import contextlib
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import BinaryIO

PUT_OFF = (signal.SIGINT, signal.SIGTERM)


class WholeWriter:
    """A binary stream of which every `write` is done whole, and flushed whole, before a signal is heard."""

    def __init__(self, stream: BinaryIO):
        self._stream = stream

    def write(self, data: bytes) -> int:
        """Write all of the data; an unbuffered stream (PYTHONUNBUFFERED) takes only a part at a signal."""
        left = memoryview(data)
        with uninterrupted():
            while left:
                left = left[self._stream.write(left) :]
        return len(data)

    def flush(self) -> None:
        with uninterrupted():
            self._stream.flush()


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Put Ctrl-C and SIGTERM off until the block is done; the second one of a kind is not put off."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in PUT_OFF}
    ours = [number for number, handler in before.items() if callable(handler)]  # others end the process or do nothing
    caught: list[int] = []

    def later(number: int, frame: FrameType | None) -> None:
        if number in caught:
            before[number](number, frame)
        caught.append(number)

    for number in ours:
        signal.signal(number, later)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])
    for number in caught:
        signal.raise_signal(number)


@contextlib.contextmanager
def whole_folder(folder: Path, mine: str = "") -> Iterator[Path]:
    """A new folder to write to; when the block is done it takes the place of the old one under its name, if any.

    Args:
        mine: tells the unfinished folder from those of other processes that may write the same one. Without it
            one that a killed process has left is removed.

    Raises:
        OSError: it cannot be written; the error names `folder`.
    """
    named, folder = folder, folder.resolve()  # of a link, what it points to is replaced
    part, old = (folder.with_name(f".{folder.name}{mine}.{what}") for what in ("part", "old"))
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        yield part
        with uninterrupted():
            _swap(folder, part, old)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        if error.filename is None or str(error.filename).startswith(str(part)):  # the user named another
            raise OSError(error.errno, error.strerror, str(named)) from None
        raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _swap(folder: Path, part: Path, old: Path) -> None:
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
    try:
        part.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
