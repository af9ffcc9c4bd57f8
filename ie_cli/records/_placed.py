"""A record and where it stands: its file and line, for messages that say where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ie_cli.errors import Report, place
from ie_cli.records._lines import read_numbered
from ie_cli.records._types import Record


class Placed(NamedTuple):
    """A record and where it stands: the file and its 1-based line."""

    path: str
    line: int | None
    record: Record

    @property
    def place(self) -> str:
        return place(self.path, self.line)


def placed(records: Iterable[Record], name: str) -> Iterator[Placed]:
    """Records that stand in no file, placed by their number."""
    return (Placed(name, number, record) for number, record in enumerate(records, 1))


def read_placed(lines: Iterable[bytes], path: str, report: Report) -> Iterator[Placed]:
    """Records of a JSONL stream with their places; see `read_numbered`."""
    return (Placed(path, number, record) for number, record in read_numbered(lines, path, report))
