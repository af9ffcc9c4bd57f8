"""Compressed files by their extension: .gz, .bz2, .xz, .zst. They are read and written as the files inside them."""

from __future__ import annotations

import bz2
import gzip
import importlib
import io
import lzma
import os
import sys
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import PurePath
from types import ModuleType
from typing import Any, BinaryIO

SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
GZIP = b"\x1f\x8b"  # how such data begin, whatever their file is called
_PIECE = 1 << 16  # bytes that are read at once
# Python's own readers of these take whatever is behind the first member, and is none, for the end of the file.
_DECOMPRESSORS = {".bz2": bz2.BZ2Decompressor, ".xz": lzma.LZMADecompressor}


def is_packed(path: str | os.PathLike) -> bool:
    """Whether a file of this name is compressed."""
    return PurePath(path).suffix.lower() in SUFFIXES


def inner_name(path: str | os.PathLike) -> PurePath:
    """The name of the file inside: without the extension of the compression."""
    name = PurePath(path)
    return name.with_suffix("") if is_packed(name) else name


def open_binary(path: str | os.PathLike) -> BinaryIO:
    """A stream of the bytes of a file, decompressed if its extension says so."""
    if decompressor := _DECOMPRESSORS.get(PurePath(path).suffix.lower()):
        return io.BufferedReader(_Members(path, decompressor))
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


class _Members(io.RawIOBase):
    """What is in the members of a file, one behind the other; zeros between and behind them are padding.

    Raises:
        EOFError, LZMAError, OSError: when it is read; see `is_fault`.
    """

    def __init__(self, path: str | os.PathLike, decompressor: Callable[[], Any]):
        self._file, self._decompressor = open(path, "rb"), decompressor
        self._member, self._at = decompressor(), 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._file.seekable()

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go back to the start, and from there on."""
        if whence != os.SEEK_SET:
            raise io.UnsupportedOperation("only from the start")
        self._file.seek(0)
        self._member, self._at = self._decompressor(), 0
        while self._at < offset and self.read(min(offset - self._at, _PIECE)):
            pass
        return self._at

    def readinto(self, buffer: memoryview) -> int:
        found = b""
        while not found:
            data = self._next()
            if data is None:
                return 0
            found = self._member.decompress(data, len(buffer))
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)

    def _next(self) -> bytes | None:
        """What the member is to be given next, which is a new one behind the end of the last; None at the end."""
        if self._member.eof:
            data = self._member.unused_data.lstrip(b"\0")
            while not data:
                if not (more := self._file.read(_PIECE)):
                    return None
                data = more.lstrip(b"\0")
            self._member = self._decompressor()
            return data
        if not self._member.needs_input:
            return b""
        if not (data := self._file.read(_PIECE)):
            raise EOFError("it ends within the compressed data")
        return data

    def close(self) -> None:
        self._file.close()
        super().close()
