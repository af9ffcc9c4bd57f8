"""Places of strings in their text: the one module that turns strings into offsets.

Data sets such as DuIE give strings without their places. A string is looked for as it is, in all its
occurrences; only where there is none, without the white space around it, in other case or width, and
without 《》. Which of several places a span gets is a choice, see `PlaceChoice`. A span that has a place is
never moved, and one whose string is nowhere stays without a place.

`span.text` is always what the text has. Where the data set spells it otherwise, its own string is kept
in `span.extra["value"]`, which submissions write back and scorers compare. A record in which places
were found has `extra["located"]`, so that nobody takes them for those of annotators.
"""

from __future__ import annotations

import heapq
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from operator import itemgetter
from typing import NamedTuple, TypeVar

from ie_cli import records
from ie_cli.errors import Fault
from ie_cli.overlaps import overlap
from ie_cli.records import Entity, Event, Record, Relation, Span

S = TypeVar("S", bound=Span)
Place = tuple[int, int]
LOCATED, VALUE = "located", "value"
ENUM = "enum"  # in the `extra` of an argument: a choice from a list, which is in no text
MOST_PAIRS = 100  # relations that one triple may become; longer texts would give them by the million
NOWHERE = "string that is not in the text, kept without a place"


class PlaceChoice(str, Enum):
    """Which places the spans of a relation get where their strings are in the text several times.

    nearest: the pair with the smallest gap, the earliest of equal ones. A pair that overlaps is taken
        only where every pair does. The default: of two arguments of an event whose places annotators gave
        and of which one is there several times, it finds 51% in FewFC and 68% in DuEE, `first` 39% and 51%.
    first: the first place of each string.
    all: a relation for each pair, under the same rule for those that overlap.
    none: nothing is looked for.

    The value of a slot gets the place nearest to the object, an argument the one nearest to the
    trigger; an entity and a trigger get their first place, with `all` an entity gets every place.
    """

    nearest = "nearest"
    first = "first"
    all = "all"
    none = "none"


class Found(NamedTuple):
    """The places of a string, in order; `how` says in which way it differs from the text ("": in none)."""

    places: list[Place]
    how: str


class Located(NamedTuple):
    """A record, how many of its spans were given a place, and what is to be reported.

    Reported are spans that have no place and those whose string the text has in another form.
    """

    record: Record
    placed: int
    notes: list[Fault]


# --- A string in a text --------------------------------------------------------------------------


def places(text: str, value: str) -> Found:
    """Where a string is in the text: as it is, or else in the ways in which data sets change it."""
    if found := occurrences(text, value):
        return Found(found, "")
    bare = value.strip()
    for how, wanted in (("without the white space around it", bare), ("without 《》", bare.strip("《》").strip())):
        if found := occurrences(text, wanted):
            return Found(found, how)
        if found := occurrences(fold(text), fold(wanted)):
            return Found(found, "in other case or width")
    return Found([], "")


def occurrences(text: str, value: str) -> list[Place]:
    """Every place where exactly this string is, those that overlap included; an empty string has none."""
    found = []
    at = text.find(value) if value else -1
    while at >= 0:
        found.append((at, at + len(value)))
        at = text.find(value, at + 1)
    return found


def fold(text: str) -> str:
    """The text in one case and width, character by character, so that every offset stays."""
    return text.translate(_FOLDED)


