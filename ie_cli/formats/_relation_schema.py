"""Relation schemas as they are published: which predicates there are, and the types of their ends.

    {"subject_type": "书籍", "predicate": "作者", "object_type": "人物"}
    {"subject_type": "娱乐人物", "predicate": "饰演", "object_type": {"@value": "人物", "inWork": "影视作品"}}

One row a line, or an array of them, on one line or many. A predicate may have several rows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ie_cli.errors import FormatError
from ie_cli.formats._reading import Row
from ie_cli.formats._schema import rows, string
from ie_cli.records import Relation, Span

OBJECT_SLOT = "@value"  # the slot of the object itself
SUBJECT = "subject"  # stands beside the slots for the other end
Types = dict[str, str]  # the end of a relation -> its type


@dataclass(frozen=True)
class Schema:
    """The rows of a schema file by predicate."""

    path: str | os.PathLike
    rows: dict[str, list[Types]]


def load(path: str | os.PathLike) -> Schema:
    """The schema in a file. A row that cannot be read is a `FormatError`: half a schema misleads."""
    found: dict[str, list[Types]] = {}
    for line, row in rows(path):
        try:
            predicate, types = string(row, "predicate"), _types(row)
            for name in _names(predicate, types):
                found.setdefault(name, []).append(types)
        except ValueError as error:
            raise FormatError(path, line, f"{error}; expected a relation schema") from None
    if not found:
        raise FormatError(path, None, "no predicates in this schema")
    return Schema(path, found)


def _names(predicate: str, types: Types) -> set[str]:
    """The name in the schema, and the one in the data: CMeIE's 同义词-疾病 is 同义词 there."""
    return {predicate, predicate.removesuffix(f"-{types[SUBJECT]}")}


def _types(row: dict[str, Any]) -> Types:
    of_object = row.get("object_type")
    if not isinstance(of_object, dict):
        of_object = {OBJECT_SLOT: string(row, "object_type")}
    elif OBJECT_SLOT not in of_object:
        raise ValueError(f"no '{OBJECT_SLOT}' in 'object_type'")
    return {SUBJECT: string(row, "subject_type")} | {slot: string(of_object, slot) for slot in of_object}


def checked(row: Row, relation: Relation, schema: Schema) -> Relation | None:
    """The relation with the types that the schema is sure of; None (reported as lost) if it lacks the predicate.

    Types that disagree with the schema are reported and stay: which of the two is wrong cannot be known.
    """
    known = schema.rows.get(relation.predicate)
    if known is None:
        reason = f"'{relation.predicate}' is not in the schema {schema.path}; without --schema it is kept"
        row.lost(reason, cause="predicate that the schema does not have")
        return None
    agreeing = [types for types in known if _agrees(relation, types)]
    if not agreeing:
        shown = ", ".join(f"{end}: {span.type}" for end, span in _ends(relation))
        reason = f"types of '{relation.predicate}' are not as in {schema.path}: {shown}; kept as they are"
        row.mended(reason, cause="types that the schema does not have")
    for end, span in _ends(relation):
        possible = {types[end] for types in agreeing}
        if span.type is None and len(possible) == 1:
            span.type = possible.pop()
            row.mended(f"{end} of '{relation.predicate}' gets the type '{span.type}'", cause="type from the schema")
    return relation


def _agrees(relation: Relation, types: Types) -> bool:
    return all(end in types and span.type in (None, types[end]) for end, span in _ends(relation))


def _ends(relation: Relation) -> Iterator[tuple[str, Span]]:
    yield SUBJECT, relation.subject
    yield OBJECT_SLOT, relation.object
    yield from relation.slots.items()
