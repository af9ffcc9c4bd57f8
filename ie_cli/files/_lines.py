"""Lines with their numbers, and whole texts."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from ie_cli.errors import Report
from ie_cli.files._encodings import decode, detect, named_encoding
from ie_cli.files._streams import opened
from ie_cli.files._surrogates import LONE_SURROGATE, has_lone_surrogate, replace_lone_surrogates

BOM = "\ufeff"


def lines(
    path: str | os.PathLike, report: Report, *, encoding: str | None = None, keep_surrogates: bool = False
) -> Iterator[tuple[int, str]]:
    """Lines with their 1-based numbers, without line ends and without the byte order mark of the file.

    Args:
        encoding: None detects it from the bytes (see `detect`).
        keep_surrogates: leave lone surrogates in, for a format that can join them across lines.
    """
    for number, line in _with_ends(path, report, encoding, keep_surrogates=keep_surrogates):
        if line.endswith("\n"):
            line = line[:-2] if line.endswith("\r\n") else line[:-1]
        yield number, line


def text(path: str | os.PathLike, report: Report, *, encoding: str | None = None, keep_bom: bool = False) -> str:
    """The whole text with its line ends as they are, without the byte order mark unless `keep_bom`."""
    found = _with_ends(path, report, encoding, keep_surrogates=False, keep_bom=keep_bom)
    return "".join(line for _, line in found)


def first_line(rows: Iterable[tuple[int, str]]) -> tuple[str, Iterator[tuple[int, str]]]:
    """The first line that is not blank ("" where there is none), and all the lines again."""
    rows, seen = iter(rows), []
    for row in rows:
        seen.append(row)
        if row[1].strip():
            return row[1], itertools.chain(seen, rows)
    return "", iter(seen)


def _with_ends(
    path: str | os.PathLike, report: Report, encoding: str | None, *, keep_surrogates: bool, keep_bom: bool = False
) -> Iterator[tuple[int, str]]:
    with opened(path) as stream:
        ahead = b""
        if encoding is None:
            encoding, ahead = detect(stream, path)
        else:
            encoding = named_encoding(encoding)
        for number, raw in enumerate(_raw_lines(ahead, stream), 1):
            line, wrong = decode(raw, encoding)
            if number == 1 and not keep_bom:
                line = line.removeprefix(BOM)
            if wrong and has_lone_surrogate(line):
                # Only the format knows what a lone surrogate stands for, if it asked to see them.
                line, wrong = (line, None) if keep_surrogates else (replace_lone_surrogates(line), LONE_SURROGATE)
            if wrong:
                report.mended(path, number, wrong)
            yield number, line


def _raw_lines(ahead: bytes, stream: BinaryIO) -> Iterator[bytes]:
    if ahead:
        *whole, rest = ahead.split(b"\n")
        yield from (line + b"\n" for line in whole)
        if rest := rest + stream.readline():
            yield rest
    yield from stream
