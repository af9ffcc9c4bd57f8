"""Events as DuEE has them, with offsets, and as DuEE-fin has them, without.

    {"event_type": "竞赛行为-夺冠", "trigger": "夺冠", "trigger_start_index": 7, "class": "竞赛行为",
     "arguments": [{"role": "冠军", "argument": "梁溪队", "argument_start_index": 0, "alias": []}]}

`alias`, other names of an argument, is in its `extra` unless it is empty; `class` is in that of the event.
"""

from __future__ import annotations

from typing import Any

from ie_cli.formats import _events
from ie_cli.formats._event_schema import Schema, checked
from ie_cli.formats._reading import Row, items, kept, without
from ie_cli.formats._writing import Draft, span_keys
from ie_cli.locate import ENUM, given
from ie_cli.records import Argument, Event, Record, Span

_ROW = {"id", "text", "event_list"}
_EVENT = {"event_type", "trigger", "trigger_start_index", "arguments"}
_ARGUMENT = {"role", "argument", "argument_start_index"}


def record(row: Row, *, schema: Schema | None = None, choices: Schema | None = None) -> Record:
    """The record of a row.

    Args:
        schema: what the events are checked against.
        choices: the roles that are choices, where there is no schema that says so.
    """
    found = row.record(row.data.get("id"), extra=without(row.data, "id", "event_list"))
    if "event_list" in row.data:
        events = items(row.data["event_list"], list, "event_list")
        named = _events.objects(row, events, "event_type")
        found.events = [_event(row, kind, item, schema or choices or {}) for kind, item in named]
        if schema:
            found.events = kept(checked(row, event, schema) for event in found.events)
    return found


def _event(row: Row, kind: str, item: dict[str, Any], choices: Schema) -> Event:
    trigger = _events.read_trigger(row, item.get("trigger"), item.get("trigger_start_index"), kind=kind)
    arguments = items(item.get("arguments", []), list, "arguments")
    extra = row.rest(item, _EVENT, _events.EVENT_KEYS)
    found = kept(_argument(row, kind, argument, choices.get(kind, {})) for argument in arguments)
    return Event(kind, trigger, found, extra=extra)


def _argument(row: Row, kind: str, item: Any, roles: dict[str, list[str]]) -> Argument | None:
    item = item if isinstance(item, dict) else {}
    role, place = item.get("role"), item.get("argument_start_index")
    extra = row.rest(item, _ARGUMENT if item.get("alias") else {*_ARGUMENT, "alias"}, _events.SPAN_KEYS)
    if isinstance(role, str) and roles.get(role):
        extra[ENUM] = True
    return _events.read_argument(row, role, item.get("argument"), place, kind=kind, extra=extra)


# --- Writing -------------------------------------------------------------------------------------


def row(draft: Draft, *, offsets: bool) -> dict[str, Any]:
    """The row of a record; `offsets` is DuEE, without is DuEE-fin."""
    draft.leave_out("entities", "relations")
    record = draft.record
    out = draft.row()
    if record.events is not None:
        out["event_list"] = [_event_row(draft, event, offsets) for event in record.events]
    return draft.with_record_keys(out, _ROW)


def _event_row(draft: Draft, event: Event, offsets: bool) -> dict[str, Any]:
    _events.leave_out_types(draft, event)
    out: dict[str, Any] = {"event_type": event.type}
    if event.trigger is not None:
        out["trigger"] = given(event.trigger)
        out |= _start(event.trigger, "trigger_start_index", offsets)
        _events.leave_out_trigger_keys(draft, event)
    out["arguments"] = [_argument_row(draft, argument, offsets) for argument in event.arguments]
    return draft.with_keys(out, event.extra, _EVENT, "an event")


def _argument_row(draft: Draft, argument: Argument, offsets: bool) -> dict[str, Any]:
    out = _start(argument, "argument_start_index", offsets)
    out |= {"role": argument.role, "argument": given(argument)}
    return draft.with_keys(out | ({"alias": []} if offsets else {}), span_keys(argument), _ARGUMENT, "an argument")


def _start(span: Span, key: str, offsets: bool) -> dict[str, Any]:
    return {key: span.start} if offsets and span.start is not None else {}
