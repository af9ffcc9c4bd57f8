"""Relations and events in formats of spans and links.

An event is a link from its trigger to each argument, named by the role. A trigger has the type of its event
as its label, with `EVENT` before it where a label does not say by itself that it is a trigger's. An argument
without a type of its own is labelled `ARGUMENT`. Reading takes these spans for parts of the event and no
entities.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from ie_cli.formats._events import leave_out_keys, placed_arguments
from ie_cli.formats._reading import Row, kept
from ie_cli.formats._writing import Draft
from ie_cli.records import Argument, Entity, Event, Relation, Span

EVENT = "event:"
ARGUMENT = "argument"


class Edge(NamedTuple):
    """A published relation between two spans of a list, by their indices; None for an end that is not there."""

    name: str | None
    start: int | None
    end: int | None


class IndexedEvent(NamedTuple):
    """An event that is written: its type, its trigger and (role, argument), as indices in a list of spans."""

    type: str
    trigger: int
    arguments: list[tuple[str, int]]


# --- Reading -------------------------------------------------------------------------------------


def assembled(
    row: Row, spans: list[Entity], edges: list[Edge]
) -> tuple[list[Entity] | None, list[Relation] | None, list[Event] | None]:
    """Entities, relations and events of labelled spans and links.

    Where there are events, no entities or no relations beside them means that nobody looked for any.
    """
    events = {
        i: Event(span.type.removeprefix(EVENT), Span(span.start, span.end, None, span.text))
        for i, span in enumerate(spans)
        if span.type.startswith(EVENT) and span.type != EVENT
    }
    relations, parts = [], set(events)
    for edge in edges:
        ends = [None if i is None else spans[i] for i in (edge.start, edge.end)]
        if edge.start in events:
            found = row.relation(edge.name, *ends)
            if found is not None:
                argument = argument_at(row, found.predicate, spans[edge.end], edge.end in events)
                events[edge.start].arguments.append(argument)
                parts |= {edge.end} if spans[edge.end].type == ARGUMENT else set()
        elif edge.end in events:
            row.lost(f"relation '{edge.name}' ends at an event", cause="relation that ends at an event")
        else:
            relations.append(row.relation(edge.name, *ends))
    entities = [span for i, span in enumerate(spans) if i not in parts]
    if not events:
        return entities, kept(relations), None
    return entities or None, kept(relations) or None, list(events.values())


def argument_at(row: Row, role: str, span: Span, is_event: bool) -> Argument:
    """The argument at a labelled span; the trigger of an event stands for the event."""
    if is_event:
        reason = f"{role}: an event as an argument is read as its trigger '{span.text}'"
        row.mended(reason, cause="event as an argument")
    own = None if is_event or span.type == ARGUMENT else span.type
    return Argument(span.start, span.end, own, span.text, role=role)


# --- Writing -------------------------------------------------------------------------------------


def with_edges(draft: Draft) -> tuple[list[Span], list[Edge]]:
    """What `assembled` reads: spans, and relations and arguments as edges."""
    spans, relations, events = with_events(draft)
    return spans, relations + [Edge(role, event.trigger, i) for event in events for role, i in event.arguments]


def with_events(draft: Draft, *, prefix: str = EVENT) -> tuple[list[Span], list[Edge], list[IndexedEvent]]:
    """Spans, relations and events; each event has a trigger span of its own.

    What has no place in the text is reported as lost: a trigger with its whole event, or an argument.
    """
    spans, relations = _with_relations(draft)
    index = _index(spans)
    events = []
    for event in draft.record.events or ():
        leave_out_keys(draft, event)
        if event.trigger is None or event.trigger.start is None:
            draft.lost(f"event '{event.type}' has no trigger with a place", cause="event without a place")
            continue
        spans.append(replace(event.trigger, type=prefix + event.type))
        indexed = IndexedEvent(event.type, len(spans) - 1, [])
        for argument in placed_arguments(draft, event):
            key = argument.start, argument.end, argument.type or ARGUMENT
            if key not in index:
                index[key] = len(spans)
                spans.append(Span(*key, argument.text))
            indexed.arguments.append((argument.role, index[key]))
        events.append(indexed)
    return spans, relations, events


def _with_relations(draft: Draft) -> tuple[list[Span], list[Edge]]:
    """Spans, and the relations between them; one whose argument is no entity adds that argument as a span."""
    spans: list[Span] = list(draft.placed_entities())
    index = _index(spans)
    relations = []
    for relation in draft.record.relations or ():
        ends = (relation.subject, relation.object)
        if not relation.predicate or any(span.start is None or not span.type for span in ends):
            reason = f"'{relation.predicate}' lacks a name, or the place or type of an argument"
            draft.lost(reason, cause="relation that is not complete")
            continue
        for span in ends:
            if (span.start, span.end, span.type) not in index:
                index[span.start, span.end, span.type] = len(spans)
                spans.append(span)
        if relation.slots:
            draft.cannot_hold("slot", f"of '{relation.predicate}'")
        relations.append(Edge(relation.predicate, *(index[span.start, span.end, span.type] for span in ends)))
    return spans, relations


def _index(spans: list[Span]) -> dict[tuple[int | None, int | None, str | None], int]:
    """Where each span stands in the list, the first of equal ones."""
    return {(s.start, s.end, s.type): i for i, s in reversed(list(enumerate(spans)))}
