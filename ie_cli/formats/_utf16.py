"""Offsets in UTF-16 units, in which JavaScript and Java count: a character outside the BMP is two units."""

from __future__ import annotations

from typing import Any

Table = list[int | None]  # UTF-16 offset -> code points before it; None inside of a character


def table(text: str) -> Table | None:
    """What turns UTF-16 offsets of a text into code points; None where both are the same."""
    if not text or max(text) <= "\uffff":
        return None
    found: Table = []
    for i, char in enumerate(text):
        found += [i] if char <= "\uffff" else [i, None]
    return [*found, len(text)]


def code_points(found: Table, offset: Any, default: int | None = None) -> int | None:
    """The code-point offset of a UTF-16 offset; the default for what is no such offset."""
    place = found[offset] if type(offset) is int and 0 <= offset < len(found) else None
    return default if place is None else place
