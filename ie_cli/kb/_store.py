"""The first half of a build: entities go to disk as they come, and only ids and places stay in memory."""

from __future__ import annotations

from array import array
from typing import BinaryIO, NamedTuple

from ie_cli.errors import FormatError, place
from ie_cli.kb import entry
from ie_cli.kb.base import KnowledgeBase
from ie_cli.kb.entry import Entry


class SourcedEntry(NamedTuple):
    """An entity and where it stands: file and line."""

    path: str
    line: int
    entry: Entry


class Store:
    """Writes entities and knows which ids it has seen, and where; an entity that is replaced leaves a dead line."""

    def __init__(self, stream: BinaryIO, merge: bool):
        self.stream, self.merge = stream, merge
        self.end = self.replaced = self.merged = 0
        self.rows: dict[str, int] = {}
        self.starts, self.ends = array("Q"), array("Q")
        self.paths: list[str] = []
        self.sources, self.lines = array("I"), array("I")  # path and line of each row; line 0: of the earlier base

    def take_over(self, earlier: KnowledgeBase) -> None:
        """All entities of a base, as they are."""
        for line in map(earlier.line, range(len(earlier))):
            self._append(entry.loads_names(line)[0], line, 0)

    def add(self, item: SourcedEntry) -> None:
        """A new entity.

        Raises:
            FormatError: another new one has this id.
        """
        if not self.paths or self.paths[-1] != item.path:
            self.paths.append(item.path)
        new, row = item.entry, self.rows.get(item.entry.id)
        if row is None:
            self._append(new.id, entry.dumps(new), item.line)
        elif not self.lines[row]:
            self.replaced += 1
            self.sources[row], self.lines[row] = len(self.paths) - 1, item.line
            self._put(row, entry.dumps(new))
        elif self.merge:
            self.merged += 1
            self._put(row, entry.dumps(entry.merged(self._entry(row), new)))
        else:
            first = place(self.paths[self.sources[row]], self.lines[row])
            raise FormatError(item.path, item.line, f"id '{new.id}' is at {first}, too; --merge makes one of them")

    def _append(self, ident: str, line: bytes, number: int) -> None:
        self.rows[ident] = row = len(self.rows)
        self.sources.append(max(len(self.paths) - 1, 0))
        for column, value in ((self.lines, number), (self.starts, 0), (self.ends, 0)):
            column.append(value)
        self._put(row, line)

    def _put(self, row: int, line: bytes) -> None:
        self.starts[row], self.end = self.end, self.end + len(line)
        self.ends[row] = self.end
        self.stream.write(line)

    def _entry(self, row: int) -> Entry:
        self.stream.seek(self.starts[row])
        stored = entry.loads(self.stream.read(self.ends[row] - self.starts[row]))
        self.stream.seek(self.end)
        return stored
