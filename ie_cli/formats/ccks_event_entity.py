"""CCKS 2019, the subject of a financial event: CSV of id, text, type of event and entity.

    "204199","青禾科技(000001)副总被查 温故书店关门","高管负面","青禾科技"
    "100373","今日无事","其他","NaN"

- Each row is a question of its own: who is the subject of an event of this type? So it is a record of its
  own; its event has no trigger and one argument with the role 主体. Rows that follow each other with the
  same id and text are one record.
- `--variant texts` makes one record of all rows with the same text, for models that look for all the
  events of a text. It has the id of the first row. An event that several rows give is there once, with
  the `ids` of these rows; `ids_without_event` of the record are the rows that give none.
- The type 其他 or NaN with the entity NaN or nothing is no event. Another type without an entity is an
  event without arguments.
- The rows of a test file have no entity: their records have no `events`, and `asked_type` is the type.
- Written is a row for each subject. A record with `asked_type` and `events` is an answer to a test file and
  becomes a row of the submission, id and entity: the best subject among the events of that type.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from ie_cli import files
from ie_cli.errors import Report, UsageError
from ie_cli.formats import _events
from ie_cli.formats._reading import Row
from ie_cli.formats._writing import Draft, drafts, record_keys
from ie_cli.locate import given
from ie_cli.records import Argument, Event, Record
from ie_cli.registry import unknown

SUBJECT = "主体"
OTHER, NOTHING = "其他", "NaN"
VARIANTS = ("rows", "texts")
_COLUMNS = ["id", "text", "type", "entity"]
_ASKED, _IDS, _WITHOUT = "asked_type", "ids", "ids_without_event"


def read(path: str, report: Report, *, encoding: str | None = None, variant: str = "rows") -> Iterator[Record]:
    """Records of a CSV file, with or without a line of column names."""
    if variant not in VARIANTS:
        raise UsageError(unknown("variant", variant, VARIANTS))
    rows = _rows(path, report, encoding)
    if variant == "texts":
        texts: dict[tuple[str, ...], list[Row]] = {}
        for row in rows:
            texts.setdefault(_key(row)[1:] if "entity" in row.data else _key(row), []).append(row)
        return map(_record, texts.values())
    return (_record(list(group)) for _, group in itertools.groupby(rows, _key))


def _rows(path: str, report: Report, encoding: str | None) -> Iterator[Row]:
    for line, cells in files.csv_rows(files.lines(path, report, encoding=encoding), path, report):
        if len(cells) not in (3, 4):
            report.skipped(path, line, f"{len(cells)} columns, not id, text, type, entity", cause="number of columns")
        elif line > 1 or cells != _COLUMNS[: len(cells)]:
            yield Row(path, line, cells[1], dict(zip(_COLUMNS, cells, strict=False)), report)


def _key(row: Row) -> tuple[str, ...]:
    """What rows of one record have in common; questions without an answer are never joined."""
    asked = () if "entity" in row.data else (row.data["type"], str(row.line))
    return row.data["id"], row.text, *asked


def _record(rows: list[Row]) -> Record:
    first = rows[0].data
    record = rows[0].record(first["id"])
    if "entity" not in first:
        record.extra[_ASKED] = first["type"]
        return record
    ids: dict[tuple[str, str], list[str]] = {}
    without: list[str] = []
    for row in rows:
        kind, entity = row.data["type"], _entity(row)
        there = entity or kind not in (OTHER, NOTHING, "")
        (ids.setdefault((kind, entity), []) if there else without).append(row.data["id"])
    record.events = [_event(rows[0], kind, entity, found) for (kind, entity), found in ids.items()]
    if without != ([] if ids else [record.id]):
        record.extra[_WITHOUT] = without
    return record


def _entity(row: Row) -> str:
    """The entity, "" where there is none. The published file has one NaN in other case, where the type is 其他."""
    entity = row.data["entity"]
    if entity != NOTHING and entity.upper() == NOTHING.upper() and row.data["type"] == OTHER:
        row.mended(f"'{entity}' is read as {NOTHING}", cause="NaN in other case")
        return ""
    if entity not in ("", NOTHING) and not row.data["type"]:
        row.lost(f"'{entity}' is the subject of an event without a type", cause="event without a type")
        return ""
    return "" if entity == NOTHING else entity


def _event(row: Row, kind: str, entity: str, ids: list[str]) -> Event:
    arguments = [Argument(None, None, None, entity, role=SUBJECT)] if entity else []
    return Event(kind, None, arguments, extra={} if ids == [row.data["id"]] else {_IDS: ids})


# --- Writing -------------------------------------------------------------------------------------


def write(records: Iterable[Record], out: BinaryIO, report: Report) -> None:
    """Write CSV with every cell in quotes and without column names."""
    for draft in drafts(records, report):
        for cells in _cells(draft):
            plain = [re.sub(r"\r+\n", "\n", cell) for cell in cells]
            if plain != cells:
                draft.mended("a line end \\r\\n in a cell is written \\n")
            out.write(files.csv_row(plain))


def _cells(draft: Draft) -> Iterator[list[str]]:
    draft.leave_out("entities", "relations")
    record = draft.record
    ident, asked, without = _ident(draft), record.extra.get(_ASKED), _ids(record.extra, _WITHOUT)
    own = {_ASKED: isinstance(asked, str), _WITHOUT: without is not None}
    draft.without_keys((key for key in record_keys(record) if not own.get(key)), "a record", f"'{ident}'")
    if record.events is None:
        yield [ident, record.text, asked if own[_ASKED] else ""]
        return
    found = [(event, subject) for event in record.events for subject in _subjects(draft, event)]
    if own[_ASKED]:
        yield [ident, _answer(draft, asked, found)]
        return
    rows = [[row_id, event.type, subject] for event, subject in found for row_id in _ids(event.extra, _IDS) or [ident]]
    if without is None:
        without = [] if found else [ident]
    rows += [[row_id, OTHER, NOTHING] for row_id in without]
    for row_id, kind, subject in sorted(rows, key=lambda row: row[0] != ident):  # the record's own is its first
        yield [row_id, record.text, kind, subject]


def _ident(draft: Draft) -> str:
    return str(draft.number if draft.record.id is None else draft.record.id)


def _ids(extra: dict[str, Any], key: str) -> list[str] | None:
    """The ids that reading has left under a key; None where there is something else."""
    ids = extra.get(key)
    return ids if isinstance(ids, list) and all(isinstance(one, str) for one in ids) else None


def _subjects(draft: Draft, event: Event) -> list[str]:
    """The subjects of an event, NaN where there is none; the rest of it has no place here."""
    if event.trigger is not None:
        draft.cannot_hold("trigger", f"'{event.trigger.text}'")
    for argument in event.arguments:
        if argument.role != SUBJECT:
            draft.cannot_hold(f"role but {SUBJECT}", f"{argument.role} '{argument.text}'")
    _events.leave_out_keys(draft, event, but={_IDS} if _ids(event.extra, _IDS) else ())
    return [given(a) for a in event.arguments if a.role == SUBJECT] or [NOTHING]


def _answer(draft: Draft, wanted: str, found: list[tuple[Event, str]]) -> str:
    fit = [pair for pair in found if pair[0].type == wanted and pair[1] != NOTHING]
    best = max(fit, key=lambda pair: pair[0].score or 0.0, default=None)
    for pair in found:
        if pair is not best:
            reason = f"{pair[0].type}, '{pair[1]}': the submission has one subject, of '{wanted}'"
            draft.lost(reason, cause="subject that is not the answer")
    return best[1] if best else NOTHING
