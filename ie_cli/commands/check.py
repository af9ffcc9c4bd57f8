"""`ie check`: what is in the training data, and what in them spoils a model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from ie_cli.commands._shell import SpokenReport, inputs, output, say
from ie_cli.errors import UsageError
from ie_cli.files import encoded

if TYPE_CHECKING:
    from ie_cli.checking.check import Check


def run(
    data: list[str] = typer.Argument(None, metavar="DATA.jsonl…", help="Training records; `-` or nothing: stdin."),
    dev: list[str] = typer.Option(None, "--dev", help="Records that the best epoch is to be chosen on."),
    encoder: str = typer.Option(
        None, "--encoder", "-e", help="Count tokens, windows and lost gold with this encoder (`ie models`), too."
    ),
    task: str = typer.Option(None, "--task", help="With --encoder: model to be trained. Default: as `ie train`."),
    assign: list[str] = typer.Option(None, "--set", metavar="KEY=VALUE", help="With --encoder: setting of the recipe."),
    as_json: bool = typer.Option(False, "--json", help="Print all figures and findings as one JSON object."),
    strict: bool = typer.Option(False, "--strict", help="Exit with 1 if something spoils training or its score (!!)."),
) -> None:
    """Look at records before training: figures by split, then what to look at, with places and what to try.

    Counted are labels, nested and crossing entities, text lengths (mean, median, the lengths that 95
    and 99 of 100 do not exceed), triples by overlap, events, links and NIL. Told are: dev texts that
    are in train, repeated texts, also with another annotation (!!); labels seen once or only in dev;
    strings that have several types, or that are annotated in one text and left out in another; spans
    without a place; ends of relations that are no entities; records that nobody annotated. With
    --encoder also texts longer than its window, and gold that training cannot use, by cause: as
    `ie train` with the same --task and --set counts it.

    Two texts are the same if every character is. Only places of two and more characters are looked
    for among what is left out. Exit code 3 if some lines could not be read.

        ie check train.jsonl --dev dev.jsonl

        ie check train.jsonl --dev dev.jsonl -e roberta-wwm-ext --set train.max_length=128 --strict
    """
    if encoder is None and (task is not None or assign):
        raise UsageError("--task and --set say how an encoder reads the records: name one with --encoder")
    from ie_cli.commands._check_data import Reading, check

    train, dev = inputs(data or []), inputs(dev) if dev else []
    if [*train, *dev].count("-") > 1:
        raise UsageError("standard input can be read once only: name files")
    spoken = SpokenReport()
    reading = None if encoder is None else Reading(encoder, task, assign or [])
    checked = check(train, dev, reading, spoken.report)
    spoken.close()
    with output(None) as out:
        out.write(encoded(_json(checked) if as_json else _table(checked)))
    if strict and (bad := [finding for finding in checked.findings() if finding.spoils]):
        say(f"error: {'; '.join(f'{finding.what}: {finding.count}' for finding in bad)}")
        raise typer.Exit(1)
    spoken.exit_if_skipped()


def _json(checked: Check) -> str:
    sections = {section.title: section.columns for section in checked.sections()}
    findings = [finding.to_json() for finding in checked.findings()]
    return json.dumps({"sections": sections, "findings": findings}, ensure_ascii=False) + "\n"


def _table(checked: Check) -> str:
    from ie_cli.commands._check_table import printed

    return printed(checked.sections(), checked.findings())
