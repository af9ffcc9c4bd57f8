"""FewFC, events in financial sentences: the trigger is one of the mentions; end exclusive.

    {"id": "c1", "content": "青禾科技收购温故书店。", "events": [{"type": "收购", "mentions": [
      {"word": "收购", "span": [4, 6], "role": "trigger"}, {"word": "青禾科技", "span": [0, 4], "role": "sub-org"}]}]}

- A record without `events` (test files) has no `events` here either.
- The first mention with the role `trigger` is the trigger; a second one stays an argument of that role.
- A mention that is not where its span says stays without a place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from ie_cli.errors import Report
from ie_cli.formats import _events
from ie_cli.formats._reading import Row, items, kept, read_json, without
from ie_cli.formats._writing import Draft, drafts, span_keys, write_json_lines
from ie_cli.locate import given
from ie_cli.records import Event, Record, Span

TRIGGER = "trigger"
_ROW = {"id", "content", "events"}
_EVENT = {"type", "mentions"}
_MENTION = {"role", "word", "span"}


def read(path: str, report: Report, *, encoding: str | None = None) -> Iterator[Record]:
    """Records of a FewFC file."""
    return read_json(path, report, _record, encoding=encoding, key="content")


def _record(row: Row) -> Record:
    record = row.record(row.data.get("id"), extra=without(row.data, "id", "events"))
    if "events" in row.data:
        events = items(row.data["events"], list, "events")
        record.events = [_event(row, kind, item) for kind, item in _events.objects(row, events, "type")]
    return record


def _event(row: Row, kind: str, item: dict[str, Any]) -> Event:
    mentions = [items(mention, dict, "mentions") for mention in items(item.get("mentions", []), list, "mentions")]
    first = next((mention for mention in mentions if mention.get("role") == TRIGGER), {})
    trigger = _events.read_trigger(row, kind=kind, **_string(row, first))
    others = (mention for mention in mentions if mention is not first)
    arguments = kept(_events.read_argument(row, m.get("role"), kind=kind, **_string(row, m)) for m in others)
    return Event(kind, trigger, arguments, extra=row.rest(item, _EVENT, _events.EVENT_KEYS))


def _string(row: Row, mention: dict[str, Any]) -> dict[str, Any]:
    extra = row.rest(mention, _MENTION, _events.SPAN_KEYS)
    return {"value": mention.get("word"), "place": mention.get("span"), "extra": extra}


def write(records: Iterable[Record], out: BinaryIO, report: Report) -> None:
    """Write JSON lines as they are published."""
    write_json_lines(map(_row, drafts(records, report)), out)


def _row(draft: Draft) -> dict[str, Any]:
    draft.leave_out("entities", "relations")
    record = draft.record
    row = draft.row(text="content")
    if record.events is not None:
        row["events"] = [
            draft.with_keys(_event_row(draft, event), event.extra, _EVENT, "an event") for event in record.events
        ]
    return draft.with_record_keys(row, _ROW)


def _event_row(draft: Draft, event: Event) -> dict[str, Any]:
    return {"type": event.type, "mentions": list(_mentions(draft, event))}


def _mentions(draft: Draft, event: Event) -> Iterator[dict[str, Any]]:
    _events.leave_out_types(draft, event)
    if event.trigger is not None and event.trigger.start is None:
        draft.lost(f"{event.type}: the trigger '{event.trigger.text}' has no place", cause="no place")
    elif event.trigger is not None:
        yield _mention(draft, TRIGGER, event.trigger)
    for argument in _events.placed_arguments(draft, event):
        if argument.role == TRIGGER and (event.trigger is None or event.trigger.start is None):
            draft.mended(f"{event.type}: '{argument.text}' is read again as the trigger", cause="role of the trigger")
        yield _mention(draft, argument.role, argument)


def _mention(draft: Draft, role: str, span: Span) -> dict[str, Any]:
    own = {"word": given(span), "span": [span.start, span.end], "role": role}
    return draft.with_keys(own, span_keys(span), _MENTION, "a mention")
