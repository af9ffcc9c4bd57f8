"""A record for the eye: its text, and under each line of it the spans as labelled bars.

    张三丰在北京大学人民医院
    [----] 人物 0.98
            [--------------] 机构
            [------] 学校

Nested and crossing spans get rows of their own. Widths are terminal columns. The bars are ASCII
because terminals disagree on the width of box-drawing characters in Chinese locales.
"""

from __future__ import annotations

import os
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from ie_cli.commands._shell import output
from ie_cli.records import Entity, Record

NARROWEST = 20  # columns; a narrower terminal has to break our lines itself

# Terminals disagree on how wide these make their neighbours, so they are left out: zero-width
# joiner, text and emoji presentation, skin tones. 👨‍👩 is shown as 👨👩.
_UNSEEN = {"\u200d", "\ufe0e", "\ufe0f", *map(chr, range(0x1F3FB, 0x1F400))}
_ESCAPED = {"Cc", "Cf", "Cn", "Cs", "Zl", "Zp"}  # controls, formats, unassigned, surrogates, line breaks
_FLAG_A = 0x1F1E6  # flags are pairs of letters; 🇨🇳 is shown as CN, the same width everywhere

# Of the 256 colours, those that can be read on black and on white.
_PALETTE = (1, 2, 4, 5, 6, 25, 28, 30, 62, 64, 68, 71, 91, 94, 98, 125, 130, 132, 133, 136, 161, 166, 172)


@dataclass(frozen=True)
class Piece:
    """The part of a span that falls on one line: its text, first column, and colour."""

    column: int
    shown: str
    style: str

    @property
    def end(self) -> int:
        return self.column + cell_len(self.shown)


def printer() -> Callable[[Record], None]:
    """A function that prints records to stdout at once: in colour on a terminal, else plain UTF-8.

    NO_COLOR asks for plain text and FORCE_COLOR for colour, as elsewhere.
    """
    console = Console()
    if console.is_terminal and not console.is_dumb_terminal and not os.environ.get("NO_COLOR"):
        # soft_wrap: the lines are already broken, rich must not count their widths again.
        return lambda record: console.print(render(record, console.width), soft_wrap=True)

    def plain(record: Record) -> None:
        with output(None) as out:
            out.write(f"{render(record, console.width).plain}\n".encode())

    return plain


def render(record: Record, width: int) -> Text:
    """The record as styled lines of at most `width` columns, ended by an empty line."""
    width = max(width, NARROWEST)
    lines = [Text(crop(f"# {visible(str(record.id))}", width), "dim")] if record.id is not None else []
    entities = record.entities or []
    found = sorted((e for e in entities if e.start is not None), key=lambda e: (e.start, -e.end, e.type or ""))
    cells = [_cell(char) for char in record.text]
    for start, end in _lines(record.text, cells, width):
        lines.append(_text_line(cells, start, end, found))
        lines += _span_rows(cells, start, end, found, width)
    lines += [Text(crop(f"= {label(e)}: {visible(e.text)}", width), style(e)) for e in entities if e.start is None]
    if record.entities is None:
        lines.append(Text("(not annotated)", "dim"))
    elif not entities:
        lines.append(Text("(no entities)", "dim"))
    return Text("\n").join([*lines, Text()])


def visible(text: str) -> str:
    """Text that a terminal shows as it stands: controls and invisible characters become escapes."""
    return "".join(map(_cell, text))


def label(entity: Entity) -> str:
    """The type of a span and, where there is one, its score."""
    name = visible(entity.type or "(no type)")
    return name if entity.score is None else f"{name} {entity.score:.2f}"


def style(entity: Entity) -> str:
    """A colour for the type: the same in every run, shared only by chance."""
    return f"color({_PALETTE[zlib.crc32((entity.type or '').encode(errors='replace')) % len(_PALETTE)]})"


def crop(text: str, width: int) -> str:
    """Cut to a number of columns, where a wide character at the edge leaves a blank."""
    return text if cell_len(text) <= width else set_cell_size(text, width)


def _cell(char: str) -> str:
    if char in _UNSEEN:
        return ""
    if 0 <= ord(char) - _FLAG_A < 26:
        return chr(ord(char) - _FLAG_A + ord("A"))
    if unicodedata.category(char) in _ESCAPED:
        return char.encode("unicode_escape").decode()
    return char


def _lines(text: str, cells: list[str], width: int) -> Iterator[tuple[int, int]]:
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


def _text_line(cells: list[str], start: int, end: int, entities: list[Entity]) -> Text:
    line, at = Text(), [0]
    for char in range(start, end):
        line.append(cells[char], "reverse" if cells[char].startswith("\\") and len(cells[char]) > 1 else "")
        at.append(len(line))
    for entity in entities:  # outer before inner: the innermost colour is seen
        if _touches(entity, start, end):
            first, last = max(entity.start, start) - start, min(entity.end, end) - start
            line.stylize(f"bold {style(entity)}", at[first], at[last])
    return line


def _span_rows(cells: list[str], start: int, end: int, entities: list[Entity], width: int) -> list[Text]:
    """The bars under one line of text, as few rows as first fit gives."""
    rows: list[list[Piece]] = []
    for entity in entities:
        if not _touches(entity, start, end):
            continue
        piece = _piece(cells, start, end, entity, width)
        row = next((row for row in rows if _fits(piece, row)), None)
        if row is None:
            rows.append([piece])
        else:
            row.append(piece)
    return [_row(row) for row in rows]


def _touches(entity: Entity, start: int, end: int) -> bool:
    return entity.start < end and start < entity.end


def _fits(piece: Piece, row: list[Piece]) -> bool:
    """Whether a column stays free between the piece and every other one."""
    return all(piece.end < other.column or other.end < piece.column for other in row)


def _row(pieces: list[Piece]) -> Text:
    line = Text()
    for piece in sorted(pieces, key=lambda piece: piece.column):
        line.append(" " * (piece.column - line.cell_len)).append(piece.shown, piece.style)
    return line


def _piece(cells: list[str], start: int, end: int, entity: Entity, width: int) -> Piece:
    """Bar and label: the label right of the bar, else left of it, else written into it."""
    column = _columns(cells[start : entity.start]) if entity.start > start else 0
    bar = _bar(
        _columns(cells[max(entity.start, start) : min(entity.end, end)]),
        opens=entity.start >= start,
        closes=entity.end <= end,
    )
    column = min(column, width - len(bar))
    name = label(entity)
    room = cell_len(name) + 1
    if column + len(bar) + room <= width:
        shown = f"{bar} {name}"
    elif room <= column:
        column, shown = column - room, f"{name} {bar}"
    elif room + 1 <= len(bar):
        shown = f"{bar[0]}{name}{bar[room:]}"
    else:
        column, shown = 0, crop(name, width)
    return Piece(column, shown, style(entity))


def _bar(size: int, *, opens: bool, closes: bool) -> str:
    """`[----]`, without the bracket on the side where the span goes on in another line."""
    if size < 2:
        return "|"
    return ("[" if opens else "-") + "-" * (size - 2) + ("]" if closes else "-")


def _columns(cells: list[str]) -> int:
    return sum(map(cell_len, cells))
