"""Which column (or JSON key) of a catalogue is the id, the name and so on; the rest are facts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from ie_cli.kb.entry import Entry, Fact

# What the columns are called, by what they are; CCKS has subject_id, subject, alias, type and data.
USUAL = {
    "id": ("id", "kb_id", "subject_id", "entity_id", "qid", "code", "编号", "编码", "代码"),
    "name": ("name", "subject", "title", "label", "名称", "名字", "标准名", "标准名称"),
    "aliases": ("aliases", "alias", "synonyms", "synonym", "别名", "别称", "同义词"),
    "type": ("type", "types", "category", "class", "类型", "类别", "分类"),
    "description": ("description", "desc", "abstract", "summary", "definition", "描述", "简介", "摘要", "说明", "定义"),
}
DATA = "data"  # CCKS: [{"predicate": …, "object": …}]
NUL = "\0"  # where a name would end for the index of names
Columns = dict[str, str]  # what it is -> what it is called here
Lost = Callable[[str, str], None]  # hears the reason and its cause


def match_columns(keys: Iterable[str], named: Columns) -> Columns:
    """The columns among these keys: those that the user named, else those with a usual name, the likeliest first."""
    return _matched(tuple(keys), tuple(named.items()))


@lru_cache(maxsize=1024)  # the rows of a catalogue have few different sets of keys
def _matched(keys: tuple[str, ...], named: tuple[tuple[str, str], ...]) -> Columns:
    named = dict(named)
    by_name = {key.strip().casefold(): key for key in reversed(keys)}
    usual = {what: next((by_name[n] for n in names if n in by_name), None) for what, names in USUAL.items()}
    return {what: key for what, key in usual.items() if key is not None} | named


def entry(row: dict[str, Any], columns: Columns, lost: Lost) -> Entry:
    """The entity of a row; parts that cannot be read are told.

    Raises:
        ValueError: it has no id or no name.
    """
    ident, name = (_wanted(row, columns, what) for what in ("id", "name"))
    about = row.get(columns.get("description"))
    aliases, types = (tuple(_strings(row, columns.get(what), lost)) for what in ("aliases", "type"))
    aliases = tuple(_findable(aliases, columns.get("aliases"), lost))
    if not isinstance(about, (str, type(None))):
        lost(f"the description is no string: {_short(about)}", "description that is no string")
    return Entry(
        ident,
        name,
        tuple(dict.fromkeys(alias.strip() for alias in aliases if alias.strip() and alias.strip() != name)),
        types,
        about if isinstance(about, str) else "",
        tuple(_facts(row, set(columns.values()), lost)),
    )


def _wanted(row: dict[str, Any], columns: Columns, what: str) -> str:
    if what not in columns:
        raise ValueError(f"no {what} among the keys {', '.join(map(repr, row))}; name it with --{what}")
    value = _string(row.get(columns[what]))
    if not value or not value.strip():
        raise ValueError(f"no {what} under '{columns[what]}'")
    if "\n" in value.strip():
        raise ValueError(f"the {what} has more than one line")
    if NUL in value:
        raise ValueError(f"the {what} has a NUL character")
    return value.strip()


def _findable(names: Iterable[str], key: str | None, lost: Lost) -> Iterable[str]:
    for name in names:
        if NUL in name:
            lost(f"'{key}' has a name with a NUL character: {_short(name)}", f"'{key}' with a NUL character")
        else:
            yield name


def _strings(row: dict[str, Any], key: str | None, lost: Lost) -> Iterable[str]:
    """The strings of a list, or the one string, under a key."""
    value = row.get(key)
    for item in value if isinstance(value, list) else [] if value is None else [value]:
        if (string := _string(item)) is None:
            lost(f"'{key}' has what is no string: {_short(item)}", f"'{key}' that is no string")
        elif string:
            yield string


def _facts(row: dict[str, Any], columns: set[str], lost: Lost) -> Iterable[Fact]:
    for key, value in row.items():
        if key in columns or value in (None, "", [], {}):
            continue
        if key == DATA and isinstance(value, list):
            yield from _statements(value, lost)
            continue
        strings = [_string(item) for item in (value if isinstance(value, list) else [value])]
        if None in strings:
            lost(f"'{key}' is neither text nor a number: {_short(value)}", f"'{key}' that is no text")
        else:
            yield key, "、".join(strings)


def _statements(items: list, lost: Lost) -> Iterable[Fact]:
    for item in items:
        what, value = (_string(item.get(k)) for k in ("predicate", "object")) if isinstance(item, dict) else ("", None)
        if what is None or value is None:
            lost(f"an item of '{DATA}' has no predicate or no object: {_short(item)}", f"item of '{DATA}'")
        elif value:
            yield what, value


def _string(value: Any) -> str | None:
    """The string that a value is or that a number is written as; None for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:40]
