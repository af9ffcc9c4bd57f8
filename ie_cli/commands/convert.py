"""`ie convert`: published formats to records and back."""

from __future__ import annotations

import inspect
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import typer

from ie_cli.commands._shell import SpokenReport, inputs, output, refuse_overwrite, say, terminal
from ie_cli.errors import Report, UsageError
from ie_cli.formats._writing import title
from ie_cli.locate import PlaceChoice, locate
from ie_cli.records import PARTS, Record
from ie_cli.registry import load, names

FORMATS = "ie_cli.formats"
PLACED = "strings placed"


def run(
    format: str = typer.Argument(None, metavar="FORMAT", help="What the files are; see `--list`."),
    files: list[str] = typer.Argument(None, metavar="FILE", help="Files; `-` or nothing: stdin."),
    to: str = typer.Option("jsonl", "--to", metavar="FORMAT", help="What to write; jsonl is our own records."),
    out: Path = typer.Option(None, "--output", "-o", help="A file instead of stdout; a new folder for brat."),
    scheme: str = typer.Option(None, help="bio, bmes or bioes: of the output with `--to conll`, else of the input."),
    variant: str = typer.Option(None, help="Which form of the input format it is, where the data mislead."),
    encoding: str = typer.Option(None, help="Encoding of the input, where it is not UTF-8 or GB18030 (GBK)."),
    schema: str = typer.Option(None, metavar="FILE", help="Schema of the data set: report what it does not have."),
    places: PlaceChoice = typer.Option(
        PlaceChoice.nearest, help="Which place a string gets that is in the text several times."
    ),
    list_: bool = typer.Option(False, "--list", help="List the formats."),
) -> None:
    """Convert a published data set to records, one JSON object a line, or to another format.

    Nothing is dropped in silence. stderr has, with place and reason, the rows that could not be
    read or written (skipped), the parts that a record had to leave behind (lost), and what got through
    changed (mended). Only scores, and ids where a format has none, go without a word.

    Data sets that give strings without places get the places here, and so do records of your own
    (jsonl). With `--places nearest` subject and object of a relation are the pair with the smallest
    gap, an argument is the one nearest to its trigger; with `all` each pair becomes a relation. A
    string that is not in the text, even in other case or width, is kept without a place and told.

    Exit code 3 if rows were skipped; what was lost or mended is only told.

        ie convert cluener train.json > train.jsonl

        ie convert conll train.char.bmes --to brat -o train_brat

        ie convert duie1 train_data.json --schema all_50_schemas > train.jsonl
    """
    if list_:
        _print_formats()
        return
    if format is None:
        raise UsageError("name the FORMAT of the files; `ie convert --list` shows them all")
    reader, writer = load(FORMATS, format), load(FORMATS, to)
    write = _writing(writer, to)
    scheme_in, scheme_out = (None, scheme) if to == "conll" else (scheme, None)
    read_options = _options(reader.read, format, scheme=scheme_in, variant=variant, encoding=encoding, schema=schema)
    write_options = _options(write, to, scheme=scheme_out)
    paths = inputs(files or [])
    _check_output(out, [*paths, *filter(None, [schema])], folder=hasattr(writer, "write_folder"), to=to)
    if not files and terminal(sys.stdin):
        raise UsageError("name the files or pipe them in")
    spoken = SpokenReport()
    counts = convert(
        reader=reader, paths=paths, read_options=read_options, places=places,
        write=write, out=out, write_options=write_options, report=spoken.report,
    )  # fmt: skip
    say(", ".join(f"{what}: {counts[what]}" for what in ("records", *PARTS, PLACED) if what in counts))
    spoken.close()
    spoken.exit_if_skipped()


def convert(
    *,
    reader: ModuleType,
    paths: Iterable[str],
    read_options: dict[str, Any],
    places: PlaceChoice,
    write: Callable,
    out: Path | None,
    write_options: dict[str, Any],
    report: Report,
) -> Counter[str]:
    """Read the files one after the other, write their records, and count what went through.

    Args:
        reader: a format module.
        places: which places the strings get that have none.
        write: `write` or `write_folder` of one.
        out: the file or folder; None is stdout.
    """
    counts, placed = Counter({"records": 0}), Counter()
    counted = _counted(located(_read_all(reader, paths, read_options, report), places, report, placed), counts)
    if write.__name__ == "write_folder":
        write(counted, out, report, **write_options)
    else:
        with output(out) as stream:
            write(counted, stream, report, **write_options)
    counts.update(placed)
    return counts


def _read_all(reader: ModuleType, paths: Iterable[str], options: dict[str, Any], report: Report) -> Iterator[Record]:
    if hasattr(reader, "read_all"):
        return reader.read_all(paths, report, **options)
    return (record for path in paths for record in reader.read(path, report, **options))


def located(records: Iterable[Record], places: PlaceChoice, report: Report, placed: Counter[str]) -> Iterator[Record]:
    """The records with places for their strings; what differs from the text or is not in it is told."""
    for number, record in enumerate(records, 1):
        result = locate(record, places)
        for reason, cause in result.notes:
            report.mended(title(record, number), None, reason, cause=cause)
        if result.placed:
            placed[PLACED] += result.placed
        yield result.record


def _counted(records: Iterable[Record], counts: Counter[str]) -> Iterator[Record]:
    """The records, counted as they pass; a part that none of them has gets no count, not even 0."""
    for record in records:
        counts["records"] += 1
        for part in PARTS:
            if (items := getattr(record, part)) is not None:
                counts[part] += len(items)
        yield record


# --- Usage ---------------------------------------------------------------------------------------


def _writing(writer: ModuleType, name: str) -> Callable:
    write = getattr(writer, "write", None) or getattr(writer, "write_folder", None)
    if write is None:
        raise UsageError(f"format '{name}' is only read; `ie convert --list` shows which are written")
    return write


def _options(function: Callable, format: str, **given: str | None) -> dict[str, str]:
    """The options that were given; one that the format does not take is wrong usage."""
    given = {name: value for name, value in given.items() if value is not None}
    for name in given.keys() - inspect.signature(function).parameters.keys():
        raise UsageError(f"format '{format}' has no --{name}")
    return given


def _check_output(out: Path | None, inputs: Iterable[str], *, folder: bool, to: str) -> None:
    named = out is not None and str(out) != "-"
    if folder and not named:
        raise UsageError(f"format '{to}' is many files; name a new folder with -o")
    refuse_overwrite(out, inputs)


# --- The list of formats -------------------------------------------------------------------------


def _print_formats() -> None:
    """Name, first line of the documentation, and whether it is written, too; tabs outside a terminal."""
    rows = [_described(name) for name in names(FORMATS)]
    if not terminal(sys.stdout):
        typer.echo("\n".join("\t".join(row) for row in rows))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("format", "what it is", "written as", box=None)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _described(name: str) -> tuple[str, str, str]:
    module = load(FORMATS, name)
    written = "file" if hasattr(module, "write") else "folder" if hasattr(module, "write_folder") else "-"
    return name, inspect.getdoc(module).partition("\n")[0].rstrip("."), written
