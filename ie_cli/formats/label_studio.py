"""Label Studio: the JSON export (and import), with span labels and relations; end exclusive.

    [{"id": 1, "data": {"text": "小米雷军"}, "annotations": [{"was_cancelled": false, "result": [
      {"id": "a", "from_name": "label", "to_name": "text", "type": "labels",
       "value": {"start": 0, "end": 2, "text": "小米", "labels": ["ORG"]}},
      {"id": "b", "from_name": "label", "to_name": "text", "type": "labels",
       "value": {"start": 2, "end": 4, "text": "雷军", "labels": ["PER"]}},
      {"from_id": "a", "to_id": "b", "type": "relation", "direction": "right", "labels": ["创始人"]}]}]}]

- Of several annotators the first that did not cancel is taken; the others are reported as lost.
- Versions before 1.0 call the `annotations` `completions`.
- Offsets are code points. Older versions stored UTF-16 units, in which an emoji counts twice: where
  the `text` of more regions of a task fits so, or that of one only so, they are converted and reported as mended.
- White space in the `text` of a region may be what a browser makes of it (one space for several, `\\n` for a
  line end): it is the text's own that counts, and this is reported as mended.
- Regions that are no span labels (choices, ratings, free text), `predictions` and `drafts` are reported as lost;
  what the server keeps about a task (dates, users) is not read.
- The text is `data.text`, else the only string in `data`; the id is `data.id`, else the task's own;
  other keys of `data` stay with the record. A record without `entities` is a task without annotations.
- Events are spans labelled `event:TYPE`, the triggers, and relations from these to the arguments, named by
  the role. An argument that is no entity is labelled `argument`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from ie_cli import files
from ie_cli.errors import Report
from ie_cli.formats import _utf16
from ie_cli.formats._reading import Row, build_records, items, kept, misfit, rows, without
from ie_cli.formats._span_graph import Edge, assembled, with_edges
from ie_cli.formats._writing import Draft, drafts, record_keys, write_json_array
from ie_cli.records import Entity, Record

_LABELS = ("labels", "hypertextlabels")
_SPACE = re.compile(r"(?:\s|\\n)+")  # a line end may stand as a backslash and an n in the text of a region


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
    for key in ("predictions", "drafts"):
        if row.data.get(key):
            row.lost(f"{key} are not read", cause=key)
    ident = data.get("id", row.data.get("id"))
    extra = without(data, "id", _text_key(data))
    key = "annotations" if "annotations" in row.data else "completions"
    result = _chosen(row, items(row.data.get(key, []), list, key))
    if result is None:
        return row.record(ident, extra=extra)
    spans: list[Entity] = []
    by_id: dict[str, int] = {}  # where the first span of a region stands
    places = _Places(row, [region.get("value") for region in result if region.get("type") in _LABELS])
    for region in result:
        if region.get("type") in _LABELS:
            found = kept(_entities(row, items(region.get("value"), dict, "value"), places))
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


def _entities(row: Row, value: dict[str, Any], places: _Places) -> Iterator[Entity | None]:
    start, end, surface = places.settled(value)
    labels = [name for key in _LABELS for name in items(value.get(key) or [], list, key)]
    return (row.entity(start, end, name, surface) for name in labels or [None])


class _Places:
    """Offsets of the regions of a task in code points.

    Args:
        row: of the task.
        values: of all its regions, which together say what the offsets count.
    """

    def __init__(self, row: Row, values: list[Any]):
        self._row, self._units = row, _utf16.table(row.text)
        placed = [(v.get("start"), v.get("end"), v.get("text")) for v in values if isinstance(v, dict)]
        fits = [[self._fits(*way, s) for way in self._ways(a, b)] for a, b, s in placed if s is not None]
        self._in_units = self._units is not None and sum(u for _, u in fits) > sum(c for c, _ in fits)

    def settled(self, value: dict[str, Any]) -> tuple[Any, Any, str | None]:
        """Start, end and string of a region; no string where only its white space differs from the text."""
        start, end, surface = value.get("start"), value.get("end"), value.get("text")
        ways = self._ways(start, end)
        for loose in (False, True):
            for way in reversed(ways) if self._in_units else ways:
                if self._fits(*way, surface, loose=loose):
                    if way != (start, end):
                        self._row.mended(f"'{surface}': offsets in UTF-16 units", cause="offsets in UTF-16 units")
                    if loose:
                        reason = f"{surface!r} has other white space than the text, {self._row.text[slice(*way)]!r}"
                        self._row.mended(reason, cause="white space that differs from the text")
                    return *way, None if loose else surface
        return start, end, surface

    def _ways(self, start: Any, end: Any) -> list[tuple[Any, Any]]:
        """The offsets as code points and, where that makes a difference, as UTF-16 units."""
        units = self._units
        return [(start, end)] + ([] if units is None else [tuple(_utf16.code_points(units, x) for x in (start, end))])

    def _fits(self, start: Any, end: Any, surface: Any, *, loose: bool = False) -> bool:
        if not loose or misfit(self._row.text, start, end) or not isinstance(surface, str):
            return not misfit(self._row.text, start, end, surface)
        return _SPACE.sub(" ", self._row.text[start:end]) == _SPACE.sub(" ", surface)


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
    task: dict[str, Any] = {"data": draft.row() | record_keys(record), "annotations": []}
    draft.cannot_say_none("relations", "events", *(("entities",) if record.events else ()))
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
