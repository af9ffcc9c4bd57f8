"""What the formats share when they write: what of a record a format cannot hold, and JSON files."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from ie_cli import files
from ie_cli.errors import Report
from ie_cli.locate import ENUM, LOCATED, VALUE, is_choice
from ie_cli.records import CANDIDATES, Entity, Record, Span


@dataclass(frozen=True)
class Draft:
    """One record on its way to a published row; `number` is its place among those that are written, from 1 on."""

    record: Record
    number: int
    report: Report

    def row(self, text: str = "text", ident: str = "id") -> dict[str, Any]:
        """A new row: the id, if there is one, and the text, under these keys."""
        own = {} if self.record.id is None else {ident: self.record.id}
        return own | {text: self.record.text}

    def skipped(self, reason: str) -> None:
        self.report.skipped(title(self.record, self.number), None, reason)

    def lost(self, reason: str, *, cause: str) -> None:
        self.report.lost(title(self.record, self.number), None, reason, cause=cause)

    def mended(self, reason: str, *, cause: str = "") -> None:
        self.report.mended(title(self.record, self.number), None, reason, cause=cause)

    def cannot_hold(self, what: str, which: str) -> None:
        """Report a part of the record as lost for which the format has no place."""
        article = "an" if what[0] in "aeiou" else "a"
        self.lost(f"the format has no place for {article} {what}: {which}", cause=f"{what} in this format")

    def leave_out(self, *parts: str) -> None:
        """Report each item of these parts (entities, relations, events) as lost, or that there are none."""
        self.cannot_say_none(*parts)
        for part in parts:
            for item in getattr(self.record, part) or ():
                name = getattr(item, "predicate", None) or item.type or item.text
                self.cannot_hold({"entities": "entity"}.get(part, part.rstrip("s")), f"'{name}'")

    def cannot_say_none(self, *parts: str) -> None:
        """Report these parts as lost where they are empty: they are read again as if nobody had looked."""
        for part in parts:
            if getattr(self.record, part) == []:
                self.lost(f"that there are no {part} cannot be said in the format", cause=f"that there are no {part}")

    def without_keys(self, keys: Iterable[str], of: str, which: str) -> None:
        """Report keys as lost for which the format has no place.

        Args:
            of: what they are of: "a record", "an entity", …
            which: the one that they are of.
        """
        for key in keys:
            self.cannot_hold(f"key '{key}' of {of}", which)

    def with_keys(self, row: dict[str, Any], extra: dict[str, Any], own: Collection[str], of: str) -> dict[str, Any]:
        """The row and these keys; one that has a meaning of its `own` in the format is reported as lost."""
        for key in filter(own.__contains__, extra):
            self.lost(f"the key '{key}' of {of} has another meaning in the format", cause="key that the format has")
        return row | {key: value for key, value in extra.items() if key not in own}

    def without_record_keys(self) -> None:
        """Report the data set's own keys of the record as lost."""
        self.without_keys(record_keys(self.record), "a record", f"'{self.record.text[:20]}'")

    def with_record_keys(self, row: dict[str, Any], own: Collection[str]) -> dict[str, Any]:
        """The row and the data set's own keys of the record, see `with_keys`."""
        return self.with_keys(row, record_keys(self.record), own, "a record")

    def placed_entities(self) -> list[Entity]:
        """Those that a format with offsets and types can hold, and no more of them; the rest is reported as lost."""
        found = []
        for entity in self.record.entities or ():
            if entity.start is None or not entity.type:
                missing = "place" if entity.start is None else "type"
                self.lost(f"'{entity.text}' has no {missing}", cause=f"no {missing}")
            else:
                found.append(entity)
                self.without_keys(entity_keys(entity), "an entity", f"'{entity.text}'")
            if entity.link is not None:
                self.cannot_hold("link", f"of '{entity.text}'")
        return found

    def label(self, name: str, forbidden: str) -> str:
        """The name with `_` for what a label of the format cannot hold (a regular expression)."""
        mended = re.sub(forbidden, "_", name)
        if mended != name:
            self.mended(f"'{name}' is written '{mended}'", cause="label with characters the format cannot hold")
        return mended


def drafts(records: Iterable[Record], report: Report) -> Iterator[Draft]:
    """The records that are written, with their numbers."""
    return (Draft(record, number, report) for number, record in enumerate(records, 1))


def title(record: Record, number: int) -> str:
    """How reports name a record."""
    return f"record {number}" if record.id is None else f"record {number} ({record.id})"


def record_keys(record: Record) -> dict[str, Any]:
    """The keys of a record that come from the data set, without our own mark."""
    return {key: item for key, item in record.extra.items() if key != LOCATED}


def span_keys(span: Span) -> dict[str, Any]:
    """The keys of a span that come from the data set, without our own marks."""
    marks = {VALUE: isinstance(span.extra.get(VALUE), str), ENUM: is_choice(span)}
    return {key: item for key, item in span.extra.items() if not marks.get(key)}


def entity_keys(entity: Entity) -> dict[str, Any]:
    """The same of an entity; what its link was chosen from belongs to the link."""
    return {key: item for key, item in span_keys(entity).items() if key != CANDIDATES}


def write_json_lines(values: Iterable[Any], out: BinaryIO) -> None:
    """One value a line, written as they come."""
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
