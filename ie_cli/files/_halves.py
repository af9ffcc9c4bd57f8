"""Halves of surrogate pairs, which no UTF-8 can hold: joined where both are there, or replaced."""

from __future__ import annotations

import re

HALF = "half of a surrogate pair, read as U+FFFD"
_HALF = re.compile("[\ud800-\udfff]")


def join_halves(text: str) -> str:
    """Put each surrogate pair together into its character; a lone half stays."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def has_half(text: str) -> bool:
    """Whether there is a half of a surrogate pair in the text."""
    return _HALF.search(text) is not None


def without_halves(text: str) -> str:
    """The text with U+FFFD for every lone half of a surrogate pair; its length stays."""
    return _HALF.sub("\ufffd", text)
