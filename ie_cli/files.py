"""Text files as they are published: encodings, line ends, JSON in its layouts. No torch, nothing printed.

A line ends at \\n, with or without a \\r before it; U+2028, U+0085 and the like are characters of the
text. The path `-` is standard input. What cannot be decoded becomes U+FFFD and is reported.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import itertools
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple

from ie_cli.compressed import inner_name, is_fault, open_binary
from ie_cli.errors import FormatError, IEError, Report

BOM = "\ufeff"
CHUNK = 1 << 20  # bytes looked at in one go when the encoding is told
HALF = "half of a surrogate pair, read as U+FFFD"
_DATA_SUFFIXES = {".json", ".jsonl", ".txt", ".tsv", ".csv", ".ann", ".conll", ".bio", ".bmes", ".bioes"}
_HALF = re.compile("[\ud800-\udfff]")
_ENCODED_HALF = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_ESCAPED_HALF = re.compile(r"\\u[dD][89a-fA-F]")  # in JSON; the half of a pair or a lone one


def stem(path: str | os.PathLike) -> str:
    """The file's name as the first part of record ids: without folder and without `.json`, `.txt`, …"""
    name = inner_name(path)
    return "stdin" if str(path) == "-" else name.stem if name.suffix.lower() in _DATA_SUFFIXES else name.name


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


# --- Encodings -----------------------------------------------------------------------------------


def named_encoding(name: str) -> str:
    """The encoding that a user named; one in which a newline is not the byte 0A cannot be read by lines."""
    try:
        known = codecs.lookup(name).name
        plain = "\n".encode(known) == b"\n"
    except (LookupError, TypeError):
        raise IEError(f"unknown encoding '{name}'. Usual ones: utf-8, gb18030, big5") from None
    if known == "utf-8-sig":
        return "utf-8"
    if not plain:
        raise IEError(f"files in '{name}' are not read; convert first: iconv -f {name} -t UTF-8 FILE")
    return known


def detect(stream: BinaryIO, path: str | os.PathLike) -> tuple[str, bytes]:
    """Whether a stream is UTF-8 or GB18030 (which holds GBK), and the bytes read ahead to tell.

    A regular file is read through once in constant memory and put back to where it was. A pipe
    cannot be put back: there the first bytes decide, up to the first that are not ASCII.
    """
    if stream.seekable():
        start = stream.tell()
        encoding = _told(iter(lambda: stream.read(CHUNK), b""), path)
        stream.seek(start)
        return encoding, b""
    ahead = b""
    while ahead.isascii() and len(ahead) < CHUNK and (more := stream.read1(CHUNK)):
        ahead += more
    return _told([ahead], path), ahead


def _told(chunks: Iterable[bytes], path: str | os.PathLike) -> str:
    """UTF-8 if most of what is not ASCII decodes as such: of GBK text next to nothing does."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    valid = invalid = 0
    for i, chunk in enumerate(chunks):
        if i == 0 and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise FormatError(path, None, "is UTF-16; convert it first: iconv -f UTF-16 -t UTF-8 FILE")
        # A character cut by the end of a sample stays in the decoder and is not counted.
        decoded = decoder.decode(chunk)
        halves = len(_ENCODED_HALF.findall(chunk))  # each decodes to three U+FFFD, but is UTF-8 in a way
        wrong = decoded.count("\ufffd") - chunk.count(b"\xef\xbf\xbd") - 3 * halves
        invalid += wrong
        valid += len(decoded) - len(decoded.encode("ascii", "ignore")) - wrong
    return "utf-8" if invalid <= valid else "gb18030"


def join_halves(text: str) -> str:
    """Put each surrogate pair together into its character; a lone half stays."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def has_half(text: str) -> bool:
    """Whether there is a half of a surrogate pair in the text."""
    return _HALF.search(text) is not None


def without_halves(text: str) -> str:
    """The text with U+FFFD for every lone half of a surrogate pair; its length stays."""
    return _HALF.sub("\ufffd", text)


def _decode(raw: bytes, encoding: str) -> tuple[str, str | None]:
    """One line, and what was wrong with its bytes or None. Lone halves of surrogate pairs are kept."""
    try:
        return raw.decode(encoding), None
    except UnicodeDecodeError:
        pass
    if encoding == "utf-8":
        with contextlib.suppress(UnicodeDecodeError):
            return join_halves(raw.decode("utf-8", "surrogatepass")), "character written as two surrogates (CESU-8)"
    return raw.decode(encoding, "replace"), f"bytes that are not {encoding.upper()}, read as U+FFFD"


# --- Lines and whole texts -----------------------------------------------------------------------


def lines(
    path: str | os.PathLike, report: Report, *, encoding: str | None = None, halves: bool = False
) -> Iterator[tuple[int, str]]:
    """Lines with their 1-based numbers, without line ends and without the byte order mark of the file.

    Args:
        encoding: None tells it from the bytes (see `detect`).
        halves: leave lone halves of surrogate pairs in, for a format that can join them across lines.
    """
    for number, line in _with_ends(path, report, encoding, halves=halves):
        if line.endswith("\n"):
            line = line[:-2] if line.endswith("\r\n") else line[:-1]
        yield number, line


