"""CSV with the line where each row begins; a cell in quotes may hold commas, quotes and line ends."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator

from ie_cli.errors import Report

NUL, STAND_IN = "\0", "\ud800"  # csv of Python 3.10 takes no NUL; the other is in no text that was decoded


def csv_rows(
    lines: Iterable[tuple[int, str]], path: str | os.PathLike, report: Report
) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of each row; one that is not CSV is skipped and reported.

    A quote that is never closed would swallow the rest of the file, so the next line that is a whole row ends it,
    with as many cells as the row before. A line within a cell hardly is one: a quote there is written twice, so its
    first cell would be empty, unless the cell ends there and the next one begins with a line end.
    """
    held: list[str] = []
    begin = width = 0
    for number, line in lines:
        if held and line.startswith('"') and _is_row(_cells(line), width):
            report.skipped(path, begin, "a quote is not closed")
            held = []
        if not held:
            begin = number
        held.append(line)
        row = "\n".join(held)
        if row.count('"') % 2:
            continue
        held = []
        cells = _cells(row)
        if cells is None:
            report.skipped(path, begin, "not CSV: a quote within a cell must be written twice")
        elif cells:
            width = len(cells)
            yield begin, cells
    if held:
        report.skipped(path, begin, "a quote is not closed")


def _is_row(cells: list[str] | None, width: int) -> bool:
    """Whether these may be the cells of a row; a width of 0 is not known."""
    return bool(cells and cells[0]) and (len(cells) == width if width else len(cells) > 1)


def _cells(row: str) -> list[str] | None:
    """The cells of a row, none of an empty line; None if it is not CSV."""
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
