"""`ie predict`: records in, the same records with what the model found out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ie_cli import threads
from ie_cli.commands._predict_rejects import Rejects
from ie_cli.commands._predict_summary import RunSummary
from ie_cli.commands._predict_target import opened
from ie_cli.commands._shell import REJECTED, inputs, refuse_overwrite, say, terminal
from ie_cli.errors import UsageError

if TYPE_CHECKING:
    from ie_cli.pipeline.job import Done, Job
    from ie_cli.pipeline.resumable import Progress


def run(
    files: list[str] = typer.Argument(None, metavar="FILE…", help="Records (JSONL); `-` or nothing: stdin."),
    model: str = typer.Option(None, "--model", "-m", help="Model folder or shipped model. Default: the shipped one."),
    out: Path = typer.Option(None, "--output", "-o", help="File to write (or .gz .bz2 .xz .zst), there when complete."),
    text: bool = typer.Option(False, "--text", help="Input is plain text, a text a line."),
    fields: str = typer.Option(None, metavar="A,B,…", help="Keys of the records to write, for example id,entities."),
    show: bool = typer.Option(False, "--show", help="Print coloured text as `ie show` does, not JSON."),
    threshold: float = typer.Option(None, min=0.001, max=0.999, help="Least probability of a span; mostly 0.5."),
    kb: str = typer.Option(None, "--kb", metavar="DIR", help="Knowledge base to link against, not the model's own."),
    rejects: Path = typer.Option(None, help="File for lines that cannot be read. Default: told on stderr."),
    resume: bool = typer.Option(False, "--resume", help="Go on with an interrupted run into the same -o FILE."),
    workers: int = typer.Option(1, "--workers", min=1, help="Processes that predict, each with the model in memory."),
    explain: bool = typer.Option(False, "--explain", help='Write how many windows a text was read in, as "windows".'),
    profile: bool = typer.Option(False, "--profile", help="Tell at the end where the time went."),
    precision: str = typer.Option("float32", help="float32, bfloat16, float16 (GPU), auto: bfloat16 where it is fast."),
    thread_count: int = typer.Option(None, "--threads", min=1, help="Threads per worker. Default: its share of cores."),
) -> None:
    """Extract from each record: one line out per line in, in order.

    A line that cannot be read goes to the rejects with its number and reason, the others go on, and
    the exit code is 3. Output is flushed while stdin is still open. Parts and keys that the model
    does not make are kept. A run with -o that was interrupted leaves what it has done beside FILE:
    the same command with --resume goes on after that.

        ie predict data/samples/news.jsonl

        echo '张三在北京大学工作。' | ie convert text | ie predict --show

        ie predict -m model 'news/*.jsonl.gz' --fields id,relations -o out.jsonl --workers 2

        ie predict -m model 'news/*.jsonl.gz' --fields id,relations -o out.jsonl --workers 2 --resume

        ie predict -m model 'news/*.jsonl.gz' -o out.jsonl --precision auto

        echo 张伟在北京大学读书 | ie predict --text | ie show
    """
    wanted = None if fields is None else tuple(name.strip() for name in fields.split(",") if name.strip())
    _check_usage(show=show, fields=wanted, resume=resume, out=out, rejects=rejects)
    threads.limit(thread_count or max(1, threads.cores() // workers) if workers > 1 else thread_count)
    names = inputs(files or [])
    refuse_overwrite(out, names)
    if rejects is not None:
        refuse_overwrite(rejects, names)
    if not files and terminal(sys.stdin):
        say(f"reading {'texts' if text else 'records'} from the terminal, one a line; Ctrl-D ends")
    from ie_cli.pipeline.job import Job
    from ie_cli.zoo.manifest import DEFAULT

    model = model or DEFAULT
    job = Job(model, text, wanted, threshold, kb, explain, _settled(precision, model))
    summary = RunSummary(wanted)
    with (
        opened(out, job, names, rejects, resume=resume, show=show) as target,
        Rejects(rejects, target.progress) as rejected,
    ):
        for done in _work(job, names, workers, target.progress):
            summary.add(done)
            rejected.add(done.rejected)
            target.write(b"".join(done.lines))
            target.commit(done.count, done.last, len(done.rejected))
    summary.close(profile=profile)
    if count := target.progress.rejected:
        say(f"lines rejected: {count}" + (f"; they are in {rejects}" if rejects else ""))
        raise typer.Exit(REJECTED)


def _check_usage(
    *, show: bool, fields: tuple[str, ...] | None, resume: bool, out: Path | None, rejects: Path | None
) -> None:
    if fields == ():
        raise UsageError("--fields names no key: for example --fields id,entities")
    if out is not None and rejects is not None and out.resolve() == rejects.resolve() and not out.is_char_device():
        raise UsageError("-o and --rejects are the same file: name two")
    if show and (fields is not None or out is not None):
        raise UsageError("--show draws on the terminal: without --fields and -o")
    if resume and (out is None or str(out) == "-"):
        raise UsageError("--resume goes on with a file: name it with -o")


def _settled(precision: str, model: str) -> str:
    """The precision that is meant for a model on this machine: a run that is resumed on another has to notice."""
    if precision == "float32":  # needs no torch, which takes a second to load
        return precision
    from ie_cli.nn.device import best_device, computes_bfloat16
    from ie_cli.nn.precision import choose
    from ie_cli.zoo import folder, manifest

    device = best_device()
    dtype = choose(precision, device, fixed=(manifest.find(model) / folder.ENCODER).exists())
    name = str(dtype).removeprefix("torch.")
    if name == "bfloat16" and not computes_bfloat16(device):
        say(f"note: this {device.type} has no instructions for bfloat16: slower than float32 here")
    return name


def _work(job: Job, names: list[str], workers: int, progress: Progress) -> Iterator[Done]:
    """What is done with each block of lines that is not done yet."""
    from ie_cli.pipeline import lines

    blocks = lines.blocks(names, progress.lines, progress.last)
    if workers == 1:
        return map(job.worker(), blocks)
    from ie_cli.pipeline.workers import run

    return run(job, blocks, workers)
