"""CMeEE, nested Chinese medical entities: JSON, or the text form of CHIP2020; end inclusive.

    [{"text": "对SARS病人", "entities": [{"start_idx": 1, "end_idx": 4, "type": "dis", "entity": "SARS"}]}]
    对SARS病人|||1    4    dis|||

Which one it is shows in the first character; the JSON may also be one object a line. A text may begin
with U+FEFF, which counts in the offsets: only the byte order mark of the file, before the first text,
is dropped. In the text form the first `|||` ends the text. A row without `entities`, or a line without
`|||` (test files), is a record without `entities`. Written is the submission form, a JSON array of
texts and entities without ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from ie_cli import files
from ie_cli.errors import Report
from ie_cli.formats._reading import Row, after, build_records, items, kept, rows, without
from ie_cli.formats._writing import Draft, drafts, write_json_array
from ie_cli.records import Entity, Record

_PLACE = re.compile(r"\s*([0-9]{1,9})\s+([0-9]{1,9})\s+(\S+)\s*")


def read(path: str, report: Report, *, encoding: str | None = None) -> Iterator[Record]:
    """Records of a CMeEE file, in either form."""
    first, lines = files.first_line(files.lines(path, report, encoding=encoding))
    if first.lstrip().startswith(("[", "{")):
        return build_records(rows(files.json_values(lines, path, report), path, report), _from_json)
    return (_from_line(Row(path, line, *_split(text), report)) for line, text in lines if text)


def _from_json(row: Row) -> Record:
    entities = None
    if "entities" in row.data:
        entities = kept(_entity(row, item) for item in items(row.data["entities"], list, "entities"))
    return row.record(row.data.get("id"), entities=entities, extra=without(row.data, "id", "entities"))


def _entity(row: Row, item: Any) -> Entity | None:
    item = item if isinstance(item, dict) else {}
    return row.entity(item.get("start_idx"), after(item.get("end_idx")), item.get("type"), item.get("entity"))


def _split(line: str) -> tuple[str, dict[str, Any]]:
    """Text and annotations of a line; a line without `|||` has none to give."""
    text, *places = line.split("|||")
    return text, {"entities": [place for place in places if place]} if places else {}


def _from_line(row: Row) -> Record:
    entities = None
    if "entities" in row.data:
        entities = kept(_entity_from_text(row, place) for place in row.data["entities"])
    return row.record(entities=entities)


def _entity_from_text(row: Row, place: str) -> Entity | None:
    found = _PLACE.fullmatch(place)
    if found is None:
        row.lost(f"'{place}' is not START END TYPE", cause="annotation that cannot be read")
        return None
    return row.entity(int(found[1]), int(found[2]) + 1, found[3])


def write(records: Iterable[Record], out: BinaryIO, report: Report) -> None:
    """Write the submission form, a JSON array."""
    write_json_array(map(_row, drafts(records, report)), out)


def _row(draft: Draft) -> dict[str, Any]:
    draft.leave_out("relations", "events")
    draft.without_record_keys()
    row: dict[str, Any] = {"text": draft.record.text}
    if draft.record.entities is not None:
        row["entities"] = [
            {"start_idx": e.start, "end_idx": e.end - 1, "type": e.type, "entity": e.text}
            for e in draft.placed_entities()
        ]
    return row
