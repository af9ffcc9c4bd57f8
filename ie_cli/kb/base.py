"""An opened base: every file is mapped into memory, none is read through."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import marisa_trie

from ie_cli.errors import IEError
from ie_cli.files import has_lone_surrogate
from ie_cli.kb import _folder, entry
from ie_cli.kb.entry import Entry
from ie_cli.locate import fold
from ie_cli.matching import inside_runs

PIECES, PIECE = 64, 1 << 14  # of a large file that a digest is made of: how many, and their bytes


class Match(NamedTuple):
    """A name in a text, and the ids of the entities that are called so."""

    start: int
    end: int
    ids: list[str]


class KnowledgeBase:
    """The base in a folder; see the package for what it can do."""

    def __init__(self, folder: str | os.PathLike):
        self.folder = Path(folder)
        self.manifest = _folder.read_manifest(self.folder)
        self._line = reader(self.folder / _folder.ENTITIES)
        self._places, self._id_rows, self._name_starts = (
            memoryview(mapped(self.folder / name)).cast(kind)
            for name, kind in ((_folder.PLACES, "Q"), (_folder.ID_ROWS, "I"), (_folder.NAME_STARTS, "Q"))
        )
        self._name_ids = mapped(self.folder / _folder.NAME_IDS)
        self._ids, self._names = (self._trie(name) for name in (_folder.IDS, _folder.NAMES))
        self._longest = self.manifest["longest_name"]

    def _trie(self, name: str) -> marisa_trie.Trie:
        path, trie = str(self.folder / name), marisa_trie.Trie()
        try:
            return trie.load(path) if has_lone_surrogate(path) else trie.mmap(path)  # which takes UTF-8 only
        except RuntimeError:
            raise self._damaged(name) from None

    def __reduce__(self):
        return type(self), (self.folder,)

    def digest(self) -> str:
        """What tells a base from another: its counts, the sizes of its files, and pieces of each; 16 hex digits."""
        manifest = {name: value for name, value in self.manifest.items() if name != "ie"}
        total = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode())
        for name, size in sorted(self.manifest["sizes"].items()):
            with (self.folder / name).open("rb") as stream:
                for at in range(0, size, max(PIECE, size // PIECES)):
                    stream.seek(at)
                    total.update(stream.read(PIECE))
        return total.hexdigest()[:16]

    # --- Entities --------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._places) // 2

    def __contains__(self, ident: object) -> bool:
        return isinstance(ident, str) and ident in self._ids

    def __iter__(self) -> Iterator[Entry]:
        return map(self._entry, range(len(self)))

    def entity(self, ident: str) -> Entry:
        """The entity of an id.

        Raises:
            IEError: the base has none.
        """
        if ident not in self:
            raise IEError(f"{self.folder}: no entity has the id '{ident}'")
        return self._entry(self._id_rows[self._ids[ident]])

    def _entry(self, row: int) -> Entry:
        try:
            return entry.loads(self.line(row))
        except (ValueError, TypeError, OverflowError):  # ValueError: no JSON, no UTF-8, not its parts
            raise self._damaged(_folder.ENTITIES) from None

    def line(self, row: int) -> bytes:
        """The line on disk of the entity in a row."""
        return self._line(self._places[2 * row], self._places[2 * row + 1])

    # --- Names -----------------------------------------------------------------------------------

    def candidates(self, name: str) -> list[str]:
        """Ids of the entities that are called so, [] where there is none."""
        name = entry.key(name)
        # The trie takes a name for its part before a NUL character; no name has one.
        number = None if "\0" in name else self._names.get(name)
        return [] if number is None else self._called(number)

    def names(self, prefix: str = "") -> Iterator[str]:
        """The names, as they are compared, that begin with this one, in no order to rely on."""
        return self._names.iterkeys(entry.key(prefix))

    def matches(self, text: str) -> list[Match]:
        """Every name in the text, by where it begins, shorter ones first."""
        folded = fold(text)
        inside = inside_runs(folded)
        found = []
        for at in range(len(folded)):
            if at in inside:
                continue
            for name in self._names.prefixes(folded[at : at + self._longest]):
                if at + len(name) not in inside:
                    found.append(Match(at, at + len(name), self._called(self._names[name])))
        return found

    def _called(self, number: int) -> list[str]:
        ids = self._name_ids[self._name_starts[number] : self._name_starts[number + 1] - 1]
        try:
            return ids.decode().split("\n")
        except UnicodeDecodeError:
            raise self._damaged(_folder.NAME_IDS) from None

    def _damaged(self, name: str) -> IEError:
        return IEError(f"{self.folder / name}: damaged; copy the base again, or {_folder.AGAIN}")


def mapped(path: Path) -> mmap.mmap:
    """A file as memory."""
    with path.open("rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


def reader(path: Path) -> Callable[[int, int], bytes]:
    """A function that gives the bytes from start to end, also to several threads and processes.

    They are read, not mapped, where the system can do so at a place: a mapped large file would slowly count
    fully as used memory.
    """
    if not hasattr(os, "pread"):
        content = mapped(path)
        return lambda start, end: content[start:end]
    stream = path.open("rb", buffering=0)
    return lambda start, end: os.pread(stream.fileno(), end - start, start)
