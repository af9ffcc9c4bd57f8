"""What a record consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CANDIDATES = "candidates"  # in the `extra` of a predicted entity: what its link was chosen from, with scores


@dataclass(slots=True)
class Link:
    """The knowledge-base entry of an entity; `kb_id` None is NIL."""

    kb_id: str | None
    score: float | None = None
    nil_type: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Span:
    """A piece of text: code points [start, end) of the record's; both are None where only the string is known."""

    start: int | None
    end: int | None
    type: str | None
    text: str
    extra: dict[str, Any] = field(default_factory=dict, kw_only=True)


@dataclass(slots=True)
class Entity(Span):
    """A span that is something by itself; `score` is its probability, None where nobody gave one, here as below."""

    score: float | None = None
    link: Link | None = None


@dataclass(slots=True)
class Argument(Span):
    """A span that plays a role in an event."""

    role: str = field(kw_only=True)
    score: float | None = field(default=None, kw_only=True)


@dataclass(slots=True)
class Relation:
    """What holds of a subject and an object; `slots` are further spans by name (DuIE 2.0's `inWork`)."""

    predicate: str
    subject: Span
    object: Span
    slots: dict[str, Span] = field(default_factory=dict)
    score: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Event:
    """Something that happens, with those who take part; `trigger` is the word for it, None where none is given."""

    type: str
    trigger: Span | None
    arguments: list[Argument] = field(default_factory=list)
    score: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Record:
    """A text and what is known of it; a part that is None was never looked for, an empty one holds nothing."""

    text: str
    id: str | int | None = None
    entities: list[Entity] | None = None
    relations: list[Relation] | None = None
    events: list[Event] | None = None
    extra: dict[str, Any] = field(default_factory=dict)
