"""Events in formats of spans and links: a link from the trigger to each argument, named by the role.

A trigger has the type of its event as its label, with `EVENT` before it where a label does not say by
itself that it is a trigger's. An argument without a type of its own is labelled `ARGUMENT`. Reading takes
these spans for parts of the event and no entities.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from ie_cli.errors import Report
from ie_cli.formats._events import leave_out_keys, without_unplaced
from ie_cli.formats._rows import Row, graph, kept, span_index, title
from ie_cli.records import Argument, Entity, Event, Record, Relation, Span

EVENT = "event:"
ARGUMENT = "argument"


class Link(NamedTuple):
    """A published relation between two spans of a list; None for an end that is not there."""

    name: str | None
    start: int | None
    end: int | None


class Node(NamedTuple):
    """An event that is written: its type, its trigger and (role, argument), as places in a list of spans."""

    type: str
    trigger: int
    arguments: list[tuple[str, int]]


# --- Reading -------------------------------------------------------------------------------------


def assembled(
    row: Row, spans: list[Entity], links: list[Link]
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
    for link in links:
        ends = [None if i is None else spans[i] for i in (link.start, link.end)]
        if link.start in events:
            found = row.relation(link.name, *ends)
            if found is not None:
                events[link.start].arguments.append(linked(row, found.predicate, spans[link.end], link.end in events))
                parts |= {link.end} if spans[link.end].type == ARGUMENT else set()
        elif link.end in events:
            row.lost(f"relation '{link.name}' ends at an event", cause="relation that ends at an event")
        else:
            relations.append(row.relation(link.name, *ends))
    entities = [span for i, span in enumerate(spans) if i not in parts]
    if not events:
        return entities, kept(relations), None
    return entities or None, kept(relations) or None, list(events.values())


def linked(row: Row, role: str, span: Span, is_event: bool) -> Argument:
    """The argument at a labelled span; the trigger of an event stands for the event."""
    if is_event:
        reason = f"{role}: an event as an argument is read as its trigger '{span.text}'"
        row.mended(reason, cause="event as an argument")
    own = None if is_event or span.type == ARGUMENT else span.type
    return Argument(span.start, span.end, own, span.text, role=role)


# --- Writing -------------------------------------------------------------------------------------


def with_events(
    record: Record, number: int, report: Report, *, prefix: str = EVENT
) -> tuple[list[Span], list[tuple[str, int, int]], list[Node]]:
    """Spans, relations (see `graph`) and events; each event has a trigger span of its own.

    What has no place in the text is reported as lost: a trigger with its whole event, or an argument.
    """
    spans, relations = graph(record, number, report)
    index = span_index(spans)
    nodes = []
    for event in record.events or ():
        leave_out_keys(event, record, number, report)
        if event.trigger is None or event.trigger.start is None:
            reason = f"event '{event.type}' has no trigger with a place"
            report.lost(title(record, number), None, reason, cause="event without a place")
            continue
        spans.append(replace(event.trigger, type=prefix + event.type))
        node = Node(event.type, len(spans) - 1, [])
        for argument in without_unplaced(event, record, number, report):
            key = argument.start, argument.end, argument.type or ARGUMENT
            if key not in index:
                index[key] = len(spans)
                spans.append(Span(*key, argument.text))
            node.arguments.append((argument.role, index[key]))
        nodes.append(node)
    return spans, relations, nodes


def with_links(record: Record, number: int, report: Report) -> tuple[list[Span], list[Link]]:
    """What `assembled` reads: spans, and relations and arguments as links."""
    spans, relations, nodes = with_events(record, number, report)
    arguments = [Link(role, node.trigger, i) for node in nodes for role, i in node.arguments]
    return spans, [Link(*relation) for relation in relations] + arguments
