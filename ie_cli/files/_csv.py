"""CSV with the line where each row begins; a cell in quotes may hold commas, quotes and line ends."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator

from ie_cli.errors import Report

NOT_CLOSED = "a quote is not closed"
NOT_TWICE = "not CSV: a quote within a cell must be written twice"
BARE_CR = "not CSV: a carriage return outside of quotes; lines have to end in \\n or \\r\\n"
NUL, STAND_IN = "\0", "\ud800"  # csv of Python 3.10 takes no NUL; the other is in no text that was decoded


def csv_rows(
    lines: Iterable[tuple[int, str]], path: str | os.PathLike, report: Report
) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of each row; one that is not CSV is skipped and reported.

    A cell is in quotes if it begins with one; in any other a quote is a character as the others are.
    A quote that is never closed would swallow the rest of the file, so the next line that is a whole row ends it,
    with as many cells as the row before. A line within a cell hardly is one: a quote there is written twice, so its
    first cell would be empty, unless the cell ends there and the next one begins with a line end.
    """
    held: list[str] = []
    begin = width = 0
    for number, line in lines:
        if held and line.startswith('"') and _is_row(_cells(line), width):
            _skip(held, begin, path, report, NOT_CLOSED)
            held = []
        if not held:
            begin = number
        held.append(line)
        if len(held) > 1 and '"' not in line:
            continue
        row = "\n".join(held)
        cells = _cells(row)
        if cells is None and _cells(row + '"') is not None:
            continue  # the last cell goes on
        if cells is None:
            _skip(held, begin, path, report, NOT_TWICE if '"' in row else BARE_CR)
        elif cells:
            width = len(cells)
            yield begin, cells
        held = []
    if held:
        _skip(held, begin, path, report, NOT_CLOSED)


def _skip(held: list[str], begin: int, path: str | os.PathLike, report: Report, cause: str) -> None:
    lost = f"; {len(held)} lines are not read" if len(held) > 1 else ""
    report.skipped(path, begin, cause + lost, cause=cause)


def _is_row(cells: list[str] | None, width: int) -> bool:
    """Whether these may be the cells of a row; a width of 0 is not known."""
    return bool(cells and cells[0]) and (len(cells) == width if width else len(cells) > 1)


def _cells(row: str) -> list[str] | None:
    """The cells of a row, none of an empty line; None if it is not CSV."""
    if len(row) > csv.field_size_limit():
        csv.field_size_limit(len(row))  # a long cell is no error
    try:
        cells = next(csv.reader([row.replace(NUL, STAND_IN)], strict=True), [])
    except csv.Error:
        return None
    return [cell.replace(STAND_IN, NUL) for cell in cells]


def csv_row(cells: Iterable[str]) -> bytes:
    """A row with every cell in quotes, and its line end."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(cell.replace(NUL, STAND_IN) for cell in cells)
    return out.getvalue().replace(STAND_IN, NUL).encode()
