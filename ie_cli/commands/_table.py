"""Tables: drawn ones on a terminal, else columns that `grep` and `awk` can take apart; and a score as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ie_cli.commands._terminal import visible
from ie_cli.scoring import Rates, Score, Tally

if TYPE_CHECKING:
    from ie_cli.analysis.bootstrap import Interval

RATES = ["P", "R", "F1"]
COUNTS = {"tp": "tp", "found": "found", "pred": "n_pred", "gold": "n_gold"}  # heading -> field of the tally
TALLIED = [*RATES, "tp", "pred", "gold"]  # headings of `tally_row`; the gold items found have no column


def table(score: Score, *, by_type: bool, intervals: Mapping[str, Interval] | None = None) -> str:
    """Lines of the table: the types if wanted, then micro with its intervals, macro and the parts.

    Rates have 4 decimals. The gold items found have a column only under a rule that counts them apart
    from the predictions that are right.
    """
    counts = {head: field for head, field in COUNTS.items() if getattr(score.total, field) is not None}
    header, columns = ["type", *RATES, *counts], list(counts.values())

    def row(name: str, tally: Tally) -> list[str]:
        return _row(name, tally.rates(), [_number(getattr(tally, field)) for field in columns])

    types = [row(name or "(no type)", tally) for name, tally in score.types.items()] if by_type else []
    blank = ["-"] * len(columns)
    totals = [row("micro", score.total)]
    for side in ("low", "high") if intervals else ():
        bounds = Rates(*(getattr(interval, side) for interval in intervals.values()))
        totals.append(_row(f"micro-{side}", bounds, blank))
    totals.append(_row("macro", score.macro, blank))
    totals += [row(name, tally) for name, tally in score.parts.items()]
    return grid(header, types, totals)


def grid(header: list[str], *sections: list[list[str]]) -> str:
    """Lines of a table; a terminal shows a rule between the sections. The first column is text, the others figures."""
    console = Console()
    rows = [row for section in sections for row in section]
    return _drawn(header, sections, console) if console.is_terminal else _plain([header, *rows])


def rate(value: float) -> str:
    """A rate as all tables show it."""
    return f"{value:.4f}"


def tally_row(name: str, tally: Tally) -> list[str]:
    """A row of rates and counts, as under `TALLIED`."""
    return _row(name, tally.rates(), [_number(tally.tp), str(tally.n_pred), str(tally.n_gold)])


def _row(name: str, rates: Rates, counts: list[str]) -> list[str]:
    return [visible(name), *map(rate, (rates.precision, rates.recall, rates.f1)), *counts]


def _number(count: float) -> str:
    """A count; partial credit has two decimals."""
    return str(count) if isinstance(count, int) else f"{count:.2f}"


def _drawn(header: list[str], sections: tuple[list[list[str]], ...], console: Console) -> str:
    shown = Table(box=box.SIMPLE_HEAD)
    for i, name in enumerate(header):
        shown.add_column(name, justify="right" if i else "left")
    for rows in sections:
        for row in rows:
            shown.add_row(*map(Text, row), end_section=row is rows[-1])  # Text: a type name is no markup
    with console.capture() as drawn:
        console.print(shown)
    return drawn.get()


def _plain(rows: list[list[str]]) -> str:
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return "".join("  ".join(map(_pad, row, widths, range(len(row)))) + "\n" for row in rows)


def _pad(cell: str, width: int, column: int) -> str:
    """Fill up to a number of columns on the terminal, names on the right, figures on the left."""
    blank = " " * (width - cell_len(cell))
    return blank + cell if column else cell + blank
