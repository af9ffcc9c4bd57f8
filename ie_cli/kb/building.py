"""Build a base: entities go to disk as they come, then the indexes of ids and names are made."""

from __future__ import annotations

import errno
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import marisa_trie
import numpy as np

from ie_cli.errors import IEError
from ie_cli.kb import _folder, entry
from ie_cli.kb._store import SourcedEntry, Store
from ie_cli.kb.base import KnowledgeBase, reader


@dataclass(frozen=True)
class Summary:
    """What a build came to.

    Args:
        replaced: entities of the earlier base of which a new version came.
        merged: entities that were joined to one with the same id.
    """

    entities: int
    names: int
    replaced: int
    merged: int


def build(
    entries: Iterable[SourcedEntry],
    folder: Path,
    *,
    earlier: KnowledgeBase | None = None,
    merge: bool = False,
    tell: Callable[[str], None] = lambda message: None,
) -> Summary:
    """Make a base; it appears, or takes the place of an older one, only when it is whole.

    Args:
        earlier: a base whose entities stay, but for those of which a new version comes.
        merge: make one entity of several new ones with the same id instead of stopping.
        tell: hears what has been done.

    Raises:
        IEError: two entities have the same id, or there is none at all.
    """
    with _folder.replacing(folder) as part:
        if earlier is None and any(folder.glob("*")):
            tell(f"{folder}: the base that is there gives way to the new one when this is whole")
        store = _stored(part, entries, earlier, merge)
        if not store.rows:
            raise IEError(f"{folder}: no entity to build a base of; see what was skipped, and `ie kb build --help`")
        tell(f"entities: {len(store.rows)}; now their names")
        _index_ids(part, store.rows)
        counts = {"entities": len(store.rows), **_index_names(part, store)}
        _folder.write_manifest(part, counts)
    return Summary(counts["entities"], counts["names"], store.replaced, store.merged)


def _stored(part: Path, entries: Iterable[SourcedEntry], earlier: KnowledgeBase | None, merge: bool) -> Store:
    with (part / _folder.ENTITIES).open("w+b") as stream:
        store = Store(stream, merge)
        if earlier is not None:
            store.take_over(earlier)
        for item in entries:
            store.add(item)
    _write(part / _folder.PLACES, np.column_stack([store.starts, store.ends]))
    return store


# --- Indexes -------------------------------------------------------------------------------------


def _index_ids(part: Path, rows: dict[str, int]) -> None:
    """Write the trie of ids, and the row for each of its numbers."""
    trie = marisa_trie.Trie(rows)
    by_number = np.empty(len(rows), np.uint32)
    by_number[np.fromiter(map(trie.__getitem__, rows), np.int64, len(rows))] = np.arange(len(rows))
    _save(part / _folder.IDS, trie)
    _write(part / _folder.ID_ROWS, by_number)


def _index_names(part: Path, store: Store) -> dict[str, Any]:
    """Write the trie of names with the ids of each, first of those of which it is the name; returns counts.

    The entities are gone through twice, so that their names are in memory only as the trie has them.
    """
    trie = marisa_trie.Trie(name for names in _keys(part, store) for name in names)
    _save(part / _folder.NAMES, trie)
    numbers, owners, longest = array("Q"), array("I"), 0
    for row, names in enumerate(_keys(part, store)):
        longest = max(longest, max(map(len, names)))
        numbers.extend(2 * trie[name] + bool(i) for i, name in enumerate(names))
        owners.extend([row] * len(names))
    numbers, owners = np.frombuffer(numbers, np.uint64), np.frombuffer(owners, np.uint32)
    sizes = np.bincount((numbers // 2).astype(np.int64), minlength=len(trie))
    _write_ids(part, list(store.rows), owners[np.argsort(numbers, kind="stable")], sizes)
    most = int(sizes.argmax())
    return {
        "names": len(trie),
        "shared_names": int((sizes > 1).sum()),
        "most_shared": trie.restore_key(most),
        "most_shared_by": int(sizes[most]),
        "longest_name": longest,
    }


def _write_ids(part: Path, ids: list[str], owners: np.ndarray, sizes: np.ndarray) -> None:
    """Write the ids of the entities that have each name, one a line.

    Args:
        owners: the rows of those of the first name, then of the second, …
        sizes: how many each has.
    """
    starts, begin = array("Q", [0]), 0
    with (part / _folder.NAME_IDS).open("wb") as out:
        for end in np.cumsum(sizes).tolist():
            lines = "".join(f"{ids[row]}\n" for row in owners[begin:end].tolist())
            starts.append(starts[-1] + out.write(lines.encode()))
            begin = end
    _write(part / _folder.NAME_STARTS, starts)


def _keys(part: Path, store: Store) -> Iterator[list[str]]:
    line = reader(part / _folder.ENTITIES)
    return (entry.keys(entry.loads_names(line(*place))[1:]) for place in zip(store.starts, store.ends, strict=True))


def _save(path: Path, trie: marisa_trie.Trie) -> None:
    try:
        trie.save(str(path))
    except RuntimeError:  # the library does not say why
        raise OSError(errno.EIO, "cannot be written; is there room on the disk?") from None


def _write(path: Path, numbers: array | np.ndarray) -> None:
    with path.open("wb") as stream:
        stream.write(np.ascontiguousarray(numbers))  # `tofile` would not say why it cannot
