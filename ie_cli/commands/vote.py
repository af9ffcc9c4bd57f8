"""`ie vote`: several predictions of the same texts into one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import typer

from ie_cli import records
from ie_cli.commands._shell import SpokenReport, inputs, output, refuse_overwrite
from ie_cli.errors import Report, UsageError
from ie_cli.files import is_read_once, opened
from ie_cli.records import Record, pairs, read_placed


def run(
    preds: list[str] = typer.Argument(..., metavar="A B…", help="Predictions of the same texts (JSONL)."),
    least: int = typer.Option(None, min=1, help="How many must hold an item. Default: more than half of the files."),
    flat: bool = typer.Option(False, "--flat", help="Of entities that overlap, keep the likelier ones only."),
    out: Path = typer.Option(None, "--output", "-o", metavar="FILE", help="Default: stdout."),
) -> None:
    """Keep what several models agree on.

    Entities are the same if place and type are, relations if predicate, spans and slots are, events if
    type and trigger are (their arguments are voted on); of links the most frequent one stays. Scores
    become means over all files, 0 for one that lacks the item (of arguments over the files that have the
    event; a link keeps that of the first file that has it). With more than half of the files, entities
    overlap only if those of a file do; with --least, see --flat.

    Records are paired in order, or by id where the order differs; their other keys are those of A. A record
    that a file lacks is a vote for nothing there, and is counted. Exit code 3 if some lines could not be read.

        ie vote a.jsonl b.jsonl c.jsonl -o agreed.jsonl

        ie vote a.jsonl b.jsonl c.jsonl --least 2 --flat | ie eval dev.jsonl
    """
    from ie_cli.voting import vote

    preds = inputs(preds)
    if len(preds) < 2:
        raise UsageError("name two files or more")
    if "-" in preds:
        raise UsageError("A is read once for each other file: name files")
    if len(preds) > 2 and is_read_once(preds[0]):
        raise UsageError(f"{preds[0]}: A is read once for each other file, so a pipe will not do; name a file")
    if least is not None and least > len(preds):
        raise UsageError(f"--least {least} of {len(preds)} files: nothing can have so many votes")
    refuse_overwrite(out, preds)
    spoken, least = SpokenReport(), least or len(preds) // 2 + 1
    with output(out) as stream:
        records.write((vote(rows, least, flat=flat) for rows in _rows(preds, spoken.report)), stream)
    spoken.close()
    spoken.exit_if_skipped()


def _rows(preds: Sequence[str], report: Report) -> Iterator[list[Record]]:
    """The records of each text."""
    first, *others = preds
    with ExitStack() as files:

        def read(path: str, heard: Report):
            return read_placed(files.enter_context(opened(path)), path, heard)

        # problems of the first are told once, though it is read again for each of the others
        paired = [pairs(read(first, Report() if i else report), read(other, report)) for i, other in enumerate(others)]
        for row in zip(*paired, strict=True):
            wanted = row[0][0]
            for other, (_, found) in zip(others, row, strict=True):
                if found is None:
                    report.lost(other, None, f"lacks the record at {wanted.place}", cause="a record that a file lacks")
            yield [wanted.record, *(found.record if found else Record(wanted.record.text) for _, found in row)]
