"""JSON in the layouts in which it is published: lines, one array, or one document."""

from __future__ import annotations

import json
import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ie_cli.errors import FormatError, Report
from ie_cli.files._lines import first_line, lines
from ie_cli.files._surrogates import LONE_SURROGATE, has_lone_surrogate, replace_lone_surrogates

_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # in JSON; one of a pair, or a lone one


class _Decoder(json.JSONDecoder):
    """Python's decoder, which also takes what is no JSON and the last of two values; it keeps a note of either."""

    def __init__(self):
        super().__init__(object_pairs_hook=self._object, parse_float=self._float, parse_constant=self._constant)
        self._notes: list[tuple[str, str, str]] = []  # kind, reason, cause

    def tell(self, report: Report, path: str | os.PathLike, line: int) -> None:
        """Report what was noted since the last call."""
        for kind, reason, cause in self._notes:
            (report.lost if kind == "lost" else report.mended)(path, line, reason, cause=cause)
        self._notes.clear()

    def forget(self) -> None:
        """Drop what was noted of a value that could not be read."""
        self._notes.clear()

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            for key, times in Counter(key for key, _ in pairs).items():
                for _ in range(times - 1):
                    reason = f"the key '{key}' is there twice in one object, where only the last counts; keep one"
                    self._notes.append(("lost", reason, "key that is there twice"))
        return found

    def _float(self, digits: str) -> float | None:
        number = float(digits)
        return number if math.isfinite(number) else self._constant(digits)

    def _constant(self, name: str) -> None:
        self._notes.append(("mended", f"{name}, which is no number in JSON, is read as null", "no number in JSON"))


class Value(NamedTuple):
    """A JSON value, the line where it begins, and its number: that line, or which item of an array it is."""

    line: int
    number: int
    value: Any


def json_rows(path: str | os.PathLike, report: Report, *, encoding: str | None = None) -> Iterator[Value]:
    """The values of JSON lines, of one array, or of one document on many lines.

    JSON lines are streamed and a broken line is skipped and reported. An array or a document is read
    whole, and a defect in it is a `FormatError`: what follows it cannot be read. A file is taken
    for JSON lines unless it begins with `[` or its first line is an open document (ends in `{`, `[` or `,`).
    """
    return json_values(lines(path, report, encoding=encoding), path, report)


def json_values(rows: Iterable[tuple[int, str]], path: str | os.PathLike, report: Report) -> Iterator[Value]:
    """What `json_rows` gives, from numbered lines."""
    first, rows = first_line(rows)
    begin = first.strip()
    if begin.startswith("[") or begin.endswith(("{", "[", ",")):
        document = "\n".join(line for _, line in rows)
        mend = _ESCAPED_SURROGATE.search(document)
        for number, (line, value) in enumerate(_values(document, path, report), 1):
            yield Value(line, number, _mended(value, path, line, report) if mend else value)
    else:
        yield from _json_lines(rows, path, report)


def _json_lines(rows: Iterable[tuple[int, str]], path: str | os.PathLike, report: Report) -> Iterator[Value]:
    decoder = _Decoder()
    for number, line in rows:
        if not line.strip():
            continue
        try:
            value = decoder.decode(line)
        except (ValueError, RecursionError) as error:
            report.skipped(path, number, _not_json(error), cause="not JSON")
            decoder.forget()
        else:
            decoder.tell(report, path, number)
            mend = _ESCAPED_SURROGATE.search(line)
            yield Value(number, number, _mended(value, path, number, report) if mend else value)


def _values(document: str, path: str | os.PathLike, report: Report) -> Iterator[tuple[int, Any]]:
    """(line, value) of each item of an array, or of each document where there is no array."""
    decoder, space = _Decoder(), re.compile(r"[ \t\r\n]*")
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
        decoder.tell(report, path, line)
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
    why = "nested too deep" if isinstance(error, RecursionError) else "a number with too many digits"
    return f"not JSON that can be read: {why}"


def _mended(value: Any, path: str | os.PathLike, line: int, report: Report) -> Any:
    """The value with U+FFFD for escaped lone surrogates (`"\\ud83d"`), which no UTF-8 can hold."""
    if not _holds_lone_surrogate(value):
        return value
    report.mended(path, line, LONE_SURROGATE)
    return _map_strings(value)


def _holds_lone_surrogate(value: Any) -> bool:
    if isinstance(value, str):
        return has_lone_surrogate(value)
    if isinstance(value, dict):
        return any(_holds_lone_surrogate(k) or _holds_lone_surrogate(v) for k, v in value.items())
    return isinstance(value, list) and any(map(_holds_lone_surrogate, value))


def _map_strings(value: Any) -> Any:
    if isinstance(value, str):
        return replace_lone_surrogates(value)
    if isinstance(value, dict):
        return {replace_lone_surrogates(k): _map_strings(v) for k, v in value.items()}
    return [_map_strings(v) for v in value] if isinstance(value, list) else value