def text(path: str | os.PathLike, report: Report, *, encoding: str | None = None, keep_bom: bool = False) -> str:
    """The whole text with its line ends as they are, without the byte order mark unless `keep_bom`."""
    found = _with_ends(path, report, encoding, halves=False, keep_bom=keep_bom)
    return "".join(line for _, line in found)


def _with_ends(
    path: str | os.PathLike, report: Report, encoding: str | None, *, halves: bool, keep_bom: bool = False
) -> Iterator[tuple[int, str]]:
    with opened(path) as stream:
        ahead = b""
        if encoding is None:
            encoding, ahead = detect(stream, path)
        else:
            encoding = named_encoding(encoding)
        for number, raw in enumerate(_raw_lines(ahead, stream), 1):
            line, wrong = _decode(raw, encoding)
            if number == 1 and not keep_bom:
                line = line.removeprefix(BOM)
            if wrong and has_half(line):
                # Only the format knows what a half stands for, if it asked to see them.
                line, wrong = (line, None) if halves else (without_halves(line), HALF)
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


# --- JSON ----------------------------------------------------------------------------------------


class Value(NamedTuple):
    """A JSON value, the line where it begins, and its number: that line, or which item of an array it is."""

    line: int
    number: int
    value: Any


def json_rows(path: str | os.PathLike, report: Report, *, encoding: str | None = None) -> Iterator[Value]:
    """The values of JSON lines, of one array, or of one document on many lines.

    JSON lines are streamed and a broken line is skipped and reported. An array or a document is read
    whole, and a defect in it is a `FormatError`: what follows cannot be told apart. A file is taken
    for JSON lines unless it begins with `[` or its first line is an open document (ends in `{`, `[` or `,`).
    """
    return json_values(lines(path, report, encoding=encoding), path, report)


def json_values(rows: Iterable[tuple[int, str]], path: str | os.PathLike, report: Report) -> Iterator[Value]:
    """What `json_rows` gives, from numbered lines."""
    first, rows = first_line(rows)
    begin = first.strip()
    if begin.startswith("[") or begin.endswith(("{", "[", ",")):
        document = "\n".join(line for _, line in rows)
        mend = _ESCAPED_HALF.search(document)
        for number, (line, value) in enumerate(_values(document, path), 1):
            yield Value(line, number, _mended(value, path, line, report) if mend else value)
    else:
        yield from _json_lines(rows, path, report)


def first_line(rows: Iterable[tuple[int, str]]) -> tuple[str, Iterator[tuple[int, str]]]:
    """The first line that is not blank ("" where there is none), and all the lines again."""
    rows, seen = iter(rows), []
    for row in rows:
        seen.append(row)
        if row[1].strip():
            return row[1], itertools.chain(seen, rows)
    return "", iter(seen)


def _json_lines(rows: Iterable[tuple[int, str]], path: str | os.PathLike, report: Report) -> Iterator[Value]:
    for number, line in rows:
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            report.skipped(path, number, _not_json(error), cause="not JSON")
        else:
            mend = _ESCAPED_HALF.search(line)
            yield Value(number, number, _mended(value, path, number, report) if mend else value)


def _values(document: str, path: str | os.PathLike) -> Iterator[tuple[int, Any]]:
    """(line, value) of each item of an array, or of each document where there is no array."""
    decoder, space = json.JSONDecoder(), re.compile(r"[ \t\r\n]*")
    at = space.match(document).end()
    array = document[at] == "["
    at = space.match(document, at + array).end()
    line, counted = 1, 0
    while at < len(document) and not (array and document[at] == "]"):
        line, counted = line + document.count("\n", counted, at), at
        try:
            value, at = decoder.raw_decode(document, at)
        except (ValueError, RecursionError) as error:
            raise FormatError(path, getattr(error, "lineno", line), _not_json(error)) from None
        yield line, value
        at = space.match(document, at).end()
        if array and document[at : at + 1] == ",":
            at = space.match(document, at + 1).end()
        elif array and document[at : at + 1] != "]":
            raise FormatError(
                path, document.count("\n", 0, at) + 1, "not JSON: an array item must be followed by , or ]"
            )
    if array and document[at:].strip() != "]":
        raise FormatError(path, document.count("\n", 0, at) + 1, "not JSON: the array does not end as it should")


def _not_json(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} (character {error.colno})"
    return f"not JSON that can be read: {'nested too deep' if isinstance(error, RecursionError) else error}"


def _mended(value: Any, path: str | os.PathLike, line: int, report: Report) -> Any:
    """The value with U+FFFD for escaped lone halves (`"\\ud83d"`), which no UTF-8 can hold."""
    if not _has_half(value):
        return value
    report.mended(path, line, HALF)
    return _map_strings(value)


def _has_half(value: Any) -> bool:
    if isinstance(value, str):
        return has_half(value)
    if isinstance(value, dict):
        return any(_has_half(k) or _has_half(v) for k, v in value.items())
    return isinstance(value, list) and any(map(_has_half, value))


def _map_strings(value: Any) -> Any:
    if isinstance(value, str):
        return without_halves(value)
    if isinstance(value, dict):
        return {without_halves(k): _map_strings(v) for k, v in value.items()}
    return [_map_strings(v) for v in value] if isinstance(value, list) else value
