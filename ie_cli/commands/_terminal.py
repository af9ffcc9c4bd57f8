"""Text in the columns of a terminal: what is shown of a character, how wide it is, where lines break, colours."""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Iterator

from rich.cells import cell_len, set_cell_size

# Terminals disagree on how wide these make their neighbours, so they are left out: zero-width
# joiner, text and emoji presentation, skin tones. 👨‍👩 is shown as 👨👩.
_UNSEEN = {"\u200d", "\ufe0e", "\ufe0f", *map(chr, range(0x1F3FB, 0x1F400))}
_ESCAPED = {"Cc", "Cf", "Cn", "Cs", "Zl", "Zp"}  # controls, formats, unassigned, surrogates, line breaks
_FLAG_A = 0x1F1E6  # flags are pairs of letters; 🇨🇳 is shown as CN, the same width everywhere

# Of the 256 colours, those that can be read on black and on white.
_PALETTE = (1, 2, 4, 5, 6, 25, 28, 30, 62, 64, 68, 71, 91, 94, 98, 125, 130, 132, 133, 136, 161, 166, 172)


def visible(text: str) -> str:
    """Text that a terminal shows as it stands: controls and invisible characters become escapes."""
    return "".join(map(cell, text))


def cell(char: str) -> str:
    """What is shown of a character: nothing, the character, or an escape."""
    if char in _UNSEEN:
        return ""
    if 0 <= ord(char) - _FLAG_A < 26:
        return chr(ord(char) - _FLAG_A + ord("A"))
    if unicodedata.category(char) in _ESCAPED:
        return char.encode("unicode_escape").decode()
    return char


def columns(cells: list[str]) -> int:
    """How many columns of a terminal some cells take."""
    return sum(map(cell_len, cells))


def crop(text: str, width: int) -> str:
    """Cut to a number of columns, where a wide character at the edge leaves a blank."""
    return text if cell_len(text) <= width else set_cell_size(text, width)


def breaks(text: str, cells: list[str], width: int) -> Iterator[tuple[int, int]]:
    """Ranges of characters that fill the lines; a newline is shown and ends its line."""
    start = column = 0
    for i, cell in enumerate(cells):
        size = cell_len(cell)
        if column + size > width:
            yield start, i
            start, column = i, 0
        column += size
        if text[i] == "\n" and i + 1 < len(text):
            yield start, i + 1
            start, column = i + 1, 0
    yield start, len(text)


def style(name: str | None) -> str:
    """A colour for a type: the same in every run, shared only by chance."""
    return f"color({_PALETTE[zlib.crc32((name or '').encode(errors='replace')) % len(_PALETTE)]})"


def scored(shown: str, score: float | None) -> str:
    """The score behind what it belongs to, where there is one."""
    return shown if score is None else f"{shown} {score:.2f}"
