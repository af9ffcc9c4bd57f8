"""Writing that a signal cannot cut: a line is in the output whole or not at all, and so is a folder."""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path, PurePath
from types import FrameType
from typing import BinaryIO

from ie_cli.errors import InUseError

TERMINATING = (signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))  # SIGHUP: the terminal closed
PUT_OFF = (signal.SIGINT, *TERMINATING)


class WholeWriter:
    """A binary stream of which every `write` is done whole, and flushed whole, before a signal is handled."""

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
    """Put Ctrl-C, SIGTERM and SIGHUP off until the block is done; the second one of a kind is not put off."""
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
def named(path: Path, *files: Path | None) -> Iterator[None]:
    """Let an error of writing name what the user named: a full disk names no file, an unfinished one its own name.

    Args:
        files: whose errors are meant, for a folder with what is in it; None is an error that names no file.
            Without any, every error is.
    """
    try:
        yield
    except OSError as error:
        if files and not any(_is_of(error, file) for file in files):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from None


def _is_of(error: OSError, file: Path | None) -> bool:
    if file is None or error.filename is None:
        return file is None and error.filename is None
    return PurePath(str(error.filename)).is_relative_to(file)


def is_stream(path: Path) -> bool:
    """Whether what is at a path is written to, not replaced: a device, a pipe, a folder (which fails), or an open
    stream by its name (/dev/stdout, /dev/fd/3), which may be a file that others write to as well."""
    return path.exists() and (not path.is_file() or _names_stream(path))


def _names_stream(path: Path) -> bool:
    """Whether it is a link into /proc/…/fd, by way of other links or not."""
    while path.is_symlink():
        if path.parent.resolve().is_relative_to("/proc"):
            return True
        path = path.parent / path.readlink()
    return False


def linked(path: Path) -> Path:
    """What a path stands for: of a link, what it points to."""
    return path.resolve() if path.is_symlink() else path


@contextlib.contextmanager
def locked(path: Path, shown: Path) -> Iterator[None]:
    """Keep other processes from writing a file, which is made if it is not there, or into a folder.

    They are not kept from it where the system or the file system (as some of clusters) has no locks.

    Args:
        shown: what the user named.

    Raises:
        InUseError: another one is writing.
    """
    try:
        fcntl = importlib.import_module("fcntl")
    except ImportError:
        yield
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = os.path.samestat(os.fstat(handle), path.stat())  # else it has got another name meanwhile
        except (BlockingIOError, FileNotFoundError):
            mine = False
        except OSError:
            mine = True
        if not mine:
            raise InUseError(f"{shown}: another run is writing it; name another -o, or wait")
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def replacing(path: Path, mine: str = "") -> Iterator[Path]:
    """A new file to write to, beside `path`; it takes that name when the block is done, else it is removed.

    Of a link, what it points to is replaced.

    Args:
        mine: a part of its name that no other process has, where several may write the same file.

    Raises:
        OSError: it cannot be written; the error names `path`, also one that names no file (a full disk).
    """
    real = linked(path)
    part = real.with_name(f".{real.name}{mine}.part")
    try:
        with named(path, part, None):
            yield part
            part.replace(real)
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_folder(folder: Path, mine: str = "") -> Iterator[Path]:
    """A new folder to write to; when the block is done it takes the place of the old one under its name, if any.

    Args:
        mine: a part of its name that no other process has, where several may write the same folder. Without it
            one that a killed process has left is removed.

    Raises:
        OSError: it cannot be written; the error names `folder`.
    """
    real = folder.resolve()  # of a link, what it points to is replaced
    part, old = (real.with_name(f".{real.name}{mine}.{what}") for what in ("part", "old"))
    try:
        with named(folder, part, None):
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            yield part
            with uninterrupted():
                _swap(real, part, old)
            shutil.rmtree(old, ignore_errors=True)
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
