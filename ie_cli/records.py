"""The record: one JSON object a line, the form that every command reads and writes.

    {"id": "…", "text": "…",
     "entities":  [{"start": 0, "end": 3, "type": "人物", "text": "张三丰", "score": 0.98}],
     "relations": [{"predicate": "作者", "subject": SPAN, "object": SPAN, "slots": {"inWork": SPAN}}],
     "events":    [{"type": "竞赛行为-夺冠", "trigger": SPAN, "arguments": [{"role": "冠军", …SPAN}]}]}

Offsets count Unicode code points of `text`, end exclusive, and `text[start:end] == span.text` holds
on reading and on writing. `entities` that is absent (None) means nobody looked; an empty list means
there are none. Keys that this module does not know pass through untouched.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from ie_cli.errors import FormatError, IEError, Report

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
    """A piece of text. `start` and `end` are None where only the string is known."""

    start: int | None
    end: int | None
    type: str | None
    text: str
    extra: dict[str, Any] = field(default_factory=dict, kw_only=True)


@dataclass(slots=True)
class Entity(Span):
    score: float | None = None
    link: Link | None = None


@dataclass(slots=True)
class Argument(Span):
    role: str = field(kw_only=True)
    score: float | None = field(default=None, kw_only=True)


@dataclass(slots=True)
class Relation:
    predicate: str
    subject: Span
    object: Span
    slots: dict[str, Span] = field(default_factory=dict)
    score: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Event:
    type: str
    trigger: Span | None
    arguments: list[Argument] = field(default_factory=list)
    score: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Record:
    text: str
    id: str | int | None = None
    entities: list[Entity] | None = None
    relations: list[Relation] | None = None
    events: list[Event] | None = None
    extra: dict[str, Any] = field(default_factory=dict)


# --- JSON to record ------------------------------------------------------------------------------


def from_json(data: Any) -> Record:
    """Build a record from a parsed JSON object and check it.

    Raises:
        ValueError: with a one-line reason (wrong type, missing key, span and text that disagree).
    """
    if not isinstance(data, dict):
        raise ValueError(f"expected a JSON object, found {_kind(data)}")
    rest = dict(data)
    if "text" not in rest:
        raise ValueError("the key 'text' is missing")
    ident = rest.pop("id", None)
    if isinstance(ident, bool) or not isinstance(ident, (str, int, type(None))):
        raise ValueError(f"'id' must be a string or an integer, found {_kind(ident)}")
    record = Record(
        text=_take(rest, "text", str),
        id=ident,
        entities=_list(rest, "entities", _entity),
        relations=_list(rest, "relations", _relation),
        events=_list(rest, "events", _event),
        extra=rest,
    )
    check(record)
    return record


def _list(data: dict, key: str, build) -> list | None:
    if key not in data:
        return None
    items = _take(data, key, list)
    out = []
    for i, item in enumerate(items):
        try:
            out.append(build(dict(_typed(item, dict, "it"))))
        except ValueError as error:
            raise ValueError(f"{key}[{i}]: {error}") from None
    return out


def _span_fields(data: dict) -> dict[str, Any]:
    start, end = (_take(data, key, int, optional=True) for key in ("start", "end"))
    if (start is None) != (end is None):
        raise ValueError("'start' and 'end' come together or not at all")
    return {
        "start": start,
        "end": end,
        "type": _take(data, "type", str, optional=True),
        "text": _take(data, "text", str),
    }


def _span(data: dict) -> Span:
    return Span(**_span_fields(data), extra=data)


def _entity(data: dict) -> Entity:
    fields = _span_fields(data)
    score = _score(data)
    link = _take(data, "link", dict, optional=True)
    return Entity(**fields, score=score, link=None if link is None else _link(dict(link)), extra=data)


def _link(data: dict) -> Link:
    if "kb_id" not in data:
        raise ValueError("'link' needs 'kb_id' (null for NIL)")
    kb_id = _take(data, "kb_id", str, optional=True)
    return Link(kb_id, _score(data), _take(data, "nil_type", str, optional=True), data)


def _argument(data: dict) -> Argument:
    role = _name(data, "role")
    fields = _span_fields(data)
    return Argument(**fields, role=role, score=_score(data), extra=data)


def _relation(data: dict) -> Relation:
    predicate = _name(data, "predicate")
    subject, object_ = (_span(dict(_take(data, key, dict))) for key in ("subject", "object"))
    slots = _take(data, "slots", dict, optional=True) or {}
    slots = {name: _span(dict(_typed(value, dict, f"slot '{name}'"))) for name, value in slots.items()}
    return Relation(predicate, subject, object_, slots, _score(data), data)


def _event(data: dict) -> Event:
    kind = _name(data, "type")
    trigger = _take(data, "trigger", dict, optional=True)
    arguments = _list(data, "arguments", _argument) or []
    return Event(kind, None if trigger is None else _span(dict(trigger)), arguments, _score(data), data)


def _score(data: dict) -> float | None:
    score = data.pop("score", None)
    if score is not None and (isinstance(score, bool) or not isinstance(score, (int, float))):
        raise ValueError(f"'score' must be a number, found {_kind(score)}")
    return score


def _take(data: dict, key: str, kind: type, *, optional: bool = False) -> Any:
    if key not in data and not optional:
        raise ValueError(f"the key '{key}' is missing")
    value = data.pop(key, None)
    return None if value is None and optional else _typed(value, kind, f"'{key}'")


def _name(data: dict, key: str) -> str:
    name = _take(data, key, str)
    if not name:
        raise ValueError(f"'{key}' is empty")
    return name


def _typed(value: Any, kind: type, name: str) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"{name} must be {_NAMES[kind]}, found {_kind(value)}")
    return value


_NAMES = {str: "a string", int: "an integer", dict: "an object", list: "a list"}


def _kind(value: Any) -> str:
    return _NAMES.get(type(value), "null" if value is None else type(value).__name__)


# --- Record to JSON ------------------------------------------------------------------------------


def to_json(record: Record) -> dict[str, Any]:
    """The record as a JSON object with the keys in their fixed order; absent parts stay absent."""
    out: dict[str, Any] = {} if record.id is None else {"id": record.id}
    out["text"] = record.text
    for key, items, build in (
        ("entities", record.entities, _entity_json),
        ("relations", record.relations, _relation_json),
        ("events", record.events, _event_json),
    ):
        if items is not None:
            out[key] = [build(item) for item in items]
    return out | record.extra


def _span_json(span: Span) -> dict[str, Any]:
    out = {} if span.start is None else {"start": span.start, "end": span.end}
    if span.type is not None:
        out["type"] = span.type
    return out | {"text": span.text}


def _with(out: dict[str, Any], score: float | None, extra: dict[str, Any]) -> dict[str, Any]:
    if score is not None:
        out["score"] = score
    return out | extra


def _entity_json(entity: Entity) -> dict[str, Any]:
    out = _with(_span_json(entity), entity.score, {})
    if entity.link is not None:
        out["link"] = _link_json(entity.link)
    return out | entity.extra


def _link_json(link: Link) -> dict[str, Any]:
    out = _with({"kb_id": link.kb_id}, link.score, {})
    return out | ({} if link.nil_type is None else {"nil_type": link.nil_type}) | link.extra


def _relation_json(relation: Relation) -> dict[str, Any]:
    out: dict[str, Any] = {"predicate": relation.predicate}
    for key in ("subject", "object"):
        span = getattr(relation, key)
        out[key] = _span_json(span) | span.extra
    if relation.slots:
        out["slots"] = {name: _span_json(span) | span.extra for name, span in relation.slots.items()}
    return _with(out, relation.score, relation.extra)


def _event_json(event: Event) -> dict[str, Any]:
    out: dict[str, Any] = {"type": event.type}
    if event.trigger is not None:
        out["trigger"] = _span_json(event.trigger) | event.trigger.extra
    out["arguments"] = [_with({"role": a.role} | _span_json(a), a.score, a.extra) for a in event.arguments]
    return _with(out, event.score, event.extra)


# --- Checks --------------------------------------------------------------------------------------


def spans(record: Record) -> Iterator[tuple[str, Span]]:
    """Every span of a record with its path (`entities[0]`, `relations[2].subject`, …)."""
    for i, entity in enumerate(record.entities or ()):
        yield f"entities[{i}]", entity
    for i, relation in enumerate(record.relations or ()):
        yield f"relations[{i}].subject", relation.subject
        yield f"relations[{i}].object", relation.object
        for name, span in relation.slots.items():
            yield f"relations[{i}].slots[{name}]", span
    for i, event in enumerate(record.events or ()):
        if event.trigger is not None:
            yield f"events[{i}].trigger", event.trigger
        for j, argument in enumerate(event.arguments):
            yield f"events[{i}].arguments[{j}]", argument


def check(record: Record) -> None:
    """Raise ValueError unless the text is valid Unicode and every placed span equals its slice."""
    if not valid(record.text):
        raise ValueError("'text' holds half a surrogate pair, which is no character")
    for name, span in spans(record):
        reason = span_error(record.text, span)
        if reason:
            raise ValueError(f"{name}: {reason}")


def span_error(text: str, span: Span) -> str | None:
    """Why a span does not fit its text, or None. A span without offsets fits if it has a string."""
    if span.start is None:
        return None if span.text else "has neither offsets nor text; give its string or leave it out"
    if not 0 <= span.start < span.end <= len(text):
        return f"offsets [{span.start}, {span.end}) are outside a text of {len(text)} characters or empty"
    if text[span.start : span.end] != span.text:
        return f"text[{span.start}:{span.end}] is '{text[span.start : span.end]}', not '{span.text}'"
    return None


def valid(text: str) -> bool:
    """Whether a string is free of lone surrogates, that is, can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


