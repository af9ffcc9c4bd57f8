"""What several predictions of one text agree on: each item that enough of them hold, with the mean of its scores."""

from __future__ import annotations

import dataclasses
import statistics
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from ie_cli.overlaps import disjoint
from ie_cli.records import Argument, Entity, Event, Record, Relation, span_key

T = TypeVar("T", Entity, Relation, Event, Argument)
Key = Callable[[T], Hashable]
Merge = Callable[[list[T]], T]


def vote(given: Sequence[Record], least: int, *, flat: bool = False) -> Record:
    """The first record with what at least `least` of all hold instead of its own.

    Entities are one if place and type are; the entry that most of those link is taken. Relations are one
    if predicate, both spans and all slots are. Events are one if type and trigger are, and hold the
    arguments of more than half of them; without a trigger, if type and arguments are.
    A score is the mean over all records: 0 where one lacks the item, 1 where it has it without a score.

    Args:
        flat: of entities that overlap only the likelier ones stay.
    """
    of_all = len(given)
    entities = _agreed([record.entities for record in given], _entity, least, of_all, _linked)
    return dataclasses.replace(
        given[0],
        entities=entities and _in_order(entities, flat),
        relations=_agreed([record.relations for record in given], _relation, least, of_all),
        events=_agreed([record.events for record in given], _event, least, of_all, _argued),
    )


def _agreed(
    lists: Sequence[list[T] | None], key: Key, least: int, of_all: int, merge: Merge = lambda votes: votes[0]
) -> list[T] | None:
    """None if nobody looked. An item has one vote of each list; a second one like it stands for itself."""
    if all(items is None for items in lists):
        return None
    votes: dict[Hashable, list[T]] = {}
    for items in lists:
        for name, item in _numbered(items or (), key):
            votes.setdefault(name, []).append(item)
    return [
        dataclasses.replace(merge(those), score=_score(those, of_all))
        for those in votes.values()
        if len(those) >= least
    ]


def _in_order(entities: list[Entity], flat: bool) -> list[Entity]:
    """In order of place, those without one last."""
    placed = [entity for entity in entities if entity.start is not None]
    others = [entity for entity in entities if entity.start is None]
    placed = disjoint(placed) if flat else sorted(placed, key=lambda e: (e.start, e.end, e.type or ""))
    return placed + others


def _numbered(items: Iterable[T], key: Key) -> Iterator[tuple[Hashable, T]]:
    """Items with their keys; the second one of a key has another than the first."""
    seen: Counter[Hashable] = Counter()
    for item in items:
        name = key(item)
        seen[name] += 1
        yield (name, seen[name]), item


def _score(votes: list[T], of_all: int) -> float:
    return round(sum(1.0 if item.score is None else item.score for item in votes) / of_all, 4)


# --- What makes two items one --------------------------------------------------------------------


def _entity(entity: Entity) -> Hashable:
    return span_key(entity), entity.type


def _relation(relation: Relation) -> Hashable:
    slots = frozenset((name, span_key(span)) for name, span in relation.slots.items())
    return relation.predicate, _entity(relation.subject), _entity(relation.object), slots


def _argument(argument: Argument) -> Hashable:
    return argument.role, span_key(argument)


def _event(event: Event) -> Hashable:
    if event.trigger is not None:
        return event.type, span_key(event.trigger)
    return event.type, frozenset(map(_argument, event.arguments))


# --- What becomes of those that are one ----------------------------------------------------------


def _linked(votes: list[Entity]) -> Entity:
    """The first of those with the entry that most have."""
    entries = [entity.link and (entity.link.kb_id, entity.link.nil_type) for entity in votes]
    return votes[entries.index(statistics.mode(entries))]


def _argued(votes: list[Event]) -> Event:
    """The first, with the arguments of more than half of all."""
    arguments = _agreed([event.arguments for event in votes], _argument, len(votes) // 2 + 1, len(votes))
    return dataclasses.replace(votes[0], arguments=arguments)
