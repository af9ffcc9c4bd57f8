"""Knowledge bases: what mentions are linked to. No torch, nothing printed.

    base = kb.open("kb")                  # memory-mapped: at once, whatever its size
    len(base), "10001" in base            # entities, and whether there is one of this id
    base.candidates("苹果")               # ids of the entities that are called so; [] if none is
    base.matches("苹果发布会")            # [Match(start=0, end=2, ids=["10001", "10002"])], in the order of the text
    leftmost_longest(base.matches(text))  # those of `ie_cli.matching`: no two overlap
    base.entity("10001")                  # Entry(id, name, aliases, types, about, facts), read from disk when asked for
    base.entity("10001").description      # what the base says of it, as one text
    base.names("苹")                      # the names (as they are compared) that begin so

`build` makes a base from entries, `sources.read` gives the entries of a file. Names are compared without
case and width, without the white space and the 《》 around them (`entry.key`). Ids come in order: those of
which it is the name before those of which it is an alias, each in the order of the files. A match begins
and ends where a word can: never within a run of Latin letters or of digits.

A base may be shared by threads, and by processes (it is pickled as its path).
"""

from __future__ import annotations

import os

from ie_cli.kb._store import SourcedEntry
from ie_cli.kb.base import KnowledgeBase, Match
from ie_cli.kb.building import Summary, build
from ie_cli.kb.entry import Entry

__all__ = ["Entry", "KnowledgeBase", "Match", "SourcedEntry", "Summary", "build", "open"]


def open(folder: str | os.PathLike) -> KnowledgeBase:
    """The base in a folder that `build` made.

    Raises:
        IEError: there is none, it was built by another version, or it is not whole.
    """
    return KnowledgeBase(folder)
