"""Label Studio: the JSON export (and import), with span labels and relations; end exclusive.

    [{"id": 1, "data": {"text": "小米雷军"}, "annotations": [{"was_cancelled": false, "result": [
      {"id": "a", "from_name": "label", "to_name": "text", "type": "labels",
       "value": {"start": 0, "end": 2, "text": "小米", "labels": ["ORG"]}},
      {"id": "b", "from_name": "label", "to_name": "text", "type": "labels",
       "value": {"start": 2, "end": 4, "text": "雷军", "labels": ["PER"]}},
      {"from_id": "a", "to_id": "b", "type": "relation", "direction": "right", "labels": ["创始人"]}]}]}]

- Of several annotators the first that did not cancel is taken; the others are reported as lost.
- Offsets are code points. Older versions stored UTF-16 units, in which an emoji counts twice: where
  the region's `text` fits only so, they are converted and reported as mended.
- Regions that are no span labels (choices, ratings, free text) and `predictions` are reported as lost;
  what the server keeps about a task (dates, users) is not read.
- The text is `data.text`, else the only string in `data`; the id is `data.id`, else the task's own;
  other keys of `data` stay with the record. A record without `entities` is a task without annotations.
- Events are spans labelled `event:TYPE`, the triggers, and relations from these to the arguments, named by
  the role. An argument that is no entity is labelled `argument`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from ie_cli import files
from ie_cli.errors import Report
from ie_cli.formats._reading import Row, build_records, items, kept, misfit, rows, without
from ie_cli.formats._span_graph import Edge, assembled, with_edges
from ie_cli.formats._writing import Draft, drafts, record_keys, write_json_array
from ie_cli.records import Entity, Record

_LABELS = ("labels", "hypertextlabels")


def read(path: str, report: Report, *, encoding: str | None = None) -> Iterator[Record]:
    """Records of a Label Studio export, one for each task."""
    tasks = (v._replace(value=_flat(v.value)) for v in files.json_rows(path, report, encoding=encoding))
    return build_records(rows(tasks, path, report), _record)


def _flat(task: Any) -> Any:
    """The task with its text on the top level, where `rows` looks for it."""
    data = task.get("data") if isinstance(task, dict) else None
    return {**task, "text": data.get(_text_key(data))} if isinstance(data, dict) else task


def _text_key(data: dict[str, Any]) -> str:
    """`text`, or the key of the only string: each project names it as it likes."""
    strings = [key for key, value in data.items() if isinstance(value, str) and key != "id"]
    return strings[0] if "text" not in data and len(strings) == 1 else "text"


def _record(row: Row) -> Record:
    if "data" not in row.data:
        raise ValueError("no 'data': this is no task of the JSON export (JSON-MIN is not read)")
    data = items(row.data["data"], dict, "data")
    if row.data.get("predictions"):
        row.lost("predictions are not read", cause="predictions")
    ident = data.get("id", row.data.get("id"))
    extra = without(data, "id", _text_key(data))
    result = _chosen(row, items(row.data.get("annotations", []), list, "annotations"))
    if result is None:
        return row.record(ident, extra=extra)
    spans: list[Entity] = []
    by_id: dict[str, int] = {}  # where the first span of a region stands
    for region in result:
        if region.get("type") in _LABELS:
            found = kept(_entities(row, items(region.get("value"), dict, "value")))
            if found and region.get("id") is not None and row.is_new(str(region.get("id")), by_id):
                by_id[str(region.get("id"))] = len(spans)
            spans += found
        elif region.get("type") != "relation":
            row.lost(f"a region of type '{region.get('type')}'", cause="region that is no span label")
    wanted = [region for region in result if region.get("type") == "relation"]
    edges = [edge for region in wanted for edge in _edges(row, region, by_id)]
    entities, relations, events = assembled(row, spans, edges)
    return row.record(ident, entities=entities, relations=relations if wanted else None, events=events, extra=extra)


def _chosen(row: Row, annotations: list[Any]) -> list[dict[str, Any]] | None:
    """The regions of the first annotation that was not cancelled, or None where there is none."""
    chosen = None
    for annotation in annotations:
        result = items(items(annotation, dict, "annotations").get("result"), list, "result")
        if annotation.get("was_cancelled"):
            row.lost("a cancelled annotation is not read", cause="cancelled annotation")
        elif chosen is None:
            chosen = [items(region, dict, "result") for region in result]
        else:
            row.lost("the annotation of a further annotator is not read", cause="further annotator")
    return chosen


def _entities(row: Row, value: dict[str, Any]) -> Iterator[Entity | None]:
    start, end, surface = value.get("start"), value.get("end"), value.get("text")
    if misfit(row.text, start, end, surface) and not misfit(row.text, *_from_utf16(row.text, start, end), surface):
        start, end = _from_utf16(row.text, start, end)
        row.mended(f"'{surface}': offsets in UTF-16 units", cause="offsets in UTF-16 units")
    labels = [name for key in _LABELS for name in items(value.get(key) or [], list, key)]
    return (row.entity(start, end, name, surface) for name in labels or [None])


def _from_utf16(text: str, start: Any, end: Any) -> tuple[int | None, int | None]:
    """Code-point offsets of offsets in UTF-16 units; None for what is no such offset."""
    units = text.encode("utf-16-le")
    if type(start) is not int or type(end) is not int or not 0 <= start <= end <= len(units) // 2:
        return None, None
    before, inside = units[: 2 * start], units[2 * start : 2 * end]
    first = len(before.decode("utf-16-le", "replace"))
    return first, first + len(inside.decode("utf-16-le", "replace"))


def _edges(row: Row, region: dict[str, Any], by_id: dict[str, int]) -> Iterator[Edge]:
    ends = [by_id.get(str(region.get(key))) for key in ("from_id", "to_id")]
    if region.get("direction") == "left":
        ends.reverse()
    elif region.get("direction") == "bi":
        row.mended("a relation of both directions is read as one", cause="direction 'bi'")
    return (Edge(name, *ends) for name in items(region.get("labels") or [None], list, "labels"))


def write(records: Iterable[Record], out: BinaryIO, report: Report) -> None:
    """Write tasks for import, with span labels named `label` on a text named `text`."""
    write_json_array(map(_task, drafts(records, report)), out)


def _task(draft: Draft) -> dict[str, Any]:
    record = draft.record
    ident = {} if record.id is None else {"id": record.id}
    task: dict[str, Any] = {"data": ident | {"text": record.text} | record_keys(record), "annotations": []}
    if record.entities is not None or record.relations is not None or record.events:
        spans, edges = with_edges(draft)
        regions = [_region(i, s.start, s.end, s.type, s.text) for i, s in enumerate(spans)]
        task["annotations"] = [{"result": [*regions, *(_link(*edge) for edge in edges)]}]
    return task


def _region(index: int, start: int, end: int, kind: str, text: str) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": text, "labels": [kind]}
    return {"id": f"s{index}", "from_name": "label", "to_name": "text", "type": "labels", "value": value}


def _link(name: str, start: int, end: int) -> dict[str, Any]:
    ends = {"from_id": f"s{start}", "to_id": f"s{end}"}
    return ends | {"type": "relation", "direction": "right", "labels": [name]}
