"""What the event formats share: from a published event to ours, and back.

A data set gives an argument as a string, with or without its place. A string whose place is not known
stays a span without offsets; `ie convert` looks for its place afterwards (`ie_cli.locate`, which says
what `extra["value"]` and `extra["enum"]` of a span are).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from ie_cli.formats._reading import Row, without
from ie_cli.formats._writing import Draft, span_keys
from ie_cli.locate import ENUM, VALUE, places
from ie_cli.records import Argument, Event, Span

SPAN_KEYS = {"role", "start", "end", "type", "text", "score", VALUE, ENUM}
EVENT_KEYS = {"type", "trigger", "arguments", "score"}


def read_trigger(
    row: Row, value: Any, place: Any = None, *, kind: str, extra: dict[str, Any] | None = None
) -> Span | None:
    """The trigger of an event, or None where the data set gives none; one that has only a place is lost."""
    if value is None or value == "":
        if place is not None:
            row.lost(f"the trigger of '{kind}' at {place} has no string", cause="trigger without a string")
        return None
    if not isinstance(value, str):
        row.lost(f"the trigger of '{kind}' is no string", cause="trigger that is no string")
        return None
    return Span(**_fields(row, value, place, extra))


def read_argument(
    row: Row, role: Any, value: Any, place: Any = None, *, kind: str, extra: dict[str, Any] | None = None
) -> Argument | None:
    """The argument, or None (reported as lost) where its role or its string is missing.

    Args:
        place: where the data set says it is, the start or start and end; None where it does not say.
        kind: the event's type, for the report.
        extra: what else the data set says about it.
    """
    if not isinstance(role, str) or not role:
        row.lost(f"an argument of '{kind}' has no role: '{value}'", cause="argument without a role")
        return None
    if not isinstance(value, str) or not value:
        row.lost(f"{kind}, {role}: no string", cause="argument without a string")
        return None
    return Argument(**_fields(row, value, place, extra), role=role)


def _fields(row: Row, value: str, place: Any, extra: dict[str, Any] | None) -> dict[str, Any]:
    """What a span is made of. A place that does not fit the text is given up, the string stays."""
    start, end = place if isinstance(place, (list, tuple)) and len(place) == 2 else (place, _end(place, value))
    there = row.text[start:end] if type(start) is int and type(end) is int and 0 <= start < end else None
    fields = {"start": start, "end": end, "type": None, "text": there, "extra": extra or {}}
    if there == value:
        return fields
    if there and (0, len(there)) in places(there, value).places:
        return fields | {"extra": {VALUE: value} | fields["extra"]}
    if place is not None:
        reason = f"'{value}' is not at {place}, where the text has '{there or ''}'; its place is taken as not known"
        row.mended(reason, cause="place that does not fit the string")
    return fields | {"start": None, "end": None, "text": value}


def _end(start: Any, value: str) -> Any:
    return start + len(value) if type(start) is int else None


def objects(row: Row, found: Iterable[Any], key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(type, event) of the events of a row; what is no event or has no type is reported as lost."""
    for item in found:
        kind = item.get(key) if isinstance(item, dict) else None
        if isinstance(kind, str) and kind:
            yield kind, item
        else:
            row.lost(f"an event has no '{key}'", cause="event without a type")


# --- Writing -------------------------------------------------------------------------------------


def leave_out_keys(draft: Draft, event: Event, *, but: Collection[str] = ()) -> None:
    """Report the data set's own keys of an event, its trigger and its arguments as lost."""
    draft.without_keys(without(event.extra, *but), "an event", f"'{event.type}'")
    leave_out_trigger_keys(draft, event)
    for argument in event.arguments:
        draft.without_keys(span_keys(argument), "an argument", f"{argument.role} '{argument.text}'")


def leave_out_trigger_keys(draft: Draft, event: Event) -> None:
    """Report those of the trigger as lost."""
    if event.trigger is not None:
        draft.without_keys(span_keys(event.trigger), "a trigger", f"'{event.trigger.text}'")


def leave_out_types(draft: Draft, event: Event, *, arguments: bool = True) -> None:
    """Report the types that the trigger and the arguments have of their own as lost."""
    if event.trigger is not None and event.trigger.type is not None:
        draft.cannot_hold("type of a trigger", f"{event.trigger.type} '{event.trigger.text}'")
    for argument in event.arguments if arguments else ():
        if argument.type is not None:
            draft.cannot_hold("type of an argument", f"{argument.type} '{argument.text}'")


def placed_arguments(draft: Draft, event: Event) -> Iterator[Argument]:
    """The arguments with a place; the others are reported as lost."""
    for argument in event.arguments:
        if argument.start is None:
            draft.lost(f"{event.type}, {argument.role}: '{argument.text}' has no place", cause="no place")
        else:
            yield argument
