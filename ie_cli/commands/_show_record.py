"""A record for the eye: its text, under each line of it the spans as labelled bars, then what connects them.

    张三丰在北京大学人民医院
    [----] 人物 0.98
            [--------------] 机构
            [------] 学校
    张三丰 -就诊于-> 北京大学人民医院 0.93

Nested and crossing spans get rows of their own. Widths are terminal columns. The bars are ASCII
because terminals disagree on the width of box-drawing characters in Chinese locales.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from ie_cli.commands._shell import output
from ie_cli.commands._show_links import event_lines, marks, relation_lines
from ie_cli.commands._terminal import breaks, cell, columns, crop, scored, style, visible
from ie_cli.overlaps import overlap
from ie_cli.records import PARTS, Entity, Record

NARROWEST = 20  # columns; a narrower terminal has to break our lines itself


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
    spans = sorted(marks(record), key=lambda e: (e.start, -e.end, e.type or ""))
    cells = [cell(char) for char in record.text]
    for start, end in breaks(record.text, cells, width):
        lines.append(_text_line(cells, start, end, spans))
        lines += _span_rows(cells, start, end, spans, width)
    values = (entity for entity in record.entities or () if entity.start is None)
    lines += [Text(crop(f"= {label(e)}: {visible(e.text)}", width), style(e.type)) for e in values]
    lines += [line for relation in record.relations or () for line in relation_lines(relation, width)]
    lines += [line for event in record.events or () for line in event_lines(event, width)]
    lines += [Text(note, "dim") for note in _empty(record)]
    return Text("\n").join([*lines, Text()])


def _empty(record: Record) -> list[str]:
    """What to say of parts that nobody looked for, or that were looked for and not found."""
    parts = {name: getattr(record, name) for name in PARTS}
    if all(items is None for items in parts.values()):
        return ["(not annotated)"]
    return [f"(no {name})" for name, items in parts.items() if items == []]


def label(entity: Entity) -> str:
    """The type of a span, its score, and what it is linked to with that score, where there are such."""
    if entity.link is None:
        return scored(visible(entity.type or "(no type)"), entity.score)
    target = entity.link.kb_id if entity.link.kb_id is not None else entity.link.nil_type or "NIL"
    return f"{scored(visible(entity.type or ''), entity.score)} → {scored(visible(target), entity.link.score)}".strip()


def _text_line(cells: list[str], start: int, end: int, entities: list[Entity]) -> Text:
    line, at = Text(), [0]
    for char in range(start, end):
        line.append(cells[char], "reverse" if cells[char].startswith("\\") and len(cells[char]) > 1 else "")
        at.append(len(line))
    for entity in entities:  # outer before inner: the innermost colour is seen
        if _touches(entity, start, end):
            first, last = max(entity.start, start) - start, min(entity.end, end) - start
            line.stylize(f"bold {style(entity.type)}", at[first], at[last])
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
    return overlap((entity.start, entity.end), (start, end))


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
    column = columns(cells[start : entity.start]) if entity.start > start else 0
    bar = _bar(
        columns(cells[max(entity.start, start) : min(entity.end, end)]),
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
    return Piece(column, shown, style(entity.type))


def _bar(size: int, *, opens: bool, closes: bool) -> str:
    """`[----]`, without the bracket on the side where the span goes on in another line."""
    if size < 2:
        return "|"
    return ("[" if opens else "-") + "-" * (size - 2) + ("]" if closes else "-")
