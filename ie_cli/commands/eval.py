"""`ie eval`: score predictions against gold, and what is needed to decide between them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ie_cli.commands import _eval_scorer
from ie_cli.commands._shell import SpokenReport, output, refuse_overwrite, say, terminal
from ie_cli.errors import IEError, UsageError
from ie_cli.files import encoded, is_read_once
from ie_cli.registry import load

if TYPE_CHECKING:
    from ie_cli.commands._eval_compare import Comparison
    from ie_cli.commands._eval_report import ScoreReport, TaskReports
    from ie_cli.scoring import Score


class Average(str, Enum):
    """Which F1 is meant where one is asked for."""

    micro = "micro"
    macro = "macro"


def run(
    gold: str = typer.Argument(None, metavar="GOLD", help="Annotated records (JSONL); `-`: stdin."),
    preds: list[str] = typer.Argument(None, metavar="PRED…", help="Predicted records; `-` or nothing: stdin."),
    model: str = typer.Option(None, "--model", "-m", help="Predict with this model instead of reading PRED."),
    task: str = typer.Option(None, help="entities, relations, events, links, or all of them. Default: what GOLD has."),
    rule: str = typer.Option(None, help="What counts as right; see `--list`. Default: as the data ask for."),
    alias: str = typer.Option(None, metavar="FILE", help='Names that are one, for `official`: {"name": ["alias"]}.'),
    as_json: bool = typer.Option(False, "--json", help="Print the score as one JSON object."),
    fail_under: float = typer.Option(None, min=0, max=1, help="Exit with 1 if F1 is below this, for example 0.8."),
    metric: Average = typer.Option(Average.micro, help="The F1 that --fail-under and the signature mean."),
    by_type: bool = typer.Option(True, "--by-type/--no-by-type", help="Figures per type, too."),
    interval: bool = typer.Option(False, "--interval", help="95% intervals of micro P, R, F1: bootstrap over records."),
    samples: int = typer.Option(10_000, min=100, help="Samples for intervals and p."),
    seed: int = typer.Option(1, min=0, help="Seed of the samples."),
    errors: bool = typer.Option(False, "--errors", help="Errors by class, length, nesting and so on, with examples."),
    train: str = typer.Option(None, metavar="FILE", help="Training records, to tell strings that were seen there."),
    find_threshold: bool = typer.Option(False, "--find-threshold", help="The threshold with the best micro F1."),
    report: Path = typer.Option(None, metavar="FILE", help="Write a page (HTML) with figures, errors and texts."),
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

    Several PRED are compared with the first one on the same records: the difference of the micro
    rates, its 95% interval (paired bootstrap) and p (approximate randomization, two-sided).

    --task all scores each part that GOLD and PRED have, as -m does of a model with several parts.

    --errors puts each gold and each predicted item in one class: right, missed, spurious, or wrong in
    a way of the task (type, boundary, both). --find-threshold tries every score that PRED has: predict
    with a low threshold, and check the one it finds on other records.

    Records are paired in order, or by id where the order differs. A record without a prediction
    counts as an empty one. Exit code 3 if some lines could not be read.

        ie predict dev.jsonl -m model | ie eval dev.jsonl

        ie eval dev.jsonl pred.jsonl --task relations --rule official --alias aliases.json

        ie eval dev.jsonl pred.jsonl --task all

        ie eval dev.jsonl pred.jsonl --interval --errors --train train.jsonl --report report.html

        ie eval dev.jsonl a.jsonl b.jsonl --no-by-type

        ie predict dev.jsonl --threshold 0.05 | ie eval dev.jsonl --find-threshold
    """
    if list_:
        _print_rules()
        return
    preds = preds or []
    _check_usage(gold, preds, model)
    wishes = {"interval": interval, "errors": errors, "find-threshold": find_threshold, "report": report}
    _check_wishes(len(preds) > 1, wishes, train)
    if report is not None:
        refuse_overwrite(report, [gold or "-", *preds, *filter(None, [train, alias])])
    spoken = SpokenReport()
    from ie_cli.analysis.bootstrap import Resampling
    from ie_cli.commands import _eval_compare, _eval_score
    from ie_cli.commands._eval_measure import ScorerChoice, Sources
    from ie_cli.commands._eval_report import Shown

    choice, settings = ScorerChoice(task, rule, alias), Resampling(samples, seed)
    shown = Shown(metric.value, by_type)
    if len(preds) > 1:
        scored = _eval_compare.compare(gold, preds, choice, shown, settings, spoken.report)
    else:
        sources = Sources(gold or "-", preds[0] if preds else "-", model, train)
        extras = _eval_score.Extras(interval, errors, find_threshold, report)
        scored = _eval_score.evaluate(sources, choice, shown, extras, settings, spoken.report)
    spoken.close()
    _tell(scored, as_json=as_json)
    _check_f1(scored.scores, metric.value, fail_under)
    spoken.exit_if_skipped()


def _check_usage(gold: str | None, preds: list[str], model: str | None) -> None:
    if model is not None:
        if preds:
            raise UsageError("give PRED or --model, not both")
    elif gold is None:
        raise UsageError("name the gold file: `ie eval GOLD PRED`, or `ie predict GOLD | ie eval GOLD`")
    elif gold == "-" and (not preds or "-" in preds):
        raise UsageError("GOLD and PRED cannot both be stdin")
    elif gold == "-" and len(preds) > 1:
        raise UsageError("GOLD is read once for each PRED: name a file")
    elif len(preds) > 1 and is_read_once(gold):
        raise UsageError(f"{gold}: GOLD is read once for each PRED, so a pipe will not do; name a file")
    elif not preds and terminal(sys.stdin):
        raise UsageError("name the predictions or pipe them in: `ie predict GOLD | ie eval GOLD`")


def _check_wishes(several: bool, wishes: Mapping[str, bool | Path | None], train: str | None) -> None:
    """Stop where an option would be without effect."""
    if several and (asked := [name for name, value in wishes.items() if value]):
        raise UsageError(f"--{asked[0]} is for one PRED; several are compared, with intervals")
    if train is not None and not (wishes["errors"] or wishes["report"]):
        raise UsageError("--train goes with --errors or --report")
    if wishes["report"] is not None and not wishes["report"].parent.is_dir():
        raise UsageError(f"--report: the folder {wishes['report'].parent} does not exist")


def _tell(scored: ScoreReport | TaskReports | Comparison, *, as_json: bool) -> None:
    """The notes on stderr, the figures on stdout."""
    for note in scored.notes():
        say(f"note: {note}")
    with output(None) as out:
        out.write(encoded((scored.json if as_json else scored.text)()))


def _check_f1(scores: Mapping[str, Score], average: str, least: float | None) -> None:
    for name, score in scores.items():
        f1 = getattr(score, average).f1
        if least is not None and f1 < least:
            whose = f"{name}: " if len(scores) > 1 else ""
            raise IEError(f"{whose}{average} F1 {f1:.4f} is below {least:g}")


def _print_rules() -> None:
    """Every rule with the task that it is of."""
    rules = {part: load(_eval_scorer.SCORING, kind).RULES for part, kind in _eval_scorer.KINDS.items()}
    rows = [(part, name, what) for part, its in rules.items() for name, what in its.items()]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    with output(None) as out:
        for part, name, what in rows:
            out.write(f"{part:{widths[0]}}  {name:{widths[1]}}  {what}\n".encode())
