"""doccano: JSON lines, span labels and relations; code points, end exclusive.

    {"id": 1, "text": "小米雷军", "label": [[0, 2, "ORG"], [2, 4, "PER"]]}
    {"id": 1, "text": "小米雷军", "entities": [{"id": 7, "label": "ORG", "start_offset": 0, "end_offset": 2},
      {"id": 8, "label": "PER", "start_offset": 2, "end_offset": 4}],
      "relations": [{"id": 1, "from_id": 7, "to_id": 8, "type": "创始人"}]}

The list may also be called `labels`. Read are both; written is the second where the record has
relations, else the first, as doccano's own import expects. Ids of entities and relations are not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from ie_cli import files
from ie_cli.errors import Report
from ie_cli.formats._rows import Row, graph, items, kept, leave_out, placed, records, rows, write_json_lines
from ie_cli.records import Entity, Record, Relation

_LISTS = ("label", "labels")


def read(path: str, report: Report, *, encoding: str | None = None) -> Iterator[Record]:
    """Records of a doccano export."""
    return records(rows(files.json_rows(path, report, encoding=encoding), path, report), _record)


def _record(row: Row) -> Record:
    found: list[Entity | None] | None = None
    for key in _LISTS:
        if key in row.data:
            found = (found or []) + [_listed(row, item) for item in items(row.data[key], list, key)]
    by_id: dict[str, Entity] = {}  # a JSON number and its string are the same id
    if "entities" in row.data:
        found = found or []
        for item in items(row.data["entities"], list, "entities"):
            entity = _named(row, item)
            found.append(entity)
            if entity and "id" in item:
                by_id[str(item["id"])] = entity
    relations = None
    if "relations" in row.data:
        wanted = items(row.data["relations"], list, "relations")
        relations = kept(_relation(row, item, by_id) for item in wanted)
    used = {"id", "entities", "relations", *_LISTS}
    extra = {key: value for key, value in row.data.items() if key not in used}
    return row.record(row.data.get("id"), None if found is None else kept(found), relations, extra)


def _listed(row: Row, item: Any) -> Entity | None:
    return row.entity(*(item if isinstance(item, list) and len(item) == 3 else (None, None, None)))


def _named(row: Row, item: Any) -> Entity | None:
    item = item if isinstance(item, dict) else {}
    return row.entity(item.get("start_offset"), item.get("end_offset"), item.get("label"))


def _relation(row: Row, item: Any, by_id: dict[str, Entity]) -> Relation | None:
    item = item if isinstance(item, dict) else {}
    subject, object_ = (by_id.get(str(item.get(key))) for key in ("from_id", "to_id"))
    return row.relation(item.get("type"), subject, object_)


def write(records_: Iterable[Record], out: BinaryIO, report: Report) -> None:
    """Write JSON lines for import into doccano."""
    write_json_lines((_row(record, number, report) for number, record in enumerate(records_, 1)), out)


def _row(record: Record, number: int, report: Report) -> dict[str, Any]:
    leave_out(record, number, report, "events")
    row: dict[str, Any] = {} if record.id is None else {"id": record.id}
    row["text"] = record.text
    if record.relations is not None:
        spans, relations = graph(record, number, report)
        row["entities"] = [
            {"id": i, "label": s.type, "start_offset": s.start, "end_offset": s.end} for i, s in enumerate(spans)
        ]
        row["relations"] = [
            {"id": i, "from_id": subject, "to_id": object_, "type": predicate}
            for i, (predicate, subject, object_) in enumerate(relations)
        ]
    elif record.entities is not None:
        row["label"] = [[e.start, e.end, e.type] for e in placed(record, number, report)]
    return row | record.extra
