"""The items of a record that errors are counted in."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple

from ie_cli.locate import given
from ie_cli.records import PlaceOrText, Record, Span, place_or_text
from ie_cli.scoring._event_rows import label
from ie_cli.scoring._triples import triple
from ie_cli.scoring.links import KNOWN, NIL
from ie_cli.scoring.relations import KEYS


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
    place: PlaceOrText | None
    text: str
    spans: tuple[tuple[Span, str], ...]


def entities(record: Record) -> list[Item]:
    """Entities: place and type."""
    return [
        _of_span(one.type or "", (place_or_text(one), one.type or ""), one, one.type or "")
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
        _of_span(label(event.type, one.role), (event.type, one.role, place_or_text(one)), one, one.role)
        for event in record.events or ()
        for one in event.arguments
    ]


def links(record: Record) -> list[Item]:
    """Links: place and id."""
    linked = [(entity, entity.link.kb_id) for entity in record.entities or () if entity.link is not None]
    return [
        _of_span(NIL if kb_id is None else KNOWN, (place_or_text(one), kb_id), one, kb_id or NIL)
        for one, kb_id in linked
    ]


def _of_span(type_: str, key: Hashable, span: Span, shown: str) -> Item:
    """An item that is one span, coloured under the label `shown`."""
    return Item(type_, key, place_or_text(span), span.text, ((span, shown),))
