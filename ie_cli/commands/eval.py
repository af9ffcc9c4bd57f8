"""`ie eval`: score predictions against gold."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from enum import Enum
from itertools import tee
from typing import TYPE_CHECKING

import typer

from ie_cli import records, threads
from ie_cli.commands._shell import REJECTED, Talk, output, say
from ie_cli.errors import IEError, Report
from ie_cli.files import opened
from ie_cli.registry import load

if TYPE_CHECKING:
    from ie_cli.scoring._align import Placed
    from ie_cli.scoring._score import Score

KIND = "ner"


class Average(str, Enum):
    micro = "micro"
    macro = "macro"


def run(
    gold: str = typer.Argument(None, metavar="GOLD", help="Annotated records (JSONL); `-`: stdin."),
    pred: str = typer.Argument(None, metavar="PRED", help="Predicted records; `-` or nothing: stdin."),
    model: str = typer.Option(None, "--model", "-m", help="Predict with this model instead of reading PRED."),
    as_json: bool = typer.Option(False, "--json", help="Print the score as one JSON object."),
    fail_under: float = typer.Option(None, min=0, max=1, help="Exit with 1 if F1 is below this, for example 0.8."),
    metric: Average = typer.Option(Average.micro, help="The F1 that --fail-under and the signature mean."),
    by_type: bool = typer.Option(True, "--by-type/--no-by-type", help="Figures per type, too."),
) -> None:
    """Score predicted entities against gold: precision, recall and F1.

    An entity is right if start, end and type are. `micro` sums the counts of all types; `macro` is
    the mean over the types of the gold; `nested` are the entities that share characters with
    another one, `flat` the rest. All rates are fractions of one, and 0 where there is nothing to
    divide by. Quote the last line, the signature, with the figures.

    Records are paired in order, or by id where the order differs. A record without a prediction
    counts as an empty one. Exit code 3 if some lines could not be read.

        ie predict dev.jsonl -m model | ie eval dev.jsonl
    """
    _check_usage(gold, pred, model)
    talk = Talk()
    score = _measure(gold or "-", pred or "-", model, talk.report)
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


# --- Measuring -----------------------------------------------------------------------------------


def _measure(gold: str, pred: str, model: str | None, report: Report) -> Score:
    from ie_cli.scoring._align import pairs

    counts = load("ie_cli.scoring", KIND).Counts()
    with ExitStack() as files:
        wanted = _placed(files.enter_context(opened(gold)), gold, report)
        if model is None:
            found = _placed(files.enter_context(opened(pred)), pred, report)
        else:
            wanted, given = tee(wanted)
            found = _predicted(model, given)
        for one, other in pairs(wanted, found):
            if other is None:
                report.lost(one.path, one.line, "no prediction for this record; counted as empty")
            counts.add(one.record, None if other is None else other.record)
    score = counts.score()
    if not score.records:
        raise IEError(f"{gold}: no record has 'entities'; annotate it, or make it with `ie convert FORMAT FILE`")
    if score.missing == score.records:
        raise IEError(f"{model or pred}: no record has 'entities'; PRED is what `ie predict` writes")
    return score


def _placed(lines: Iterable[bytes], path: str, report: Report) -> Iterator[Placed]:
    """Records with their line numbers: `records.read` takes a line only when it needs one."""
    from ie_cli.scoring._align import Placed

    number = 0

    def counted() -> Iterator[bytes]:
        nonlocal number
        for number, line in enumerate(lines, 1):  # noqa: B007 - read below
            yield line

    for record in records.read(counted(), path, report):
        yield Placed(path, number, record)


def _predicted(model: str, gold: Iterable[Placed]) -> Iterator[Placed]:
    """Predictions of a model that is shown nothing of the gold but id and text."""
    threads.limit(None)
    from ie_cli.predicting import predict
    from ie_cli.scoring._align import placed
    from ie_cli.zoo.folder import load as load_model

    bare = (replace(item.record, entities=None, relations=None, events=None) for item in gold)
    return placed(predict(load_model(model), bare), model)


# --- Telling -------------------------------------------------------------------------------------


def _notes(score: Score) -> None:
    """What the reader of the figures should know, and where it is not visible in them."""
    if score.unlabelled:
        say(f"note: gold records without 'entities', left out: {score.unlabelled}")
    for side in ("gold", "pred"):
        if repeats := getattr(score.duplicates, side):
            say(f"note: {side} entities that repeat another of their record, counted once: {repeats}")
        if values := getattr(score.unplaced, side):
            say(f"note: {side} entities without offsets, matched only with others without offsets: {values}")


def _json(score: Score, average: str, by_type: bool) -> str:
    data = score.to_json(average)
    if not by_type:
        del data["types"]
    return json.dumps(data, ensure_ascii=False) + "\n"


def _table(score: Score, average: str, by_type: bool) -> str:
    from ie_cli.commands._table import table

    return f"{table(score, by_type=by_type)}{score.sign(average)}\n"
