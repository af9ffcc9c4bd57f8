"""The folder of a base: which files it is made of, and the manifest that says what they are.

    base.json         version, counts, and the size of each file, so that a copy cut short is noticed
    entities.lines    an entity a line (`entry.dumps`)
    entities.places   where the line of each entity begins and ends, in the order in which they were read: its row
    ids.trie          ids; `ids.rows` has the row for each number of the trie
    names.trie        names as they are compared; for each number of the trie `names.starts` has where in
                      `names.ids` the ids of its entities are, one a line

Integers are of 4 or 8 bytes and in the order of the machine, which is a part of the version.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ie_cli
from ie_cli.errors import IEError
from ie_cli.writing import whole_folder

MANIFEST = "base.json"
VERSION = f"1-{sys.byteorder}"  # raise the number when the files change
ENTITIES, PLACES = "entities.lines", "entities.places"
IDS, ID_ROWS = "ids.trie", "ids.rows"
NAMES, NAME_STARTS, NAME_IDS = "names.trie", "names.starts", "names.ids"
FILES = (ENTITIES, PLACES, IDS, ID_ROWS, NAMES, NAME_STARTS, NAME_IDS)
COUNTS = ("entities", "names", "shared_names", "most_shared", "most_shared_by", "longest_name")
AGAIN = "build it again with `ie kb build`"


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a base says of itself.

    Raises:
        IEError: this is no base, one of another version, or not a whole one.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        version, sizes = manifest["version"], dict(manifest["sizes"])
    except FileNotFoundError:
        raise IEError(f"{folder}: no knowledge base; make one with `ie kb build KB -o {folder}`") from None
    except (ValueError, KeyError, TypeError, NotADirectoryError):
        raise IEError(f"{folder / MANIFEST}: not the note of a knowledge base; {AGAIN}") from None
    if version != VERSION:
        made = f"has version {version} (ie {manifest.get('ie')})"
        raise IEError(f"{folder}: the base {made}, this ie {ie_cli.__version__} reads {VERSION}; {AGAIN}")
    for name in FILES:
        path = folder / name
        size = path.stat().st_size if path.is_file() else None
        if size != sizes.get(name):
            fault = "is missing" if size is None else f"has {size} bytes, not {sizes.get(name)}"
            raise IEError(f"{path}: {fault}; copy the base again, or {AGAIN}")
    if missing := [what for what in COUNTS if what not in manifest]:
        raise IEError(f"{folder / MANIFEST}: damaged ({missing[0]} is missing); copy the base again, or {AGAIN}")
    return manifest


def write_manifest(folder: Path, counts: dict[str, Any]) -> None:
    """Write the counts and the sizes of the files."""
    sizes = {name: (folder / name).stat().st_size for name in FILES}
    manifest = {"version": VERSION, "ie": ie_cli.__version__, **counts, "sizes": sizes}
    (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


@contextlib.contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A new folder to fill, which takes this name when it is whole; until then an older base stays.

    Raises:
        IEError: something that is no base has this name, or the old base has files of others beside its own.
        OSError: it cannot be written; the error names `folder`.
    """
    _check_replaceable(folder)
    with whole_folder(folder, f".{os.getpid()}") as part:
        yield part


def _check_replaceable(folder: Path) -> None:
    if not folder.exists():
        return
    inside = {path.name for path in folder.iterdir()} if folder.is_dir() else {folder.name}
    if inside and MANIFEST not in inside:
        raise IEError(f"{folder}: is there already and no knowledge base; name another folder")
    if others := sorted(inside - {MANIFEST, *FILES}):
        raise IEError(f"{folder}: holds {others[0]}, too, which is no part of a base; name another folder")
