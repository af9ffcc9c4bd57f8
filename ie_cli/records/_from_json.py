"""JSON to record."""

from __future__ import annotations

from typing import Any

from ie_cli.records._checks import check
from ie_cli.records._types import Argument, Entity, Event, Link, Record, Relation, Span


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
    if "text" not in data and start is not None:
        raise ValueError(
            "the key 'text' is missing: what stands from 'start' to 'end', to check them by; "
            "`ie convert jsonl` fills it in"
        )
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
