"""The items of a record that errors are counted in."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple

from ie_cli.locate import given
from ie_cli.records import Record, Span
from ie_cli.scoring._event_rows import label
from ie_cli.scoring._triples import triple
from ie_cli.scoring.links import KNOWN, NIL
from ie_cli.scoring.relations import KEYS

Place = tuple[int, int] | str  # a string where there are no offsets


class Item(NamedTuple):
    """One thing that is right or wrong.

    Args:
        type: what the tables go by: entity type, predicate, event type/role, known or NIL.
        key: all that has to be equal.
        place: where it stands, for those that are one span.
        text: its string.
        spans: the spans to colour, each with its label.
    """

    type: str
    key: Hashable
    place: Place | None
    text: str
    spans: tuple[tuple[Span, str], ...]


def entities(record: Record) -> list[Item]:
    """Entities: place and type."""
    return [
        Item(one.type or "", (_place(one), one.type or ""), _place(one), one.text, ((one, one.type or ""),))
        for one in record.entities or ()
    ]


def relations(rule: str) -> Callable[[Record], list[Item]]:
    """A function for relations: what a rule makes of predicate, subject, object and slots."""

    def items(record: Record) -> list[Item]:
        return [
            Item(
                one.predicate, triple(one, KEYS[rule]), None, f"{given(one.subject)} → {given(one.object)}",
                ((one.subject, f"{one.predicate}·S"), (one.object, f"{one.predicate}·O")),
            )
            for one in record.relations or ()
        ]  # fmt: skip

    return items


def arguments(record: Record) -> list[Item]:
    """Arguments of all events: event type, role and place."""
    return [
        Item(
            label(event.type, one.role), (event.type, one.role, _place(one)), _place(one), one.text, ((one, one.role),)
        )
        for event in record.events or ()
        for one in event.arguments
    ]


def links(record: Record) -> list[Item]:
    """Links: place and id."""
    linked = [entity for entity in record.entities or () if entity.link is not None]
    return [
        Item(
            NIL if one.link.kb_id is None else KNOWN, (_place(one), one.link.kb_id), _place(one), one.text,
            ((one, one.link.kb_id or NIL),),
        )
        for one in linked
    ]  # fmt: skip


def _place(span: Span) -> Place:
    return span.text if span.start is None else (span.start, span.end)
