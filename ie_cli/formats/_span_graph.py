"""Relations and events in formats of spans and links.

An event is a link from its trigger to each argument, named by the role. A trigger has the type of its event
as its label, with `EVENT` before it where a label does not say by itself that it is a trigger's. An argument
without a type of its own is labelled `ARGUMENT`. Reading takes these spans for parts of the event and no
entities.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from ie_cli.formats._events import leave_out_keys, leave_out_types, placed_arguments
from ie_cli.formats._reading import Row, kept
from ie_cli.formats._writing import Draft, span_keys
from ie_cli.records import Argument, Entity, Event, Relation, Span

EVENT = "event:"
ARGUMENT = "argument"


Index = dict[tuple[int | None, int | None, str | None], int]  # place and label of a span -> where it stands in a list


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

    What has no place in the text is reported as lost: a trigger with its whole event, or an argument. What is
    read again as something else is reported as mended.
    """
    spans: list[Span] = list(draft.placed_entities())
    entities = len(spans)
    index = {(s.start, s.end, s.type): i for i, s in reversed(list(enumerate(spans)))}  # the first of equal ones
    relations = _relations(draft, spans, index)
    events: list[IndexedEvent] = []
    for event in draft.record.events or ():
        if event.trigger is None or event.trigger.start is None:
            draft.lost(f"event '{event.type}' has no trigger with a place", cause="event without a place")
            continue
        leave_out_keys(draft, event)
        leave_out_types(draft, event, arguments=False)
        at = len(spans)
        spans.append(replace(event.trigger, type=prefix + event.type))
        arguments = [(a.role, _at(spans, index, a, a.type or ARGUMENT)) for a in placed_arguments(draft, event)]
        events.append(IndexedEvent(event.type, at, arguments))
    _tell_misread(draft, spans, entities, events, prefix)
    return spans, relations, events


def _relations(draft: Draft, spans: list[Span], index: Index) -> list[Edge]:
    """The relations between the spans; one whose subject or object is no entity adds that as a span."""
    relations = []
    for relation in draft.record.relations or ():
        ends = (relation.subject, relation.object)
        if not relation.predicate or any(span.start is None or not span.type for span in ends):
            reason = f"'{relation.predicate}' lacks a name, or the place or type of an argument"
            draft.lost(reason, cause="relation that is not complete")
            continue
        for slot in relation.slots:
            draft.cannot_hold("slot", f"'{slot}' of '{relation.predicate}'")
        draft.without_keys(relation.extra, "a relation", f"'{relation.predicate}'")
        for span in ends:
            draft.without_keys(span_keys(span), "a relation's span", f"'{span.text}'")
        relations.append(Edge(relation.predicate, *(_at(spans, index, span, span.type) for span in ends)))
    return relations


def _at(spans: list[Span], index: Index, span: Span, kind: str) -> int:
    """Where a span with this label stands in the list, if need be at its end from now on."""
    key = span.start, span.end, kind
    if key not in index:
        index[key] = len(spans)
        spans.append(Span(*key, span.text))
    return index[key]


def _tell_misread(draft: Draft, spans: list[Span], entities: int, events: list[IndexedEvent], prefix: str) -> None:
    """Report the spans that are read again as something else; the first ones are the entities of the record."""
    triggers = {event.trigger for event in events}
    arguments = {i for event in events for _, i in event.arguments if spans[i].type == ARGUMENT}
    as_events = {i for i, span in enumerate(spans) if i not in triggers and tell_event(draft, span, prefix)}
    for i in sorted(arguments & {*range(entities)}):
        reason = f"'{spans[i].text}' is read again as no entity, only as an argument: its label is '{ARGUMENT}'"
        draft.mended(reason, cause="label of an argument")
    others = {*range(entities, len(spans))} - triggers - arguments - as_events
    _tell_entities(draft, [spans[i] for i in sorted(others)], bool(events))


def tell_event(draft: Draft, span: Span, prefix: str = EVENT) -> bool:
    """Whether the own label of a span is that of an event, which is reported."""
    if not prefix or not span.type.startswith(prefix) or span.type == prefix:
        return False
    draft.mended(f"'{span.text}' is read again as an event: its label is '{span.type}'", cause="label of an event")
    return True


def _tell_entities(draft: Draft, others: list[Span], has_events: bool) -> None:
    """Report spans that were no entities but are read as such, once where nobody looked for entities."""
    if draft.record.entities is not None:
        for span in others:
            draft.mended(f"'{span.text}' is no entity, but is read again as one", cause="span that becomes an entity")
    elif others or not has_events:
        draft.mended("not annotated with entities, but is read again as if it were", cause="entities nobody looked for")
