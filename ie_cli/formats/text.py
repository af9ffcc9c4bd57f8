"""Plain text, one text a line.

    小米发布新手机

An empty line is no text and is passed over; a line of spaces is one. The record is named after file
and line. When written, only the texts get through, and each annotation is reported as lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from ie_cli import files
from ie_cli.errors import Report
from ie_cli.formats._reading import Row
from ie_cli.formats._writing import drafts, guard_bom
from ie_cli.records import Record


def read(path: str, report: Report, *, encoding: str | None = None) -> Iterator[Record]:
    """A record for each line of text."""
    for line, text in files.lines(path, report, encoding=encoding):
        if text:
            yield Row(path, line, text, {}, report).record()


def write(records: Iterable[Record], out: BinaryIO, report: Report) -> None:
    """Write the texts of the records, one a line."""
    first = True
    for draft in drafts(records, report):
        text = draft.record.text
        if not text or "\n" in text or text.endswith("\r"):
            draft.skipped("a text that is empty or holds a line end is no line")
            continue
        draft.leave_out("entities", "relations", "events")
        draft.without_record_keys()
        out.write(guard_bom(text, first).encode() + b"\n")
        first = False