class _Folded(dict):
    """Code point -> its folded character, filled as they come."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold(chr(code))
        return folded


def _fold(char: str) -> str:
    """The character in half width and lower case, wherever that is one character."""
    narrow = unicodedata.normalize("NFKC", char)
    char = narrow if len(narrow) == 1 else char
    return next((c for c in (char.casefold(), char.lower()) if len(c) == 1), char)


_FOLDED = _Folded()


def given(span: Span) -> str:
    """The string of a span as the data set gave it."""
    value = span.extra.get(VALUE)
    return value if isinstance(value, str) else span.text


def is_choice(span: Span) -> bool:
    """Whether a span is a choice from a list, which is looked for in no text."""
    return span.extra.get(ENUM) is True


# --- One of several places -----------------------------------------------------------------------


def nearest(anchor: Place | None, found: list[Place]) -> Place | None:
    """The place nearest to another; the first where there is no other, None where nothing was found."""
    if anchor is None or not found:
        return found[0] if found else None
    return min(_around(anchor, found), key=lambda place: _rank((anchor, place)))


def pairs(subjects: list[Place], objects: list[Place], choice: PlaceChoice) -> list[tuple[Place | None, Place | None]]:
    """The places of subject and object for each relation that a triple becomes, the nearest first; one at least."""
    if choice is PlaceChoice.first or not subjects or not objects:
        return [(nearest(None, subjects), nearest(None, objects))]
    most = 1 if choice is PlaceChoice.nearest else MOST_PAIRS
    if len(subjects) > most:  # another subject has no pair among the nearest: each of these has one that is nearer
        subjects = heapq.nsmallest(most, subjects, key=lambda place: _rank((place, nearest(place, objects))))
    found = [(a, b) for a in subjects for b in _around(a, objects, most)]
    found = [pair for pair in found if not overlap(*pair)] or found
    return sorted(found, key=_rank)[:most]


def _around(anchor: Place, found: list[Place], most: int = 1) -> list[Place]:
    """Of places in order and of one length: the last before the anchor, the first after, the first that overlap.

    Args:
        most: how many of each.
    """
    before = bisect_right(found, anchor[0], key=itemgetter(1))
    after = bisect_left(found, anchor[1], key=itemgetter(0))
    return found[max(before - most, 0) : min(before + most, after)] + found[after : after + most]


def _rank(pair: tuple[Place, Place]) -> tuple:
    (start, end), (other_start, other_end) = pair
    return overlap(*pair), max(other_start - end, start - other_end, 0), pair


# --- Records -------------------------------------------------------------------------------------


def locate(record: Record, choice: PlaceChoice = PlaceChoice.nearest) -> Located:
    """The record with a place for every span that has none and whose string is in the text."""
    spans = [] if choice is PlaceChoice.none else [(name, s) for name, s in records.spans(record) if _sought(s)]
    if not spans:
        return Located(record, 0, [])
    found = {value: places(record.text, value) for value in {span.text for _, span in spans}}
    notes = [note for name, span in spans for note in _notes(name, span.text, record.text, found[span.text])]
    if placed := sum(bool(found[span.text].places) for _, span in spans):
        record = _Placing(record.text, choice, found, notes).record(record)
    return Located(record, placed, notes)


def _sought(span: Span) -> bool:
    return span.start is None and not is_choice(span)


def _notes(name: str, value: str, text: str, found: Found) -> Iterator[Fault]:
    if not found.places:
        yield Fault(f"{name}: '{value}' is not in the text; kept without a place", NOWHERE)
    elif found.how:
        start, end = found.places[0]
        yield Fault(f"{name}: '{value}' is '{text[start:end]}' in the text", f"string found {found.how}")


class _Placing:
    """Gives the spans of one record their places."""

    def __init__(self, text: str, choice: PlaceChoice, found: dict[str, Found], notes: list[Fault]):
        self.text, self.choice, self.found, self.notes = text, choice, found, notes

    def record(self, record: Record) -> Record:
        parts = {"entities": self._entity, "relations": self._relation, "events": self._event}
        made = {
            part: [new for item in items for new in make(item)]
            for part, make in parts.items()
            if (items := getattr(record, part)) is not None
        }
        return replace(record, **made, extra=record.extra | {LOCATED: self.choice.value})

    def _entity(self, entity: Entity) -> Iterator[Entity]:
        found = self._places(entity)
        for place in found if self.choice is PlaceChoice.all and found else [nearest(None, found)]:
            yield self._at(entity, place)

    def _relation(self, relation: Relation) -> Iterator[Relation]:
        subjects, objects = self._places(relation.subject), self._places(relation.object)
        if self.choice is PlaceChoice.all and (many := len(subjects) * len(objects)) > MOST_PAIRS:
            reason = f"'{relation.predicate}' has {many} pairs of places; the {MOST_PAIRS} nearest are taken"
            self.notes.append(Fault(reason, "more pairs of places than are taken"))
        for subject, object_ in pairs(subjects, objects, self.choice):
            yield replace(
                relation,
                subject=self._at(relation.subject, subject),
                object=self._at(relation.object, object_),
                slots={name: self._near(slot, object_ or subject) for name, slot in relation.slots.items()},
            )

    def _event(self, event: Event) -> Iterator[Event]:
        place = nearest(None, self._places(event.trigger)) if event.trigger else None
        trigger = self._at(event.trigger, place) if event.trigger else None
        yield replace(event, trigger=trigger, arguments=[self._near(a, place) for a in event.arguments])

    def _places(self, span: Span) -> list[Place]:
        if span.start is not None:
            return [(span.start, span.end)]
        return self.found[span.text].places if _sought(span) else []

    def _near(self, span: S, anchor: Place | None) -> S:
        return self._at(span, nearest(None if self.choice is PlaceChoice.first else anchor, self._places(span)))

    def _at(self, span: S, place: Place | None) -> S:
        if span.start is not None or place is None:
            return span
        start, end = place
        there = self.text[start:end]
        extra = span.extra if there == span.text else {VALUE: span.text} | span.extra
        return replace(span, start=start, end=end, text=there, extra=extra)
