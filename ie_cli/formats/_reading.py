"""What the formats share when they read: from a published row to a record.

Offsets here are code points, end exclusive; a format turns its own convention into that first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from ie_cli import files
from ie_cli.errors import Fault, Report
from ie_cli.locate import LOCATED
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

    def is_new(self, key: str, taken: Container[str]) -> bool:
        """Whether nothing before has this id, by which others refer to it; a second one is reported as mended."""
        if key in taken:
            self.mended(f"the id '{key}' is there twice; what names it means the first", cause="id that is there twice")
        return key not in taken

    def entity(self, start: Any, end: Any, kind: Any, surface: str | None = None) -> Entity | None:
        """The entity `text[start:end]`, or None (reported as lost) where it does not fit the text.

        Args:
            surface: the string that the data set gives for it, which must be that slice.
        """
        fault = misfit(self.text, start, end, surface)
        if fault is None and not (isinstance(kind, str) and kind):
            fault = Fault(f"'{kind}' is no type", "entity without a type")
        if fault:
            self.lost(f"{kind} [{start}, {end}): {fault.reason}", cause=fault.cause)
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

    def rest(self, item: dict[str, Any], used: Collection[str], taken: Collection[str], of: str = "") -> dict[str, Any]:
        """The keys of an item that are not `used`; one that our records have `taken` is reported as lost.

        Args:
            of: what the item is, for the report, where it is not plain: "a mention".
        """
        found = without(item, *used)
        for key in [key for key in found if key in taken]:
            wrong = f"of {of} has another meaning here" if of else "has another meaning in a record"
            self.lost(f"the key '{key}' {wrong}", cause="key that the record has already")
            del found[key]
        return found

    def record(
        self,
        ident: Any = None,
        *,
        entities: list[Entity] | None = None,
        relations: list[Relation] | None = None,
        events: list[Event] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> Record:
        """The record. Without an id of its own it is named after its file and place there."""
        if isinstance(ident, bool) or not isinstance(ident, (str, int)):
            name = f"{files.stem(self.path)}-{self.line if self.number is None else self.number}"
            if ident is not None:
                self.mended(f"the id {ident!r} is no string or integer; named {name}", cause="id that is none")
            ident = name
        return Record(self.text, ident, entities, relations, events, self.rest(extra or {}, (), _OURS))


def misfit(text: str, start: Any, end: Any, surface: str | None = None) -> Fault | None:
    """Why offsets do not fit a text, or None where they do."""
    if type(start) is not int or type(end) is not int:
        return Fault("offsets must be integers", "offsets that are no integers")
    if start >= end:
        return Fault("is empty or ends before it begins", "end before start")
    if not 0 <= start < end <= len(text):
        return Fault(f"is outside a text of {len(text)} characters", "offsets outside the text")
    if surface is not None and text[start:end] != surface:
        reason = f"'{surface}' is not what the text has there, '{text[start:end]}'"
        return Fault(reason, "surface that differs from the text")
    return None


def after(end: Any) -> Any:
    """The exclusive end for an inclusive one; what is no integer stays, to be reported as such."""
    return end + 1 if type(end) is int else end


# --- Files to rows, rows to records --------------------------------------------------------------


def read_json(
    path: str, report: Report, build: Callable[[Row], Record], *, encoding: str | None, key: str = "text"
) -> Iterator[Record]:
    """A record for each object of a JSON file (see `files.json_rows`) with its text under `key`."""
    return build_records(rows(files.json_rows(path, report, encoding=encoding), path, report, key), build)


def rows(values: Iterable[files.Value], path: str | os.PathLike, report: Report, key: str = "text") -> Iterator[Row]:
    """Rows from parsed JSON objects with their text under `key`; anything else is skipped and reported."""
    for line, number, data in values:
        if not isinstance(data, dict):
            report.skipped(path, line, "not a JSON object")
        elif not isinstance(data.get(key), str):
            report.skipped(path, line, f"no string under '{key}'")
        else:
            yield Row(path, line, data[key], without(data, key), report, number)


def build_records(rows: Iterable[Row], build: Callable[[Row], Record]) -> Iterator[Record]:
    """A record for each row; a `ValueError` of `build` skips the row with its message as the reason."""
    for row in rows:
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


def without(data: dict[str, Any], *keys: str) -> dict[str, Any]:
    """The data but for these keys."""
    return {key: value for key, value in data.items() if key not in keys}


def kept(found: Iterable[T | None]) -> list[T]:
    """Entities or relations without those that were lost."""
    return [item for item in found if item is not None]
