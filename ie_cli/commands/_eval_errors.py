"""The errors behind a score, for `ie eval --errors` and for the page of `--report`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

from ie_cli import records
from ie_cli.analysis.error_analysis import (
    MISSED,
    RIGHT,
    SPURIOUS,
    AnalysedRecord,
    Case,
    Errors,
    Item,
    analysis_for,
    empty_analyses,
)
from ie_cli.commands._eval_measure import ScorerChoice
from ie_cli.commands._table import TALLIED, grid, tally_row
from ie_cli.commands._terminal import visible
from ie_cli.errors import Report, UsageError
from ie_cli.files import opened
from ie_cli.records import Record
from ie_cli.scoring import Score

AROUND = 12  # characters shown on either side of an example
CONFUSED = 10  # pairs of types in the table


class ErrorTables:
    """Watches the pairs of records and tells their errors.

    Args:
        train: file of the training records, whose strings count as seen.
        keep: records with errors to keep for a page.
    """

    def __init__(self, train: str | None, report: Report, *, keep: int = 0):
        self._train, self._report, self._keep = train, report, keep
        self._errors: list[Errors] = []  # one for each rule

    def begin(self, kind: str, choice: ScorerChoice) -> None:
        if choice.alias is not None:
            raise UsageError("--alias: errors are told apart by the names as they stand; leave --errors or --alias out")
        with nullcontext() if self._train is None else opened(self._train) as lines:
            train = None if lines is None else records.read(lines, self._train, self._report)
            self._errors = empty_analyses(kind, choice.rule, train, keep=self._keep)

    def add(self, gold: Record, pred: Record | None) -> None:
        for errors in self._errors:
            errors.add(gold, pred)

    def of(self, score: Score) -> Errors:
        """The errors under the rule of a score."""
        return analysis_for(score, self._errors)

    def text(self, score: Score) -> str:
        """Tables of the classes, the types that are mixed up and the groups, and examples."""
        errors = self.of(score)
        sections = [_classes(errors), _confused(errors), _groups(errors), _examples(errors)]
        return "\n".join(section for section in sections if section)

    def json(self, score: Score) -> dict[str, Any]:
        """The same for `--json`."""
        errors = self.of(score)
        shown = {name: [_example_json(seen) for seen in examples] for name, examples in errors.examples.items()}
        return {"errors": errors.to_json() | {"examples": shown}}

    def notes(self) -> Iterator[str]:
        """Nothing: what there is to know is in the score's notes."""
        return iter(())


# --- Tables --------------------------------------------------------------------------------------


def _classes(errors: Errors) -> str:
    """How many cases of each class, and what share of the gold and of the predictions they take."""
    rows = [
        [
            name,
            str(n),
            "-" if name == SPURIOUS else _share(n, errors.n_gold),
            "-" if name == MISSED else _share(n, errors.n_pred),
        ]
        for name, n in errors.counts.items()
    ]
    return grid([f"errors, {errors.kind.rule}", "n", "of gold", "of pred"], rows)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def _confused(errors: Errors) -> str:
    mixed = [(types, n) for types, n in errors.confused() if None not in types and types[0] != types[1]]
    rows = [[f"{visible(gold)} → {visible(pred)}", str(n)] for (gold, pred), n in mixed[:CONFUSED]]
    return grid(["gold type → predicted type", "n"], rows) if rows else ""


def _groups(errors: Errors) -> str:
    sections = [
        [tally_row(f"{split}: {name}", tally) for name, tally in errors.ordered(split)] for split in errors.splits
    ]
    return grid(["group", *TALLIED], *sections)


# --- Examples ------------------------------------------------------------------------------------


def _examples(errors: Errors) -> str:
    lines = [
        f"{name}: {_items(seen.cases[0])}  {visible(_context(seen))}{_ident(seen.record)}"
        for name in errors.counts
        for seen in errors.examples.get(name, ())
        if name != RIGHT
    ]
    return "".join(f"{line}\n" for line in lines)


def _items(case: Case) -> str:
    return " ≠ ".join(visible(_named(item)) for item in (case.gold, case.pred) if item is not None)


def _named(item: Item) -> str:
    return f"{item.text} ({item.type})" if item.type else item.text


def _context(seen: AnalysedRecord) -> str:
    """The text around the spans of a case."""
    text = seen.record.text
    items = [item for item in (seen.cases[0].gold, seen.cases[0].pred) if item is not None]
    spans = [span for item in items for span, _ in item.spans if span.start is not None]
    first = max(min((span.start for span in spans), default=0) - AROUND, 0)
    last = min(max((span.end for span in spans), default=AROUND) + AROUND, len(text))
    return "…" * (first > 0) + text[first:last] + "…" * (last < len(text))


def _ident(record: Record) -> str:
    return "" if record.id is None else f"  #{visible(str(record.id))}"


def _example_json(seen: AnalysedRecord) -> dict[str, Any]:
    case = seen.cases[0]
    return {
        "id": seen.record.id,
        "text": seen.record.text,
        "gold": _item_json(case.gold),
        "pred": _item_json(case.pred),
    }


def _item_json(item: Item | None) -> dict[str, Any] | None:
    if item is None:
        return None
    spans = [{"start": span.start, "end": span.end, "label": name} for span, name in item.spans]
    return {"type": item.type, "text": item.text, "spans": spans}
