"""Our own records, one JSON object a line.

    {"id": "1", "text": "小米发布新手机", "entities": [{"start": 0, "end": 2, "type": "company", "text": "小米"}]}

Ids are taken as they are; none is invented. A span with a place but without its `text` gets what stands there, and
this is told: such offsets are not checked by anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from ie_cli import files, records
from ie_cli.errors import Report
from ie_cli.records import Record


def read(path: str, report: Report, *, encoding: str | None = None) -> Iterator[Record]:
    """Records as they are, with the texts of spans filled in."""

    def fill_in(line: int, data: Any) -> None:
        if count := _fill_in(data):
            reason = f"spans without 'text': {count}, filled in with what stands there"
            report.mended(path, line, reason, cause="spans without text")

    lines = (line.encode() for _, line in files.lines(path, report, encoding=encoding))
    return records.read(lines, str(path), report, prepare=fill_in)


def _fill_in(data: Any) -> int:
    """Give each span that has a place but no `text` what stands there; returns how many there were."""
    text = data.get("text") if isinstance(data, dict) else None
    if not isinstance(text, str):
        return 0
    bare = [s for s in _spans(data) if "text" not in s and type(s.get("start")) is type(s.get("end")) is int]
    for span in bare:
        span["text"] = text[span["start"] : span["end"]]
    return len(bare)


def _spans(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Whatever may be a span, where a record has them."""
    yield from _objects(data.get("entities"))
    for relation in _objects(data.get("relations")):
        yield from _objects([relation.get("subject"), relation.get("object")])
        yield from _objects(relation.get("slots"))
    for event in _objects(data.get("events")):
        yield from _objects([event.get("trigger")])
        yield from _objects(event.get("arguments"))


def _objects(values: Any) -> Iterator[dict[str, Any]]:
    """The JSON objects in an array or object; none in anything else, which is told when the record is made."""
    values = values.values() if isinstance(values, dict) else values
    return (value for value in values if isinstance(value, dict)) if isinstance(values, Iterable) else iter(())


def write(records_: Iterable[Record], out: BinaryIO, report: Report) -> None:
    """Write records as they are."""
    records.write(records_, out)
