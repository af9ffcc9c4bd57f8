"""`ie eval`: score predictions against gold."""

from __future__ import annotations

import json
import sys
from enum import Enum
from typing import TYPE_CHECKING

import typer

from ie_cli.commands import _scorer
from ie_cli.commands._shell import REJECTED, Talk, output, say
from ie_cli.errors import IEError
from ie_cli.registry import load

if TYPE_CHECKING:
    from ie_cli.scoring._score import Score


class Average(str, Enum):
    micro = "micro"
    macro = "macro"


def run(
    gold: str = typer.Argument(None, metavar="GOLD", help="Annotated records (JSONL); `-`: stdin."),
    pred: str = typer.Argument(None, metavar="PRED", help="Predicted records; `-` or nothing: stdin."),
    model: str = typer.Option(None, "--model", "-m", help="Predict with this model instead of reading PRED."),
    task: str = typer.Option(None, help="entities, relations, events or links. Default: what GOLD has."),
    rule: str = typer.Option(None, help="What counts as right; see `--list`. Default: as the data ask for."),
    alias: str = typer.Option(None, metavar="FILE", help='Names that are one, for `official`: {"name": ["alias"]}.'),
    as_json: bool = typer.Option(False, "--json", help="Print the score as one JSON object."),
    fail_under: float = typer.Option(None, min=0, max=1, help="Exit with 1 if F1 is below this, for example 0.8."),
    metric: Average = typer.Option(Average.micro, help="The F1 that --fail-under and the signature mean."),
    by_type: bool = typer.Option(True, "--by-type/--no-by-type", help="Figures per type, too."),
    list_: bool = typer.Option(False, "--list", help="List the tasks with their rules."),
) -> None:
    """Score predictions against gold: precision, recall and F1.

    An entity is right if start, end and type are, a link if start, end and id are. Relations, events
    and links have several rules (`--list`); where none is named, gold that was published as strings is
    compared by strings, other gold by places. The signature, the last line, names the rule: quote it
    with the figures.

    `micro` sums the counts of all types; `macro` is the mean over the types of the gold. `nested`
    entities share characters with another one, `flat` ones do not. Relations are `epo` where another
    one joins the same two spans, `seo` where they share one span with another, else `normal`. Events
    are `several` or `single` of their type in a record, links are `known` or `NIL`. All rates are
    fractions of one, and 0 where there is nothing to divide by.

    Records are paired in order, or by id where the order differs. A record without a prediction
    counts as an empty one. Exit code 3 if some lines could not be read.

        ie predict dev.jsonl -m model | ie eval dev.jsonl

        ie eval dev.jsonl pred.jsonl --task relations --rule official --alias aliases.json
    """
    if list_:
        _print_rules()
        return
    _check_usage(gold, pred, model)
    talk = Talk()
    from ie_cli.commands._measure import Choice, measure

    score = measure(gold or "-", pred or "-", model, Choice(task, rule, alias), talk.report)
    talk.close()
    _notes(score)
    with output(None) as out:
        out.write((_json if as_json else _table)(score, metric.value, by_type).encode())
    f1 = getattr(score, metric.value).f1
    if fail_under is not None and f1 < fail_under:
        raise IEError(f"{metric.value} F1 {f1:.4f} is below {fail_under:g}")
    if talk.report.counts["skipped"]:
        raise typer.Exit(REJECTED)


def _check_usage(gold: str | None, pred: str | None, model: str | None) -> None:
    if model is not None:
        if pred is not None:
            raise typer.BadParameter("give PRED or --model, not both")
    elif gold is None:
        raise typer.BadParameter("name the gold file: `ie eval GOLD PRED`, or `ie predict GOLD | ie eval GOLD`")
    elif gold == "-" and pred in (None, "-"):
        raise typer.BadParameter("GOLD and PRED cannot both be stdin")
    elif pred is None and sys.stdin.isatty():
        raise typer.BadParameter("name the predictions or pipe them in: `ie predict GOLD | ie eval GOLD`")


# --- Telling -------------------------------------------------------------------------------------


def _notes(score: Score) -> None:
    """What the reader of the figures should know, and where it is not visible in them."""
    part = load(_scorer.SCORING, score.kind).Counts.part
    if score.unlabelled:
        say(f"note: gold records without '{part}', left out: {score.unlabelled}")
    for side in ("gold", "pred"):
        if repeats := getattr(score.duplicates, side):
            say(f"note: {side} {score.items} that repeat another of their record, counted once: {repeats}")
        if values := getattr(score.unplaced, side):
            say(f"note: {side} {score.items} without offsets, matched only with others without offsets: {values}")
    for what, number in score.remarks.items():
        say(f"note: {what}: {number}")


def _json(score: Score, average: str, by_type: bool) -> str:
    data = score.to_json(average)
    if not by_type:
        del data["types"]
    return json.dumps(data, ensure_ascii=False) + "\n"


def _table(score: Score, average: str, by_type: bool) -> str:
    from ie_cli.commands._table import table

    return f"{table(score, by_type=by_type)}{score.sign(average)}\n"


def _print_rules() -> None:
    """Every rule with the task that it is of."""
    rows = [(part, name, what) for part in _scorer.KINDS for name, what in _scorer.by_part(part).RULES.items()]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for part, name, what in rows:
        print(f"{part:{widths[0]}}  {name:{widths[1]}}  {what}")
