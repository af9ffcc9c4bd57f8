"""CLUENER2020: JSON lines, entities by type and surface, end inclusive.

    {"text": "浙商银行叶老桂", "label": {"company": {"浙商银行": [[0, 3]]}, "name": {"叶老桂": [[4, 6]]}}}

A row without `label` (the test file) becomes a record without `entities`. Written is the submission
form with the text kept. Entities come in the order of the text, since the objects have none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from ie_cli.errors import Report
from ie_cli.formats._reading import Row, after, items, kept, read_json, without
from ie_cli.formats._writing import Draft, drafts, write_json_lines
from ie_cli.records import Entity, Record

_ROW = {"id", "text", "label"}


def read(path: str, report: Report, *, encoding: str | None = None) -> Iterator[Record]:
    """Records of a CLUENER file, `-` for standard input."""
    return read_json(path, report, _record, encoding=encoding)


def _record(row: Row) -> Record:
    entities = None
    if "label" in row.data:
        found = _entities(row, items(row.data["label"], dict, "label"))
        entities = sorted(kept(found), key=lambda e: (e.start, e.end, e.type))
    return row.record(row.data.get("id"), entities=entities, extra=without(row.data, "id", "label"))


def _entities(row: Row, label: dict[str, Any]) -> Iterator[Entity | None]:
    for kind, surfaces in label.items():
        for surface, places in items(surfaces, dict, kind).items():
            if not items(places, list, surface):
                row.lost(f"{kind} '{surface}' has no place", cause="surface without a place")
            for place in places:
                start, end = place if isinstance(place, list) and len(place) == 2 else (None, None)
                yield row.entity(start, after(end), kind, surface)


def write(records: Iterable[Record], out: BinaryIO, report: Report) -> None:
    """Write the submission form with texts, JSON lines."""
    write_json_lines(map(_row, drafts(records, report)), out)


def _row(draft: Draft) -> dict[str, Any]:
    draft.leave_out("relations", "events")
    record = draft.record
    row = draft.row()
    if record.entities is not None:
        row["label"] = {}
        for entity in draft.placed_entities():
            places = row["label"].setdefault(entity.type, {}).setdefault(entity.text, [])
            places.append([entity.start, entity.end - 1])
    return draft.with_record_keys(row, _ROW)
