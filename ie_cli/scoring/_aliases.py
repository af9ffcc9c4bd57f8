"""A dictionary of names that mean one thing, for the rules of official scorers that allow for them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from ie_cli import files
from ie_cli.errors import FormatError, Report, strict_report
from ie_cli.scoring._strings import plain


class Aliases:
    """Names and their aliases, each as `plain` has it; an alias is one way, as in Baidu's scorer."""

    def __init__(self, names: dict[str, list[str]]):
        self._of: dict[str, set[str]] = {}
        for name, aliases in names.items():
            self._of.setdefault(plain(name), set()).update(map(plain, aliases))

    def same(self, one: str, other: str) -> bool:
        """Whether `other` is `one` or an alias of it."""
        return one == other or other in self._of.get(one, ())

    @property
    def digest(self) -> str:
        """Short digest for the signature of a score."""
        ordered = sorted((name, sorted(aliases)) for name, aliases in self._of.items())
        return hashlib.sha256(json.dumps(ordered).encode()).hexdigest()[:6]


def read(path: str) -> Aliases:
    """An alias file: JSON {"name": ["alias", …], …}, JSON lines of such objects, or Baidu's `name TAB alias TAB …`.

    Raises:
        FormatError: it is none of these; the line is named.
    """
    report = strict_report()  # with a line left out the score would be another
    first, rows = files.first_line(files.lines(path, report))
    names: dict[str, list[str]] = {}
    entries = _tabbed(rows, path) if "\t" in first else _json(rows, path, report)
    for name, aliases in entries:
        names.setdefault(name, []).extend(aliases)
    if not names:
        raise FormatError(path, None, "holds no aliases")
    return Aliases(names)


def _json(rows: Iterator[tuple[int, str]], path: str, report: Report) -> Iterator[tuple[str, list[str]]]:
    for line, _, value in files.json_values(rows, path, report):
        if not isinstance(value, dict) or not all(map(_strings, value.values())):
            raise FormatError(path, line, 'expected {"name": ["alias", …]}')
        yield from value.items()


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _tabbed(rows: Iterator[tuple[int, str]], path: str) -> Iterator[tuple[str, list[str]]]:
    for number, line in rows:
        name, *aliases = line.split("\t")
        if not line.strip():
            continue
        if not aliases:
            raise FormatError(path, number, "expected name TAB alias TAB …")
        yield name, aliases
