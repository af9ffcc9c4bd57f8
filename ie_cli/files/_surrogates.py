"""Lone surrogates, the halves of surrogate pairs, which no UTF-8 can hold: joined, replaced, or escaped."""

from __future__ import annotations

import re

LONE_SURROGATE = "half of a surrogate pair, read as U+FFFD"
_SURROGATE = re.compile("[\ud800-\udfff]")


def join_surrogates(text: str) -> str:
    """Put each surrogate pair together into its character; a lone surrogate stays."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def has_lone_surrogate(text: str) -> bool:
    """Whether the text cannot be written as UTF-8; nothing but a surrogate keeps it from that."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def replace_lone_surrogates(text: str) -> str:
    """The text with U+FFFD for every lone surrogate; its length stays."""
    return _SURROGATE.sub("\ufffd", text)


def encoded(text: str) -> bytes:
    """Text of ours as UTF-8; bytes in the name of a file that are none are escapes (`\\udcff`), as JSON has them."""
    return text.encode(errors="backslashreplace")
