"""What the formats share: from a published row to a record, and what of a record a format cannot hold.

Offsets here are code points, end exclusive; a format turns its own convention into that first.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeVar

from ie_cli import files
from ie_cli.errors import Report
from ie_cli.locate import ENUM, LOCATED, VALUE
from ie_cli.records import Entity, Event, Record, Relation, Span

T = TypeVar("T")
_OURS = {"id", "text", "entities", "relations", "events", LOCATED}


@dataclass
class Row:
    """One published row on its way to a record: its text, the rest of its data, and where it stands.

    `number` names a record that has no id, where the line does not (several may be on one line).
    """

    path: str | os.PathLike
    line: int | None
    text: str
    data: dict[str, Any]
    report: Report
    number: int | None = None

    def lost(self, reason: str, *, cause: str = "") -> None:
        self.report.lost(self.path, self.line, reason, cause=cause)

    def mended(self, reason: str, *, cause: str = "") -> None:
        self.report.mended(self.path, self.line, reason, cause=cause)

    def entity(self, start: Any, end: Any, kind: Any, surface: str | None = None) -> Entity | None:
        """The entity `text[start:end]`, or None (reported as lost) where it does not fit the text.

        Args:
            surface: the string that the data set gives for it, which must be that slice.
        """
        reason = misfit(self.text, start, end, surface)
        if reason is None and not (isinstance(kind, str) and kind):
            reason = ("entity without a type", f"'{kind}' is no type")
        if reason:
            self.lost(f"{kind} [{start}, {end}): {reason[1]}", cause=reason[0])
            return None
        return Entity(start, end, kind, self.text[start:end])

    def relation(self, predicate: Any, subject: Entity | None, object_: Entity | None) -> Relation | None:
        """The relation of two entities, or None (reported as lost) where one of the three is missing."""
        if not isinstance(predicate, str) or not predicate:
            self.lost(f"a relation has no name: '{predicate}'", cause="relation without a name")
            return None
        if subject is None or object_ is None:
            self.lost(
                f"relation '{predicate}' names an entity that is not there", cause="relation without its entities"
            )
            return None
        return Relation(predicate, *(Span(e.start, e.end, e.type, e.text) for e in (subject, object_)))

    def record(
        self,
        ident: Any = None,
        entities: list[Entity] | None = None,
        relations: list[Relation] | None = None,
        extra: dict[str, Any] | None = None,
        events: list[Event] | None = None,
    ) -> Record:
        """The record. Without an id of its own it is named after its file and place there."""
        if isinstance(ident, bool) or not isinstance(ident, (str, int)):
            ident = f"{files.stem(self.path)}-{self.line if self.number is None else self.number}"
        extra = dict(extra or {})
        for key in _OURS & extra.keys():
            self.lost(f"the key '{key}' has another meaning in a record", cause="key that the record has already")
            del extra[key]
        return Record(self.text, ident, entities, relations, events, extra)


def after(end: Any) -> Any:
    """The exclusive end for an inclusive one; what is no integer stays, to be reported as such."""
    return end + 1 if type(end) is int else end


def misfit(text: str, start: Any, end: Any, surface: str | None = None) -> tuple[str, str] | None:
    """Why offsets do not fit a text, as (cause to count by, reason to show), or None where they do."""
    if type(start) is not int or type(end) is not int:
        return "offsets that are no integers", "offsets must be integers"
    if start >= end:
        return "end before start", "is empty or ends before it begins"
    if not 0 <= start < end <= len(text):
        return "offsets outside the text", f"is outside a text of {len(text)} characters"
    if surface is not None and text[start:end] != surface:
        return "surface that differs from the text", f"'{surface}' is not what the text has there, '{text[start:end]}'"
    return None


def rows(values: Iterable[files.Value], path: str | os.PathLike, report: Report, key: str = "text") -> Iterator[Row]:
    """Rows from parsed JSON objects with their text under `key`; anything else is skipped and reported."""
    for line, number, data in values:
        if not isinstance(data, dict):
            report.skipped(path, line, "not a JSON object")
        elif not isinstance(data.get(key), str):
            report.skipped(path, line, f"no string under '{key}'")
        else:
            yield Row(path, line, data[key], {k: v for k, v in data.items() if k != key}, report, number)


def records(found: Iterable[Row], build: Callable[[Row], Record]) -> Iterator[Record]:
    """A record for each row; a `ValueError` of `build` skips the row with its message as the reason."""
    for row in found:
        try:
            record = build(row)
        except ValueError as error:
            row.report.skipped(row.path, row.line, str(error))
        else:
            yield record


def items(value: Any, kind: type, name: str) -> Any:
    """The value if it is the list or dict that the format has here.

    Raises:
        ValueError: it is something else, so the row cannot be read.
    """
    if not isinstance(value, kind):
        raise ValueError(f"'{name}' is no {'list' if kind is list else 'object'}")
    return value


def kept(found: Iterable[T | None]) -> list[T]:
    """Entities or relations without those that were lost."""
    return [item for item in found if item is not None]


# --- Writing -------------------------------------------------------------------------------------


def title(record: Record, number: int) -> str:
    """How reports name a record that is written."""
    return f"record {number}" if record.id is None else f"record {number} ({record.id})"


def placed(record: Record, number: int, report: Report) -> list[Entity]:
    """Entities that a format with offsets and types can hold; the others are reported as lost."""
    out = []
    for entity in record.entities or ():
        if entity.start is None or not entity.type:
            missing = "place" if entity.start is None else "type"
            report.lost(title(record, number), None, f"'{entity.text}' has no {missing}", cause=f"no {missing}")
        else:
            out.append(entity)
        if entity.link is not None:
            cannot_hold(record, number, report, "link", f"of '{entity.text}'")
    return out


def leave_out(record: Record, number: int, report: Report, *parts: str) -> None:
    """Report each item of these parts (entities, relations, events) of a record as lost."""
    for part in parts:
        for item in getattr(record, part) or ():
            name = getattr(item, "predicate", None) or item.type or item.text
            cannot_hold(record, number, report, {"entities": "entity"}.get(part, part.rstrip("s")), f"'{name}'")


def cannot_hold(record: Record, number: int, report: Report, what: str, which: str) -> None:
    """Report a part of a record as lost for which a format has no place."""
    report.lost(
        title(record, number), None, f"the format has no place for a {what}: {which}", cause=f"{what} in this format"
    )


def graph(record: Record, number: int, report: Report) -> tuple[list[Span], list[tuple[str, int, int]]]:
    """Spans, and relations as (predicate, index of subject, index of object), for formats with span ids.

    A relation whose argument is no entity of the record adds that argument as a span.
    """
    spans: list[Span] = list(placed(record, number, report))
    index = span_index(spans)
    relations = []
    for relation in record.relations or ():
        ends = (relation.subject, relation.object)
        if not relation.predicate or any(span.start is None or not span.type for span in ends):
            reason = f"'{relation.predicate}' lacks a name, or the place or type of an argument"
            report.lost(title(record, number), None, reason, cause="relation that is not complete")
            continue
        for span in ends:
            if (span.start, span.end, span.type) not in index:
                index[span.start, span.end, span.type] = len(spans)
                spans.append(span)
        if relation.slots:
            cannot_hold(record, number, report, "slot", f"of '{relation.predicate}'")
        subject, object_ = (index[span.start, span.end, span.type] for span in ends)
        relations.append((relation.predicate, subject, object_))
    return spans, relations


def span_index(spans: list[Span]) -> dict[tuple[int | None, int | None, str | None], int]:
    """Where each span stands in the list, the first of equal ones."""
    return {(s.start, s.end, s.type): i for i, s in reversed(list(enumerate(spans)))}


def label(name: str, forbidden: str, record: Record, number: int, report: Report) -> str:
    """The name with `_` for what a label of the format cannot hold (a regular expression)."""
    mended = re.sub(forbidden, "_", name)
    if mended != name:
        reason = f"'{name}' is written '{mended}'"
        report.mended(title(record, number), None, reason, cause="label with characters the format cannot hold")
    return mended


def published(extra: dict[str, Any]) -> dict[str, Any]:
    """The keys of an `extra` that come from the data set, without our own marks."""
    return {key: item for key, item in extra.items() if key not in (VALUE, LOCATED, ENUM)}


def write_json_lines(values: Iterable[Any], out: BinaryIO) -> None:
    for value in values:
        out.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")


def write_json_array(values: Iterable[Any], out: BinaryIO) -> None:
    """A JSON array with one item a line, written as the items come."""
    before = b"[\n"
    for value in values:
        out.write(before + json.dumps(value, ensure_ascii=False).encode())
        before = b",\n"
    out.write(b"[]\n" if before == b"[\n" else b"\n]\n")


def guard_bom(text: str, first: bool) -> str:
    """Text for the start of a file: a U+FEFF of its own gets the file's byte order mark before it."""
    return files.BOM + text if first and text.startswith(files.BOM) else text
