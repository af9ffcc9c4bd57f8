"""What the models of relations share: labels, gold as linked pairs, and relations from predicted links.

A relation is a link from subject to object, labelled with its predicate. Each slot (DuIE 2.0's
`inWork`, `onDate`, …) is a link from the subject to the slot's value, and one from the object to it,
which says whose slot it is where a subject has several objects.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from ie_cli.errors import IEError
from ie_cli.records import Entity, Record, Relation, Span, span_key
from ie_cli.tasks import _codec
from ie_cli.tasks._codec import LONGEST, Item, Tokens
from ie_cli.tasks._regroup import Characters, Found, Links, Slots, Subject, regroup, without_object
from ie_cli.text.encoding import Encoding
from ie_cli.text.windows import Window, owner


@dataclass
class LinkType:
    """One kind of link, as the training records have it.

    Attributes:
        slot: of the relation; null is its object.
        subject, object: types of the two spans, null where they have none.
        count: how often it occurs.
    """

    predicate: str
    slot: str | None
    subject: str | None
    object: str | None
    count: int


class LinkLabel(NamedTuple):
    """What a label of the model stands for.

    Attributes:
        of_object: whether the link to the slot's value comes from the object, not from the subject.
        one, other: types of the spans that it links; without a schema the usual ones, which nobody checks.
    """

    predicate: str
    slot: str | None
    of_object: bool
    one: str | None
    other: str | None


@dataclass
class Labels:
    """What the training records say of relations.

    Attributes:
        links: every kind of link with its types, sorted.
        subjects, objects: how many distinct subjects and objects (values of slots among them) there are.
        cells: how many spans the texts have, as the base of rates.
        length: 99 of 100 texts are no longer than this, in characters.
    """

    links: list[LinkType] = field(default_factory=list)
    subjects: int = 0
    objects: int = 0
    cells: int = 1
    length: int = LONGEST

    @classmethod
    def of(cls, records: Iterable[Record]) -> Labels:
        """Count the links of annotated records, in one pass."""
        return Statistics.labels_of(records)

    @property
    def names(self) -> list[str]:
        """The predicates."""
        return sorted({link.predicate for link in self.links})

    def table(self, schema: bool) -> dict[LinkLabel, int]:
        """What each label of a model stands for, in order, and how often it occurs.

        Args:
            schema: a label for every combination of types; else one for predicate and slot, with the
                types that are usual.
        """
        counts: Counter[LinkLabel] = Counter()
        for link in self.links:
            counts[LinkLabel(link.predicate, link.slot, False, link.subject, link.object)] += link.count
            for other in self.links if link.slot is not None else ():
                if (other.predicate, other.slot, other.subject) == (link.predicate, None, link.subject):
                    counts[LinkLabel(link.predicate, link.slot, True, other.object, link.object)] += link.count
        if not schema:
            counts = _usual(counts)
        return {name: counts[name] for name in sorted(counts, key=lambda name: tuple(map(str, name)))}


class Statistics(_codec.Statistics):
    """Counts links."""

    def __init__(self):
        super().__init__()
        self._subjects = self._objects = 0

    def count(self, record: Record) -> None:
        subjects, objects = set(), set()
        for relation in record.relations or ():
            for slot, value in {None: relation.object, **relation.slots}.items():
                self.counts[relation.predicate, slot, relation.subject.type, value.type] += 1
                subjects.add(span_key(relation.subject))
                objects.add(span_key(value))
        self._subjects += len(subjects)
        self._objects += len(objects)

    def labels(self) -> Labels:
        if not self.counts:
            raise IEError("the training records hold no relations; see `ie convert --list` for formats")
        keys = sorted(self.counts, key=lambda key: tuple(x or "" for x in key))
        links = [LinkType(*key, self.counts[key]) for key in keys]
        return Labels(links, self._subjects, self._objects, self.texts.spans, self.texts.length)


def _usual(counts: Counter[LinkLabel]) -> Counter[LinkLabel]:
    """Names that differ in their types alone as one, with the most frequent types."""
    usual: dict[tuple, LinkLabel] = {}
    summed: Counter[LinkLabel] = Counter()
    for name, count in counts.most_common():
        summed[usual.setdefault(name[:3], name)] += count
    return summed


class TokenLink(NamedTuple):
    """A predicted link: label, first and last token of both spans, probability."""

    label: int
    head: Tokens
    tail: Tokens
    score: float


@dataclass(frozen=True)
class Codec(_codec.Codec):
    """A link as an item of two cells with its label; the slots' links are items of their own.

    Attributes (beyond those of the base):
        table: see `Labels.table`.
        of_objects: whether the model learns the links from objects to slots.
    """

    table: tuple[LinkLabel, ...] = ()
    of_objects: bool = True

    def items(self, record: Record, lost: Counter[str]) -> Iterator[Item]:
        seen = set()
        for label, one, other in self._links(record, lost):
            key = (label, span_key(one), span_key(other))  # two relations may share the value of a slot
            if key not in seen:
                seen.add(key)
                yield [(label, one), (label, other)]

    def _links(self, record: Record, lost: Counter[str]) -> Iterator[tuple[int, Span, Span]]:
        for relation in record.relations or ():
            ends = [(None, False, relation.subject, relation.object)]
            for slot, value in relation.slots.items():
                ends += [(slot, True, relation.object, value)] * self.of_objects
                ends.append((slot, False, relation.subject, value))
            for slot, of_object, one, other in ends:
                label = self._index.get((relation.predicate, slot, of_object, *self._types(one, other)))
                if label is not None:
                    yield label, one, other
                else:
                    lost[f"predicate '{relation.predicate}' (with slot and types) is not one of the model's"] += 1

    def _types(self, one: Span, other: Span) -> tuple[str | None, ...]:
        """The part of a label's key that only a schema has."""
        return (one.type, other.type) if getattr(self.settings, "schema", False) else ()

    @cached_property
    def _index(self) -> dict[tuple, int]:
        typed = getattr(self.settings, "schema", False)
        return {tuple(name) if typed else name[:3]: i for i, name in enumerate(self.table)}

    def assemble(
        self, record: Record, encoding: Encoding, windows: Sequence[Window], links: Sequence[Sequence[TokenLink]]
    ) -> Record:
        """The record with the relations of its windows, and their entities unless it has entities already.

        A link that several windows hold is taken from the one that sees most around it; one that none
        holds whole cannot be predicted.
        """
        direct: Links = {}
        between: Links = {}
        for i, (window, row) in enumerate(zip(windows, links, strict=True)):
            for label, head, tail, score in row:
                ends = [n + window[0] for n in (*head, *tail)]
                if owner(windows, len(encoding), min(ends), max(ends)) == i:
                    name = self.table[label]
                    where = (between if name.of_object else direct).setdefault((name.predicate, name.slot), {})
                    one, place = (_characters(encoding, *pair) for pair in (ends[:2], ends[2:]))
                    where.setdefault((*one, name.one), []).append(Found(place, name.other, score))
        relations = [_relation(record.text, *parts) for parts in regroup(direct, between)]
        if alone := without_object(direct):
            self.dropped["values of slots whose subject has no object"] += alone
        relations.sort(key=lambda r: (r.subject.start, r.object.start, r.predicate, r.subject.end, r.object.end))
        entities = _entities(relations) if record.entities is None else record.entities
        return dataclasses.replace(record, entities=entities, relations=relations)


def _relation(text: str, predicate: str, subject: Subject, object_: Found, slots: Slots) -> Relation:
    """The relation, as likely as the least likely of its links."""
    score = round(min(found.score for found in (object_, *slots.values())), 4)
    values = {name: _span(text, found.place, found.type) for name, found in slots.items()}
    ends = _span(text, subject[:2], subject[2]), _span(text, object_.place, object_.type)
    return Relation(predicate, *ends, values, score)


def _characters(encoding: Encoding, first: int, last: int) -> Characters:
    return encoding.starts[first], encoding.ends[last]


def _span(text: str, place: Characters, kind: str | None) -> Span:
    return Span(*place, kind, text[slice(*place)])


def _entities(relations: Iterable[Relation]) -> list[Entity]:
    """The spans that take part in relations, each with the score of its likeliest one."""
    best: dict[tuple, Entity] = {}
    for relation in relations:
        for span in (relation.subject, relation.object, *relation.slots.values()):
            key = (span.start, span.end, span.type or "")
            if key not in best or best[key].score < relation.score:
                best[key] = Entity(span.start, span.end, span.type, span.text, score=relation.score)
    return [best[key] for key in sorted(best)]
