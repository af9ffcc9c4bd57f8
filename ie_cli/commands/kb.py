"""`ie kb`: knowledge bases, what mentions are linked to."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ie_cli.commands._shell import SpokenReport, guarded, inputs, output, say, terminal
from ie_cli.errors import IEError, UsageError
from ie_cli.files import replace_lone_surrogates

if TYPE_CHECKING:
    from ie_cli.kb import KnowledgeBase

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Knowledge bases: build one from your catalogue, look into it.",
)
FOLDER = typer.Argument(..., metavar="DIR", help="Folder of the base.")
SHOWN = 5  # names that are suggested where one is not there


# --- ie kb build ---------------------------------------------------------------------------------


def build(
    files: list[str] = typer.Argument(None, metavar="KB", help="Catalogues; `-` or nothing: stdin."),
    out: Path = typer.Option(None, "--output", "-o", metavar="DIR", help="Folder of the base."),
    update: Path = typer.Option(None, metavar="DIR", help="Base whose entities stay, or are replaced by those of KB."),
    merge: bool = typer.Option(False, "--merge", help="Make one entity of those in KB with the same id."),
    id: str = typer.Option(None, metavar="COLUMN", help="Column, or key, of the ids."),
    name: str = typer.Option(None, metavar="COLUMN", help="Column of the names."),
    aliases: str = typer.Option(None, metavar="COLUMN", help="Column of further names."),
    type: str = typer.Option(None, metavar="COLUMN", help="Column of the types."),
    description: str = typer.Option(None, metavar="COLUMN", help="Column of the descriptions."),
    separator: str = typer.Option("|", help="What parts several aliases or types in a cell of CSV or TSV."),
    encoding: str = typer.Option(None, help="Encoding of the files, where it is not UTF-8 or GB18030 (GBK)."),
) -> None:
    """Build a knowledge base from the files of CCKS, or from a catalogue of your own.

    A catalogue is JSON lines, a JSON array, CSV or TSV with an id and a name for each entity and, if there
    are, aliases, a type and a description. Columns are known by their usual names (`id`, `name`, `alias`,
    `编号`, `名称`, `别名`, …) or named here; all others become statements of the description.

    Two entities with one id stop the build, unless --merge says that they are one. The base appears when
    it is whole. With --update the base that is named grows, or a copy of it if there is an -o; that costs
    about half of a new build. Exit code 3 if rows were skipped.

        ie kb build kb_data -o kb

        ie kb build products.csv --id sku --aliases short_names -o kb

        ie kb build films.tsv --name title --aliases titles --separator / --type genre --description plot -o kb

        ie kb build new.jsonl --update kb
    """
    if out is None and update is None:
        raise UsageError("name the folder of the base with -o")
    if not separator:
        raise UsageError("--separator is empty: leave it out, or name what stands between several aliases in a cell")
    if not files and terminal(sys.stdin):
        raise UsageError("name the files or pipe them in")
    from ie_cli import kb
    from ie_cli.kb import sources

    columns = {"id": id, "name": name, "aliases": aliases, "type": type, "description": description}
    named = {what: column for what, column in columns.items() if column is not None}
    spoken, folder = SpokenReport(), out or update
    read = (
        item
        for path in inputs(files or [])
        for item in sources.read(path, spoken.report, named=named, separator=separator, encoding=encoding)
    )
    earlier = None if update is None else kb.open(update)
    summary = kb.build(read, folder, earlier=earlier, merge=merge, tell=say)
    say(", ".join(f"{what}: {n}" for what, n in asdict(summary).items() if n))
    say(f"the base is in {folder}; try: ie kb search {folder} NAME")
    spoken.close()
    spoken.exit_if_skipped()


# --- ie kb info ----------------------------------------------------------------------------------


def info(folder: Path = FOLDER) -> None:
    """What a base has: a line a figure, tab-separated.

    The figures were taken when it was built.

        ie kb info kb
    """
    from ie_cli import kb

    manifest = kb.open(folder).manifest
    rows = {
        "entities": manifest["entities"],
        "names": manifest["names"],
        "names of several entities": manifest["shared_names"],
        "most entities of one name": f"{manifest['most_shared_by']} ({manifest['most_shared']})",
        "megabytes": f"{sum(manifest['sizes'].values()) / 1e6:.1f}",
        "version": f"{manifest['version']} (ie {manifest['ie']})",
    }
    with output(None) as stream:
        stream.write("".join(f"{what}\t{value}\n" for what, value in rows.items()).encode())


# --- ie kb search --------------------------------------------------------------------------------


def search(
    folder: Path = FOLDER,
    name: str = typer.Argument(..., metavar="NAME", help="A name or alias, in any case or width."),
    by_id: bool = typer.Option(False, "--id", help="NAME is an id."),
    prefix: bool = typer.Option(False, "--prefix", help="Every entity with a name that begins so."),
    text: bool = typer.Option(False, "--text", help="NAME is a text: every name in it, with its entities' ids."),
    limit: int = typer.Option(None, "--limit", "-n", min=1, help="Stop after this many."),
) -> None:
    """Find entities: a JSON object a line, those first whose name it is, then those with it as an alias.

    Exit code 1 if there is none.

        ie kb search kb 苹果

        ie kb search kb --text '苹果发布会' | head -3
    """
    if by_id + prefix + text > 1:
        raise UsageError("--id, --prefix and --text do not go together")
    from ie_cli import kb

    base, name = kb.open(folder), replace_lone_surrogates(name)  # bytes that are no UTF-8 are found nowhere
    if text:
        rows: Iterable[dict[str, Any]] = (
            {"start": start, "end": end, "text": name[start:end], "ids": ids} for start, end, ids in base.matches(name)
        )
    else:
        rows = _entities(base, [name] if by_id else _ids(base, name, prefix))
    with output(None) as stream:
        written = 0
        for row in islice(rows, limit):
            stream.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            written += 1
    if not written:
        raise _nothing(base, name, text)


def _entities(base: KnowledgeBase, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
    from ie_cli.kb.entry import to_json

    return (to_json(base.entity(ident)) for ident in ids)


def _ids(base: KnowledgeBase, name: str, prefix: bool) -> Iterable[str]:
    if not prefix:
        return base.candidates(name)
    return dict.fromkeys(ident for longer in sorted(base.names(name)) for ident in base.candidates(longer))


def _nothing(base: KnowledgeBase, name: str, text: bool) -> IEError:
    if text:
        return IEError(f"{base.folder}: no name is in this text")
    near = sorted(islice(base.names(name), SHOWN))
    hint = f"; names that begin so: {', '.join(near)}" if near else "; --id looks for an id, --text for names in a text"
    return IEError(f"{base.folder}: nothing is called '{name}'{hint}")


for command in (build, info, search):
    app.command(command.__name__)(guarded(command))
