"""Paths and streams: what a name stands for, and the bytes behind it, decompressed."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ie_cli.compressed import inner_name, is_fault, open_binary
from ie_cli.errors import FormatError

_DATA_SUFFIXES = {".json", ".jsonl", ".txt", ".tsv", ".csv", ".ann", ".conll", ".bio", ".bmes", ".bioes"}


def stem(path: str | os.PathLike) -> str:
    """The file's name as the first part of record ids: without folder and without `.json`, `.txt`, …"""
    name = inner_name(path)
    return "stdin" if str(path) == "-" else name.stem if name.suffix.lower() in _DATA_SUFFIXES else name.name


def is_read_once(path: str | os.PathLike) -> bool:
    """Whether what is read from it is gone: standard input, a pipe (as `<(…)` of the shell is), a device."""
    place = Path(path)
    return str(path) == "-" or (place.exists() and not place.is_file() and not place.is_dir())


@contextlib.contextmanager
def opened(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """Binary stream of a file, decompressed by its extension, or of standard input for `-`.

    Raises:
        FormatError: a folder, nothing, a closed standard input, or (while it is read) damaged compressed data.
    """
    if str(path) == "-":
        yield _stdin()
    elif os.path.isdir(path):
        raise FormatError(path, None, "is a folder; name the files in it")
    elif not os.path.exists(path):
        raise FormatError(path, None, "no such file")
    else:
        with open_binary(path) as stream:
            try:
                yield stream
            except Exception as error:
                if not is_fault(error):
                    raise
                raise FormatError(path, None, f"damaged or cut off, cannot be decompressed: {error}") from None


def _stdin() -> BinaryIO:
    """A reader of its own on stdin: a thread still waiting in `sys.stdin` would abort Python's exit."""
    if sys.stdin is None:
        raise FormatError("-", None, "standard input is closed; name a file or pipe one in")
    try:
        return open(sys.stdin.fileno(), "rb", closefd=False)
    except (io.UnsupportedOperation, ValueError):
        return sys.stdin.buffer  # replaced, as tests do
