"""A score as a table: a drawn one on a terminal, else columns that `grep` and `awk` can take apart."""

from __future__ import annotations

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ie_cli.commands._render import visible
from ie_cli.scoring._score import Rates, Score, Tally

RATES = ["type", "P", "R", "F1"]
COUNTS = {"tp": "tp", "found": "found", "pred": "n_pred", "gold": "n_gold"}  # heading -> field of the tally


def table(score: Score, *, by_type: bool) -> str:
    """Lines of the table: the types if wanted, then micro, macro and the parts; rates with 4 decimals.

    The gold items found have a column only under a rule that counts them apart from the predictions
    that are right.
    """
    counts = {head: field for head, field in COUNTS.items() if getattr(score.total, field) is not None}
    header, columns = [*RATES, *counts], list(counts.values())

    def row(name: str, tally: Tally) -> list[str]:
        return _row(name, tally.rates(), [_number(getattr(tally, field)) for field in columns])

    types = [row(name or "(no type)", tally) for name, tally in score.types.items()] if by_type else []
    totals = [row("micro", score.total), _row("macro", score.macro, ["-"] * len(columns))]
    totals += [row(name, tally) for name, tally in score.parts.items()]
    console = Console()
    return _drawn(header, types, totals, console) if console.is_terminal else _plain([header, *types, *totals])


def _row(name: str, rates: Rates, counts: list[str]) -> list[str]:
    return [visible(name), *(f"{rate:.4f}" for rate in (rates.precision, rates.recall, rates.f1)), *counts]


def _number(count: float) -> str:
    """A count; partial credit has two decimals."""
    return str(count) if isinstance(count, int) else f"{count:.2f}"


def _drawn(header: list[str], types: list[list[str]], totals: list[list[str]], console: Console) -> str:
    grid = Table(box=box.SIMPLE_HEAD)
    for i, name in enumerate(header):
        grid.add_column(name, justify="right" if i else "left")
    for rows in (types, totals):
        for row in rows:
            grid.add_row(*map(Text, row), end_section=row is rows[-1])  # Text: a type name is no markup
    with console.capture() as drawn:
        console.print(grid)
    return drawn.get()


def _plain(rows: list[list[str]]) -> str:
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return "".join("  ".join(map(_pad, row, widths, range(len(row)))) + "\n" for row in rows)


def _pad(cell: str, width: int, column: int) -> str:
    """Fill up to a number of columns on the terminal, names on the right, figures on the left."""
    blank = " " * (width - cell_len(cell))
    return blank + cell if column else cell + blank