# --- JSONL ---------------------------------------------------------------------------------------


def loads(line: str | bytes, path: str = "-", number: int | None = None) -> Record:
    """One JSONL line as a checked record; every defect is a `FormatError` with its place."""
    try:
        text = line.decode() if isinstance(line, bytes) else line
        data = _JSON.decode(text)
        if "\\u" in text and not valid(json.dumps(data, ensure_ascii=False)):
            raise ValueError("an escape such as \\ud83d stands for half a surrogate pair, which is no character")
        return from_json(data)
    except json.JSONDecodeError as error:
        reason = f"not JSON: {error.msg} (character {error.colno})"
    except UnicodeDecodeError as error:
        reason = f"not UTF-8: byte {error.start} of the line"
    except RecursionError:
        reason = "not a record: nested too deep"
    except ValueError as error:
        reason = str(error)
    raise FormatError(path, number, reason)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key '{next(key for key in keys if keys.count(key) > 1)}' is there twice")
    return found


def _integer(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:  # Python's own bound, and its advice how to lift it
        raise ValueError(f"a number of {len(digits)} digits") from None


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"the number {digits} is too large")
    return number


def _no_number(name: str) -> None:
    raise ValueError(f"{name}, which is no JSON")


# What Python's reader would take, but what would be lost or be no JSON when it is written again.
_JSON = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_integer, parse_float=_finite, parse_constant=_no_number)


def dumps(record: Record) -> str:
    """The record as one checked JSONL line, without the newline.

    Raises:
        IEError: the record breaks the contract (a defect of the caller, not of the input).
    """
    return _line(record).decode()


def _line(record: Record) -> bytes:
    try:
        check(record)
        return json.dumps(to_json(record), ensure_ascii=False).encode()
    except ValueError as error:
        raise IEError(f"record {record.id!r} cannot be written: {error}") from None


def read(lines: Iterable[bytes], path: str, report: Report) -> Iterator[Record]:
    """Records of a JSONL stream; a bad line is skipped and reported, an empty one is passed over."""
    for number, line in enumerate(lines, 1):
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line.strip():
            continue
        try:
            yield loads(line, path, number)
        except FormatError as error:
            report.skipped(path, number, error.reason)


def write(records: Iterable[Record], out: BinaryIO) -> None:
    """Write records as JSONL, a whole line at a time."""
    for record in records:
        out.write(_line(record) + b"\n")
