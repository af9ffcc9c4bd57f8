"""Triples of strings, as DuIE and CMeIE have them: reading, checking and writing.

    {"predicate": "作者", "subject": "夜航", "subject_type": "书籍", "object": "陆时雨", "object_type": "人物"}
    {"predicate": "饰演", "subject": "陆时雨", "subject_type": "娱乐人物",
     "object": {"@value": "船长", "inWork": "夜航"}, "object_type": {"@value": "人物", "inWork": "影视作品"}}

There are no offsets; `ie convert` looks for the places afterwards (`ie_cli.locate`). The two shapes differ
in whether an object has slots. Either is read in any of the formats, the wrong one is reported as mended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, BinaryIO

from ie_cli.errors import Report
from ie_cli.formats._reading import Row, items, kept, read_json, without
from ie_cli.formats._relation_schema import OBJECT_SLOT, Schema, checked, load
from ie_cli.formats._writing import Draft, drafts, entity_keys, span_keys, write_json_lines
from ie_cli.locate import given
from ie_cli.records import Record, Relation, Span, span_key

_ROW = {"id", "text", "spo_list"}
_TRIPLE = {"predicate", "subject", "subject_type", "object", "object_type"}
_TAKEN = {"slots", "score"}  # keys of our relations


def read(
    path: str, report: Report, *, slots: bool, encoding: str | None = None, schema: str | None = None
) -> Iterator[Record]:
    """Records of a file of texts and triples.

    Args:
        slots: whether the format's objects are dictionaries of slots.
        schema: a schema file; what it does not have is reported.
    """
    build = partial(_record, slots=slots, schema=load(schema) if schema else None)
    return read_json(path, report, build, encoding=encoding)


def _record(row: Row, *, slots: bool, schema: Schema | None) -> Record:
    relations = None
    if "spo_list" in row.data:
        found = kept(_relation(row, item, slots) for item in items(row.data["spo_list"], list, "spo_list"))
        relations = kept(checked(row, relation, schema) for relation in found) if schema else found
    return row.record(row.data.get("id"), relations=relations, extra=without(row.data, "id", "spo_list"))


def _relation(row: Row, item: Any, slots: bool) -> Relation | None:
    if not isinstance(item, dict):
        row.lost(f"a triple is no object: {item!r}", cause="triple that is no object")
        return None
    predicate = item.get("predicate")
    if not isinstance(predicate, str) or not predicate:
        row.lost(f"a triple has no predicate: {predicate!r}", cause="triple without a predicate")
        return None
    subject = _span(row, predicate, "subject", item.get("subject"), item.get("subject_type"))
    objects = _objects(row, predicate, item, slots)
    if subject is None or OBJECT_SLOT not in objects:
        return None
    extra = row.rest(item, _TRIPLE, _TAKEN, "a triple")
    return Relation(predicate, subject, objects.pop(OBJECT_SLOT), objects, extra=extra)


def _objects(row: Row, predicate: str, item: dict[str, Any], slots: bool) -> dict[str, Span]:
    """The object under `@value`, if it can be read, and the values of its slots."""
    found, due = ("string", "dictionary") if slots else ("dictionary", "string")
    if wrong := [key for key in ("object", "object_type") if isinstance(item.get(key), str if slots else dict)]:
        reason = f"'{predicate}' has a {found} where a {due} belongs: {', '.join(wrong)}"
        row.mended(reason, cause=f"{found} where a {due} belongs")
    values, types = _by_slot(item.get("object")), _by_slot(item.get("object_type"))
    if OBJECT_SLOT not in values:
        row.lost(f"the object of '{predicate}' has no '{OBJECT_SLOT}'", cause="object without a value")
    for slot in types.keys() - values.keys() - {OBJECT_SLOT}:
        row.lost(f"'{predicate}' has a type for '{slot}', but no value", cause="type without a value")
    spans = {}
    for slot, value in values.items():
        what = "object" if slot == OBJECT_SLOT else f"slot '{slot}'"
        if span := _span(row, predicate, what, value, types.get(slot)):
            spans[slot] = span
    return spans


def _by_slot(value: Any) -> dict[str, Any]:
    """Values or types by slot; what is no dictionary is that of `@value`."""
    if isinstance(value, dict):
        return value
    return {} if value is None else {OBJECT_SLOT: value}


def _span(row: Row, predicate: str, what: str, value: Any, kind: Any) -> Span | None:
    """The string of one end with its type, or None (reported as lost) where there is no string."""
    if not isinstance(value, str) or not value.strip():
        wrong = "is empty" if value is None or isinstance(value, str) else f"is no string: {value!r}"
        row.lost(f"the {what} of '{predicate}' {wrong}", cause=f"{what} that {wrong.partition(':')[0]}")
        return None
    if kind is not None and not isinstance(kind, str):
        row.lost(f"the type of the {what} of '{predicate}' is no string: {kind!r}", cause="type that is no string")
        kind = None
    return Span(None, None, kind or None, value)


# --- Writing -------------------------------------------------------------------------------------


def write(records: Iterable[Record], out: BinaryIO, report: Report, *, slots: bool) -> None:
    """Write JSON lines of texts and triples."""
    write_json_lines((_row(draft, slots) for draft in drafts(records, report)), out)


def _row(draft: Draft, slots: bool) -> dict[str, Any]:
    record = draft.record
    _leave_out_entities(draft, slots)
    draft.leave_out("events")
    row = draft.row()
    if record.relations is not None:
        row["spo_list"] = list(_triples(draft, slots))
    return draft.with_record_keys(row, _ROW)


def _leave_out_entities(draft: Draft, slots: bool) -> None:
    """Report entities as lost, but not those that are an end of a triple, which says what they do."""
    relations = draft.record.relations or ()
    ends = {(span_key(span), span.type) for relation in relations for span in _ends(_held(relation, slots))}
    entities = draft.record.entities
    others = [
        entity for entity in entities or ()
        if (span_key(entity), entity.type) not in ends or entity.link or entity_keys(entity)
    ]  # fmt: skip
    left = others or None if entities else entities  # an empty list is one that nothing was found for
    replace(draft, record=replace(draft.record, entities=left)).leave_out("entities")


def _ends(relation: Relation) -> tuple[Span, ...]:
    return relation.subject, relation.object, *relation.slots.values()


def _triples(draft: Draft, slots: bool) -> Iterator[dict[str, Any]]:
    """The triples. Relations that differ only in their places are one; what repeats exactly is repeated."""
    written, repeated = Counter(), Counter()
    for relation in draft.record.relations or ():
        held = _held(relation, slots)
        for name in filter(lambda slot: slot not in held.slots, relation.slots):
            draft.cannot_hold("slot", f"'{name}' of '{relation.predicate}'")
        for span in _ends(held):
            draft.without_keys(span_keys(span), "a relation's span", f"'{span.text}'")
        triple = draft.with_keys(_triple(held, slots), relation.extra, _TRIPLE, "a relation")
        key, places = repr(triple), tuple(span.start for span in _ends(relation))
        repeated[key, places] += 1
        if repeated[key, places] > written[key]:
            written[key] += 1
            yield triple


def _held(relation: Relation, slots: bool) -> Relation:
    """The relation with those of its slots that the format can hold."""
    return replace(relation, slots={n: span for n, span in relation.slots.items() if slots and n != OBJECT_SLOT})


def _triple(relation: Relation, slots: bool) -> dict[str, Any]:
    objects = {OBJECT_SLOT: relation.object} | relation.slots
    triple = {
        "predicate": relation.predicate,
        "subject": given(relation.subject),
        "subject_type": relation.subject.type,
        "object": {slot: given(span) for slot, span in objects.items()} if slots else given(relation.object),
        "object_type": {slot: s.type for slot, s in objects.items() if s.type} if slots else relation.object.type,
    }
    return {key: value for key, value in triple.items() if value not in (None, {})}
