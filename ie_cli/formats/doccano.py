"""doccano: JSON lines, span labels and relations; code points, end exclusive.

    {"id": 1, "text": "小米雷军", "label": [[0, 2, "ORG"], [2, 4, "PER"]]}
    {"id": 1, "text": "小米雷军", "entities": [{"id": 7, "label": "ORG", "start_offset": 0, "end_offset": 2},
      {"id": 8, "label": "PER", "start_offset": 2, "end_offset": 4}],
      "relations": [{"id": 1, "from_id": 7, "to_id": 8, "type": "创始人"}]}

- The list may also be called `labels` or `entities`, and the text `data`: versions differ. Read is each of them;
  written is the second form where the record has relations or events, else the first, as doccano's own import
  expects. Ids of entities and relations are not kept.
- `annotations`, in which older versions export numbers for labels, stay as they are and are reported as lost.
- doccano knows no events. Here they are spans labelled `event:TYPE`, the triggers, and relations from
  these to the arguments, named by the role. An argument that is no entity is labelled `argument`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from ie_cli import files
from ie_cli.errors import Report
from ie_cli.formats._reading import Row, build_records, items, kept, rows, without
from ie_cli.formats._span_graph import Edge, assembled, tell_event, with_edges
from ie_cli.formats._writing import Draft, drafts, write_json_lines
from ie_cli.records import Entity, Record

_LISTS = ("label", "labels")
_ROW = {"id", "text", "entities", "relations", *_LISTS}


def read(path: str, report: Report, *, encoding: str | None = None) -> Iterator[Record]:
    """Records of a doccano export."""
    found = (v._replace(value=_with_text(v.value)) for v in files.json_rows(path, report, encoding=encoding))
    return build_records(rows(found, path, report), _record)


def _with_text(value: Any) -> Any:
    """The row with its text under `text`, where it is under `data`."""
    if isinstance(value, dict) and "text" not in value and isinstance(value.get("data"), str):
        return {"text" if key == "data" else key: item for key, item in value.items()}
    return value


def _record(row: Row) -> Record:
    spans: list[Entity] = []
    for key in _LISTS:
        spans += kept(_listed(row, item) for item in items(row.data.get(key, []), list, key))
    by_id: dict[str, int] = {}  # a JSON number and its string are the same id
    for item in items(row.data.get("entities", []), list, "entities"):
        if not isinstance(item, dict):
            spans += kept([_listed(row, item)])
        elif entity := _named(row, item):
            if item.get("id") is not None and row.is_new(str(item["id"]), by_id):
                by_id[str(item["id"])] = len(spans)
            spans.append(entity)
    edges = [_edge(item, by_id) for item in items(row.data.get("relations", []), list, "relations")]
    entities, relations, events = assembled(row, spans, edges)
    if not row.data.keys() & {"entities", *_LISTS}:
        entities = None
        if row.data.get("annotations"):
            reason = "'annotations' are not read, they have numbers for labels: export JSONL with text labels"
            row.lost(reason, cause="annotations with numbers for labels")
    if "relations" not in row.data:
        relations = None
    extra = without(row.data, "id", "entities", "relations", *_LISTS)
    return row.record(row.data.get("id"), entities=entities, relations=relations, events=events, extra=extra)


def _listed(row: Row, item: Any) -> Entity | None:
    if isinstance(item, list) and len(item) == 3:
        return row.entity(*item)
    row.lost(f"{item!r} is not [START, END, LABEL]", cause="label that is no span")
    return None


def _named(row: Row, item: dict[str, Any]) -> Entity | None:
    return row.entity(item.get("start_offset"), item.get("end_offset"), item.get("label"))


def _edge(item: Any, by_id: dict[str, int]) -> Edge:
    item = item if isinstance(item, dict) else {}
    return Edge(item.get("type"), *(by_id.get(str(item.get(key))) for key in ("from_id", "to_id")))


def write(records: Iterable[Record], out: BinaryIO, report: Report) -> None:
    """Write JSON lines for import into doccano."""
    write_json_lines(map(_row, drafts(records, report)), out)


def _row(draft: Draft) -> dict[str, Any]:
    record = draft.record
    row = draft.row()
    draft.cannot_say_none("events", *(("entities", "relations") if record.events else ()))
    if record.relations is not None or record.events:
        spans, edges = with_edges(draft)
        row["entities"] = [
            {"id": i, "label": s.type, "start_offset": s.start, "end_offset": s.end} for i, s in enumerate(spans)
        ]
        row["relations"] = [
            {"id": i, "from_id": edge.start, "to_id": edge.end, "type": edge.name} for i, edge in enumerate(edges)
        ]
    elif record.entities is not None:
        found = draft.placed_entities()
        row["label"] = [[e.start, e.end, e.type] for e in found]
        for entity in found:
            tell_event(draft, entity)
    return draft.with_record_keys(row, _ROW)
