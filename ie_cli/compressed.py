"""Compressed files by their extension: .gz, .bz2, .xz, .zst. They are read and written as the files inside them."""

from __future__ import annotations

import bz2
import gzip
import importlib
import lzma
import os
import sys
import zlib
from pathlib import PurePath
from types import ModuleType
from typing import BinaryIO

SUFFIXES = (".gz", ".bz2", ".xz", ".zst")


def inner_name(path: str | os.PathLike) -> PurePath:
    """The name of the file inside: without the extension of the compression."""
    name = PurePath(path)
    return name.with_suffix("") if name.suffix.lower() in SUFFIXES else name


def open_binary(path: str | os.PathLike) -> BinaryIO:
    """A stream of the bytes of a file, decompressed if its extension says so."""
    suffix = PurePath(path).suffix.lower()
    if suffix == ".zst":
        return _zstd().open(path, "rb")
    return {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}.get(suffix, open)(path, "rb")


def packed(data: bytes, path: str | os.PathLike) -> bytes:
    """Data as they are in a file of this name: compressed if its extension says so.

    Pieces that are packed one by one are, one behind the other, a file that every tool reads as one.
    """
    suffix = PurePath(path).suffix.lower()
    if suffix == ".gz":
        return gzip.compress(data, mtime=0)  # the same in every run
    if suffix == ".zst":
        return _zstd().compress(data)
    return {".bz2": bz2.compress, ".xz": lzma.compress}.get(suffix, bytes)(data)


def is_fault(error: BaseException) -> bool:
    """Whether an error of reading means that compressed data are damaged or cut off."""
    if isinstance(error, (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error)):
        return True
    # bz2 has no error of its own, and zstd is loaded only for its own files.
    return (type(error) is OSError and error.errno is None) or type(error).__name__ == "ZstdError"


def _zstd() -> ModuleType:
    """`compression.zstd` of Python 3.14, or its backport."""
    return importlib.import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
