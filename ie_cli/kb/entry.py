"""One entity of a knowledge base, how its names are compared, and its line on disk."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ie_cli.locate import fold

Fact = tuple[str, str]  # predicate and object


@dataclass(frozen=True, slots=True)
class Entry:
    """An entity.

    Args:
        about: what the base says of it in running text, "" where it says nothing.
        facts: further statements, in their order: (predicate, object).
    """

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    about: str = ""
    facts: tuple[Fact, ...] = ()

    @property
    def description(self) -> str:
        """All that the base says of it: the running text, then a line `predicate：object` for each fact."""
        return "\n".join([self.about] * bool(self.about) + [f"{what}：{value}" for what, value in self.facts])


def keys(names: Iterable[str]) -> list[str]:
    """What an entity with these names is found by: each name as names are compared, once."""
    return [name for name in dict.fromkeys(map(key, names)) if name]


def key(name: str) -> str:
    """A name as names are compared: one case and width, without white space and one pair of 《》 around it."""
    name = fold(name.strip())
    if not name.startswith("《"):
        return name
    inner = name[1:-1].strip()
    return inner if inner and name.endswith("》") and not {"《", "》"} & set(inner) else name


def merged(first: Entry, second: Entry) -> Entry:
    """One entity of two that have the same id; nothing that either says is dropped or said twice."""
    return Entry(
        first.id,
        first.name,
        tuple(name for name in distinct(first.aliases, (second.name,), second.aliases) if name != first.name),
        tuple(distinct(first.types, second.types)),
        first.about if second.about in first.about else "\n".join(filter(None, (first.about, second.about))),
        tuple(distinct(first.facts, second.facts)),
    )


def distinct(*parts: Iterable[Any]) -> dict[Any, None]:
    """The different items of all parts, in order."""
    return dict.fromkeys(item for part in parts for item in part)


# --- On disk -------------------------------------------------------------------------------------


_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dumps(entry: Entry) -> bytes:
    """The entity as one line: id and names, a TAB (JSON writes none of its own), and the rest."""
    names, rest = [entry.id, entry.name, entry.aliases], [entry.types, entry.about, entry.facts]
    return f"{_encoded(names)}\t{_encoded(rest)}\n".encode()


def loads(line: bytes) -> Entry:
    """The entity of a line that `dumps` wrote."""
    names, rest = line.split(b"\t")
    (ident, name, aliases), (types, about, facts) = json.loads(names), json.loads(rest)
    return Entry(ident, name, tuple(aliases), tuple(types), about, tuple(map(tuple, facts)))


def loads_names(line: bytes) -> list[str]:
    """The id of the entity of a line, its name and its aliases; the rest of the line is not looked at."""
    ident, name, aliases = json.loads(line.partition(b"\t")[0].decode())
    return [ident, name, *aliases]


def to_json(entry: Entry) -> dict[str, Any]:
    """The entity as people see it and as `ie kb build` reads it."""
    return {
        "id": entry.id,
        "name": entry.name,
        "aliases": list(entry.aliases),
        "type": list(entry.types),
        "description": entry.description,
    }
