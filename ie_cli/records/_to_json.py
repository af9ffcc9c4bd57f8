"""Record to JSON."""

from __future__ import annotations

from typing import Any

from ie_cli.records._types import Entity, Event, Link, Record, Relation, Span


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
