"""What a rule for events makes of a record: rows of counts, one for each line of the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from ie_cli.records import Event
from ie_cli.scoring._counts import Sheet

PARTS = ("single", "several")


class Row(NamedTuple):
    """Items of one record that are counted together.

    Args:
        label: the line of the table: the event type, or type/role where arguments are counted.
        type: the event type, which decides the part.
        gold: how many the gold has.
        credits: what each prediction is worth, from 0 (wrong) to 1 (right).
    """

    label: str
    type: str
    gold: int
    credits: list[float]


Rows = Callable[[list[Event], list[Event], Sheet], Iterable[Row]]  # of the gold and the predicted events


def enter(rows: Iterable[Row], gold_events: list[Event], pred_events: list[Event], sheet: Sheet) -> None:
    """Add the rows of a record to a sheet.

    The part is "several" if the gold record has more than one event of the type, or if it has none
    and the predictions have more than one: only there can arguments be grouped wrongly.
    """
    gold, pred = (Counter(event.type for event in side) for side in (gold_events, pred_events))
    for row in rows:
        part = "several" if (gold[row.type] or pred[row.type]) > 1 else "single"
        for _ in range(row.gold):
            sheet.add_gold(row.label, part)
        for credit in row.credits:
            sheet.add_pred(row.label, part, credit)


def label(kind: str, role: str) -> str:
    """The line of the table that the arguments of a type and role are counted in."""
    return f"{kind}/{role}"
