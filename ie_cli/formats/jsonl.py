"""Our own records, one JSON object a line.

    {"id": "1", "text": "小米发布新手机", "entities": [{"start": 0, "end": 2, "type": "company", "text": "小米"}]}

Ids are taken as they are; none is invented.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from ie_cli import files, records
from ie_cli.errors import Report
from ie_cli.records import Record


def read(path: str, report: Report) -> Iterator[Record]:
    """Records as they are."""
    with files.opened(path) as stream:
        yield from records.read(stream, str(path), report)


def write(records_: Iterable[Record], out: BinaryIO, report: Report) -> None:
    """Write records as they are."""
    records.write(records_, out)
