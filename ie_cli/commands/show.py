"""`ie show`: look at records in the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import typer

from ie_cli import records
from ie_cli.commands._shell import SpokenReport, inputs
from ie_cli.errors import Report
from ie_cli.files import opened
from ie_cli.records import Record


def run(
    files: list[str] = typer.Argument(None, metavar="FILE", help="Records (JSONL); `-` or nothing: stdin."),
    limit: int = typer.Option(None, "--limit", "-n", min=0, help="Stop after this many records."),
) -> None:
    """Print each text with its spans marked below it, nested ones in rows of their own, then what connects them.

    Entities, subjects and objects are marked with their type, triggers with that of their event, arguments
    with their role. Each relation and event follows on lines of its own; `=` stands before a value that
    has no place in the text.

    On a terminal the spans are coloured, a colour per type; elsewhere, or with NO_COLOR set, the
    output is plain text (`FORCE_COLOR=1 ie show x.jsonl | less -R` keeps the colours). Control
    characters in the text are shown as escapes such as \\\\x1b or \\\\n.

    Exit code 3 if some lines could not be read.

        ie predict news.jsonl -m model | ie show
    """
    from ie_cli.commands._show_record import printer

    spoken, show = SpokenReport(), printer()
    for record in islice(_records(inputs(files or []), spoken.report), limit):
        show(record)
    spoken.close()
    spoken.exit_if_skipped()


def _records(paths: list[str], report: Report) -> Iterator[Record]:
    """The records of some files, of which one is opened when it is needed."""
    for path in paths:
        with opened(path) as lines:
            yield from records.read(lines, path, report)
