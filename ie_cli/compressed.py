"""Compressed files by their extension: .gz, .bz2, .xz, .zst. They are read and written as the files inside them."""

from __future__ import annotations

import bz2
import gzip
import importlib
import lzma
import os
import sys
import zlib
from contextlib import AbstractContextManager, nullcontext
from pathlib import PurePath
from types import ModuleType
from typing import BinaryIO

SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
GZIP = b"\x1f\x8b"  # how such data begin, whatever their file is called


def inner_name(path: str | os.PathLike) -> PurePath:
    """The name of the file inside: without the extension of the compression."""
    name = PurePath(path)
    return name.with_suffix("") if name.suffix.lower() in SUFFIXES else name


def open_binary(path: str | os.PathLike) -> BinaryIO:
    """A stream of the bytes of a file, decompressed if its extension says so."""
    module = _module(path)
    return open(path, "rb") if module is None else module.open(path, "rb")


def packing(stream: BinaryIO, path: str | os.PathLike) -> AbstractContextManager[BinaryIO]:
    """A stream for the data of a file of this name; what they are compressed to, if they are, goes to `stream`."""
    module = _module(path)
    if module is gzip:
        return gzip.GzipFile("", "wb", fileobj=stream, mtime=0)  # the same in every run
    return nullcontext(stream) if module is None else module.open(stream, "wb")


def packed(data: bytes, path: str | os.PathLike) -> bytes:
    """Data as they are in a file of this name.

    Pieces that are packed one by one are, one behind the other, a file that every tool reads as one.
    """
    module = _module(path)
    if module is gzip:
        return gzip.compress(data, mtime=0)
    return data if module is None else module.compress(data)


def is_fault(error: BaseException) -> bool:
    """Whether an error of reading means that compressed data are damaged or cut off."""
    if isinstance(error, (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error)):
        return True
    # bz2 has no error of its own, and zstd is loaded only for its own files.
    return (type(error) is OSError and error.errno is None) or type(error).__name__ == "ZstdError"


def _module(path: str | os.PathLike) -> ModuleType | None:
    """The library for a file's extension; `compression.zstd` is there from Python 3.14 on, before it its backport."""
    suffix = PurePath(path).suffix.lower()
    if suffix == ".zst":
        return importlib.import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    return {".gz": gzip, ".bz2": bz2, ".xz": lzma}.get(suffix)
