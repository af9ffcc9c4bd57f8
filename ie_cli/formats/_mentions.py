"""Mentions and their entities as the CCKS contests have them: string offsets, NIL as an id.

    {"text_id": "1", "text": "青禾科技", "mention_data": [{"kb_id": "10001", "mention": "青禾科技", "offset": "0"}]}

A mention is an entity, without a type unless the data give one under `type`. `kb_id` NIL is a link to
nothing; NIL_Person and the like keep what is behind the `_` in `link.nil_type`. A mention without
`kb_id` (CCKS2020 gives the mentions of its test texts) has no link, and is written without one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from ie_cli.errors import Report
from ie_cli.formats._reading import Row, items, kept, misfit, read_json, without
from ie_cli.formats._writing import Draft, drafts, entity_keys, write_json_lines
from ie_cli.records import Entity, Link, Record

NIL, NIL_TYPE = "NIL", "NIL_"
_ROW = {"text_id", "text", "mention_data"}
_MENTION = {"kb_id", "mention", "offset", "type"}
_TAKEN = {"start", "end", "text", "link", "score"}  # keys of our own entities


# --- Reading -------------------------------------------------------------------------------------


def read(path: str, report: Report, *, encoding: str | None) -> Iterator[Record]:
    """Records of JSON lines or of one array of texts with mentions."""
    return read_json(path, report, _record, encoding=encoding)


def _record(row: Row) -> Record:
    entities = None
    if "mention_data" in row.data:
        entities = kept(_entity(row, item) for item in items(row.data["mention_data"], list, "mention_data"))
    return row.record(row.data.get("text_id"), entities=entities, extra=without(row.data, "text_id", "mention_data"))


def _entity(row: Row, item: Any) -> Entity | None:
    item = item if isinstance(item, dict) else {}
    mention, start = item.get("mention"), _offset(item.get("offset"))
    if not isinstance(mention, str) or not mention:
        row.lost(f"a mention has no string: {mention!r}", cause="mention without a string")
        return None
    end = start + len(mention) if isinstance(start, int) else None
    if fault := misfit(row.text, start, end, mention):
        row.lost(f"'{mention}' at offset {item.get('offset')!r}: {fault.reason}", cause=fault.cause)
        return None
    kind = item.get("type")
    if kind is not None and not (isinstance(kind, str) and kind):
        row.lost(f"the type of '{mention}' is no string: {kind!r}", cause="type that is no string")
        kind = None
    link = _link(row, mention, item)
    return Entity(start, end, kind, mention, link=link, extra=row.rest(item, _MENTION, _TAKEN, "a mention"))


def _offset(value: Any) -> Any:
    """The number that a string of digits stands for; anything else stays, to be reported as such."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


def _link(row: Row, mention: str, item: dict[str, Any]) -> Link | None:
    if "kb_id" not in item:
        return None
    kb_id = item["kb_id"]
    if type(kb_id) is int:  # as some copies have it; an id is a string in every base
        kb_id = str(kb_id)
    if not isinstance(kb_id, str) or not kb_id:
        row.lost(f"the id of '{mention}' is no string: {kb_id!r}", cause="id that is no string")
        return None
    if kb_id == NIL or kb_id.startswith(NIL_TYPE):
        return Link(None, nil_type=kb_id.removeprefix(NIL).removeprefix("_") or None)
    return Link(kb_id)


# --- Writing -------------------------------------------------------------------------------------


def write(records: Iterable[Record], out: BinaryIO, report: Report, *, nil_types: bool) -> None:
    """Write JSON lines.

    Args:
        nil_types: whether the format has types of NIL; else that of a link is lost.
    """
    write_json_lines((_row(draft, nil_types) for draft in drafts(records, report)), out)


def _row(draft: Draft, nil_types: bool) -> dict[str, Any]:
    draft.leave_out("relations", "events")
    record = draft.record
    row = draft.row(ident="text_id")
    if record.entities is not None:
        row["mention_data"] = list(_mentions(draft, nil_types))
    return draft.with_record_keys(row, _ROW)


def _mentions(draft: Draft, nil_types: bool) -> Iterator[dict[str, Any]]:
    for entity in draft.record.entities or ():
        if entity.start is None:
            draft.lost(f"'{entity.text}' has no place", cause="no place")
            continue
        link = entity.link
        if link is not None:
            _leave_out_of_link(draft, link, entity.text, nil_types)
        out = {} if link is None else {"kb_id": _kb_id(link, nil_types)}
        out |= {"mention": entity.text, "offset": str(entity.start)}
        out |= {} if entity.type is None else {"type": entity.type}
        yield draft.with_keys(out, entity_keys(entity), _MENTION, "a mention")


def _leave_out_of_link(draft: Draft, link: Link, mention: str, nil_types: bool) -> None:
    """Report what of a link the format cannot hold, and an id that it takes for none."""
    if link.nil_type is not None and not (nil_types and link.kb_id is None):
        draft.cannot_hold("NIL type", f"'{link.nil_type}' of '{mention}'")
    if link.kb_id is not None and (link.kb_id == NIL or link.kb_id.startswith(NIL_TYPE)):
        draft.mended(f"the id '{link.kb_id}' of '{mention}' is read again as NIL", cause="id that means NIL")
    draft.without_keys(link.extra, "a link", f"'{mention}'")


def _kb_id(link: Link, nil_types: bool) -> str:
    if link.kb_id is not None:
        return link.kb_id
    return NIL_TYPE + link.nil_type if nil_types and link.nil_type else NIL
