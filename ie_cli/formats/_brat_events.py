"""Events of brat: `E1	TYPE:T3 ROLE:T1 ROLE2:T2`, a trigger and arguments by the ids of their spans."""

from __future__ import annotations

from collections import Counter

from ie_cli.formats._reading import Row
from ie_cli.formats._span_graph import ARGUMENT, IndexedEvent, argument_at
from ie_cli.formats._writing import Draft
from ie_cli.records import Argument, Entity, Event, Span

FORBIDDEN = r"\s"  # in a label
Part = tuple[str, str]  # a role and an id, or the event's type and the id of its trigger


def read_events(rows: list[Row], spans: dict[str, Entity | None]) -> tuple[list[Event], set[str]]:
    """The events of E lines, and the ids of spans that are only parts of them and no entities."""
    found = {row.data["line"].partition("\t")[0]: (row, _parts(row)) for row in rows}
    triggers = {key: parts[0][1] for key, (_, parts) in found.items()}
    events: list[Event] = []
    only_parts: set[str] = set()
    for row, ((kind, at), *roles) in found.values():
        trigger = spans.get(at)
        if not kind or trigger is None:
            row.lost(f"event '{kind}' has no trigger that was read: '{at}'", cause="event without its trigger")
            continue
        event = Event(kind, Span(trigger.start, trigger.end, None, trigger.text))
        event.arguments = [a for a in (_argument(row, role, spans, triggers) for role in _plain(roles)) if a]
        events.append(event)
        only_parts |= {at} if trigger.type == kind else set()
        only_parts |= {key for _, key in roles if key in spans and spans[key] and spans[key].type == ARGUMENT}
    return events, only_parts


def _parts(row: Row) -> list[Part]:
    """What stands before and after the last colon of each word, beginning with type and trigger."""
    words = row.data["line"].partition("\t")[2].split() or [""]
    return [(name, key) for name, _, key in (word.rpartition(":") for word in words)]


def _plain(roles: list[Part]) -> list[Part]:
    """The roles without the numbers that brat adds where an event has several of one name."""
    names = {name for name, _ in roles}
    bases = ((name.rstrip("0123456789"), name, key) for name, key in roles)
    return [(base if base in names else name, key) for base, name, key in bases]


def _argument(row: Row, role: Part, spans: dict[str, Entity | None], triggers: dict[str, str]) -> Argument | None:
    name, key = role
    span = spans.get(triggers.get(key, key))
    if not name or span is None:
        row.lost(f"argument '{name}:{key}' names nothing that was read", cause="argument without its span")
        return None
    return argument_at(row, name, span, key in triggers or key in triggers.values())


def event_line(draft: Draft, event: IndexedEvent, written: set[int]) -> str | None:
    """What stands after the id; None (reported as lost) if the trigger was not written."""
    if event.trigger not in written:
        draft.lost(f"event '{event.type}' has lost its trigger", cause="event without its trigger")
        return None
    words = [f"{draft.label(event.type, FORBIDDEN)}:T{event.trigger + 1}"]
    seen: Counter[str] = Counter()
    there = [(role, i) for role, i in event.arguments if i in written]
    if len(there) < len(event.arguments):
        reason = f"event '{event.type}' has lost {len(event.arguments) - len(there)} of its arguments"
        draft.lost(reason, cause="event that lost arguments")
    for role, i in there:
        seen[role] += 1
        base = role.rstrip("0123456789")
        if base != role and any(base == other for other, _ in there):
            draft.mended(f"role '{role}' beside '{base}' is read again as '{base}'", cause="role with a number")
        name = draft.label(role, FORBIDDEN)
        words.append(f"{name}{seen[role] if seen[role] > 1 else ''}:T{i + 1}")
    return " ".join(words)
