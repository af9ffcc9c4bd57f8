"""Records as JSONL."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, BinaryIO

from ie_cli.compressed import GZIP
from ie_cli.errors import FormatError, IEError, Report
from ie_cli.files import has_lone_surrogate
from ie_cli.records._checks import check
from ie_cli.records._from_json import from_json
from ie_cli.records._to_json import to_json
from ie_cli.records._types import Record


def loads(
    line: str | bytes, path: str = "-", number: int | None = None, *, prepare: Callable[[Any], None] | None = None
) -> Record:
    """One JSONL line as a checked record; every defect is a `FormatError` with its place.

    Args:
        prepare: changes the parsed line before it is checked.
    """
    cause = ""
    try:
        text = line.decode() if isinstance(line, bytes) else line
        if not text.strip():
            raise ValueError("an empty line, which is no record")
        data = _JSON.decode(text.rstrip("\r\n"))  # what a cut line lacks is missed at its end, not on the next one
        if "\\u" in text and has_lone_surrogate(json.dumps(data, ensure_ascii=False)):
            raise ValueError("an escape such as \\ud83d stands for half a surrogate pair, which is no character")
        if prepare:
            prepare(data)
        return from_json(data)
    except json.JSONDecodeError as error:
        reason, cause = f"not JSON: {error.msg} (character {error.colno})", "not JSON"
    except UnicodeDecodeError as error:
        reason, cause = f"not UTF-8: byte {error.start} of the line", "not UTF-8"
    except RecursionError:
        reason = "not a record: nested too deep"
    except ValueError as error:
        reason = str(error)
    raise FormatError(path, number, reason + (_hint(line) if number == 1 else ""), cause=cause)


def _hint(line: str | bytes) -> str:
    """What the file may be instead, of which this is the first line."""
    first = line.encode() if isinstance(line, str) else line
    if first.startswith(GZIP):
        return "; this is gzip: unpack it, or let its name end in .gz"
    try:
        first.decode()
    except UnicodeDecodeError:
        return "; records are UTF-8: `ie convert jsonl FILE` reads other encodings"
    if first.lstrip().startswith(b"["):
        return "; records are one object a line: `ie convert --list` names what else can be read"
    return ""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key '{next(key for key in keys if keys.count(key) > 1)}' is there twice")
    return found


def _integer(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:  # Python's own bound, and its advice how to lift it
        raise ValueError(f"a number of {len(digits)} digits") from None


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"the number {digits} is too large")
    return number


def _no_number(name: str) -> None:
    raise ValueError(f"{name}, which is no JSON")


# What Python's reader would take, but what would be lost or be no JSON when it is written again.
_JSON = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_integer, parse_float=_finite, parse_constant=_no_number)


def dumps(record: Record) -> str:
    """The record as one checked JSONL line, without the newline.

    Raises:
        IEError: the record breaks the contract (a defect of the caller, not of the input).
    """
    return _line(record).decode()


def _line(record: Record) -> bytes:
    try:
        check(record)
        return json.dumps(to_json(record), ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:
        raise IEError(f"record {record.id!r} cannot be written: {error}") from None


def read(
    lines: Iterable[bytes], path: str, report: Report, *, prepare: Callable[[int, Any], None] | None = None
) -> Iterator[Record]:
    """Records of a JSONL stream; see `read_numbered`."""
    return (record for _, record in read_numbered(lines, path, report, prepare=prepare))


def read_numbered(
    lines: Iterable[bytes], path: str, report: Report, *, prepare: Callable[[int, Any], None] | None = None
) -> Iterator[tuple[int, Record]]:
    """Records of a JSONL stream, each with the number of its line, from 1.

    A bad line is skipped and reported, an empty one is passed over.

    Args:
        prepare: changes a parsed line, of which it gets the number, before it is checked.
    """
    for number, line in enumerate(lines, 1):
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line.strip():
            continue
        try:
            yield number, loads(line, path, number, prepare=prepare and partial(prepare, number))
        except FormatError as error:
            report.skipped(path, number, error.reason, cause=error.cause)


def write(records: Iterable[Record], out: BinaryIO) -> None:
    """Write records as JSONL, a whole line at a time."""
    for record in records:
        out.write(_line(record) + b"\n")
