"""`ie predict`: records in, the same records with what the model found out."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer

from ie_cli import threads
from ie_cli.commands._shell import REJECTED, inputs, output, refuse_overwrite, say, write_whole
from ie_cli.errors import FormatError, IEError, place
from ie_cli.files import opened
from ie_cli.records import Record, dumps, loads

Reject = Callable[[str, int, str, bytes], None]  # file, line number, reason, the line


def run(
    files: list[str] = typer.Argument(None, metavar="FILE…", help="Records (JSONL); `-` or nothing: stdin."),
    model: str = typer.Option(None, "--model", "-m", help="Model folder or shipped model. Default: the shipped one."),
    out: Path = typer.Option(None, "--output", "-o", help="File to write; it appears when it is complete."),
    text: bool = typer.Option(False, "--text", help="Input is plain text, a text a line."),
    fields: str = typer.Option(None, metavar="A,B,…", help="Keys of the records to write, for example id,entities."),
    show: bool = typer.Option(False, "--show", help="Print coloured text as `ie show` does, not JSON."),
    threshold: float = typer.Option(None, min=0.001, max=0.999, help="Least probability of a span; mostly 0.5."),
    rejects: Path = typer.Option(None, help="File for lines that cannot be read. Default: told on stderr."),
    thread_count: int = typer.Option(None, "--threads", min=1, help="Threads of torch. Default: all cores."),
) -> None:
    """Extract from each record: one line out per line in, in order.

    A line that cannot be read goes to the rejects with its number and reason, the others go on, and
    the exit code is 3. Output is flushed while stdin is still open. Parts and keys that the model
    does not make are kept.

        ie predict data/samples/news.jsonl

        ie predict -m model 'news/*.jsonl.gz' --fields id,relations -o out.jsonl

        echo 张伟在北京大学读书 | ie predict --text | ie show
    """
    if show and fields is not None:
        raise typer.BadParameter("--fields chooses what is written, --show draws: one of the two")
    threads.limit(thread_count)
    names = inputs(files or [])
    refuse_overwrite(out, names)
    if not files and sys.stdin.isatty():
        say(f"reading {'texts' if text else 'records'} from the terminal, one a line; Ctrl-D ends")
    from ie_cli.zoo import folder

    loaded = folder.load(model or folder.DEFAULT)
    if threshold is not None:
        _set_threshold(loaded.codec.settings, threshold)
    with _rejects(rejects) as (reject, count):
        records = (record for name in names for record in _read(name, text, reject))
        _write(loaded, records, out, show, Fields(fields))
    for cause, number in loaded.codec.dropped.items():
        say(f"left out: {number} {cause}")
    if count():
        say(f"{count()} lines were rejected" + (f"; they are in {rejects}" if rejects else ""))
        raise typer.Exit(REJECTED)


def _set_threshold(settings: Any, threshold: float) -> None:
    if not hasattr(settings, "threshold"):
        raise IEError("--threshold: this model has several thresholds; set them in training, with --set model.NAME=…")
    settings.threshold = threshold


def _read(name: str, text: bool, reject: Reject) -> Iterator[Record]:
    """Records of one input, line by line."""
    with opened(name) as stream:
        for number, line in enumerate(stream, 1):
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            try:
                yield _plain(line, name, number) if text else loads(line, name, number)
            except FormatError as error:
                reject(name, number, error.reason, line)


def _plain(line: bytes, name: str, number: int) -> Record:
    try:
        return Record(line.decode().removesuffix("\n").removesuffix("\r"))
    except UnicodeDecodeError as error:
        raise FormatError(name, number, f"not UTF-8: byte {error.start} of the line") from None


class Fields:
    """Which keys of records are written; None is all.

    Attributes:
        unseen: those that no record has had yet.
    """

    def __init__(self, names: str | None):
        self.names = None if names is None else [name.strip() for name in names.split(",") if name.strip()]
        self.unseen = set(self.names or ())

    def line(self, record: Record) -> str:
        line = dumps(record)
        if self.names is not None:
            data = json.loads(line)
            self.unseen -= data.keys()
            line = json.dumps({name: data[name] for name in self.names if name in data}, ensure_ascii=False)
        return line + "\n"


def _write(model, records: Iterator[Record], out: Path | None, show: bool, fields: Fields) -> None:
    """Predict and write, a chunk at a time, flushed."""
    from ie_cli.predicting import LOOK_AHEAD, predict_chunk
    from ie_cli.streaming import chunks

    if show:
        from ie_cli.commands._render import printer

        put = printer()
    with contextlib.nullcontext() if show else output(out) as stream:
        for chunk in chunks(records, LOOK_AHEAD):
            done = predict_chunk(model, chunk)
            if show:
                for record in done:
                    put(record)
            else:
                write_whole(stream, "".join(map(fields.line, done)).encode())
    if fields.unseen:
        say(f"note: no record has {', '.join(sorted(fields.unseen))}")


@contextlib.contextmanager
def _rejects(path: Path | None) -> Iterator[tuple[Reject, Callable[[], int]]]:
    """A place for lines that cannot be read, and their number so far."""
    count = 0
    with contextlib.nullcontext(sys.stderr) if path is None else path.open("w", encoding="utf-8") as stream:

        def reject(name: str, number: int, reason: str, line: bytes) -> None:
            nonlocal count
            count += 1
            if path is None:
                print(f"rejected: {place(name, number)}: {reason}", file=stream, flush=True)
                return
            raw = line.decode(errors="backslashreplace").rstrip("\r\n")
            row = {"file": name, "line": number, "reason": reason, "raw": raw}
            print(json.dumps(row, ensure_ascii=False), file=stream, flush=True)

        yield reject, lambda: count
