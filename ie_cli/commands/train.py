"""`ie train`: records in, a model folder out."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ie_cli import config, threads
from ie_cli.commands._shell import REJECTED, Talk, say
from ie_cli.errors import IEError

if TYPE_CHECKING:
    from ie_cli.training import run as training
    from ie_cli.training.recipe import Recipe

SHOWN = 30  # names of types that are listed at the start


def run(
    source: list[str] = typer.Argument(None, metavar="TRAIN.jsonl…|RECIPE.yaml", help="Records, or a recipe."),
    out: Path = typer.Option(..., "--output", "-o", metavar="DIR", help="Folder of the run; the model is DIR/best."),
    dev: list[str] = typer.Option(None, "--dev", help="Records to choose the best epoch on. Default: 10% split off."),
    encoder: str = typer.Option(
        None, "--encoder", "-e", help="Built-in, folder, friendly name or hub id (`ie models`)."
    ),
    task: str = typer.Option(None, "--task", help="Model to train. Default: what the records are annotated for."),
    epochs: int = typer.Option(None, "--epochs", min=1, help="Passes over the training records."),
    seed: int = typer.Option(None, "--seed", help="Seed of weights, dropout and order."),
    assign: list[str] = typer.Option(None, "--set", metavar="KEY=VALUE", help="Any setting of the recipe."),
    resume: bool = typer.Option(False, "--resume", help="Go on behind the last finished epoch of DIR."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Remove an earlier run in DIR first."),
    cache: str = typer.Option(None, "--cache", metavar="DIR", help="Where tokenised data lies; default as `datasets`."),
    processes: int = typer.Option(1, "--processes", min=1, help="Processes that tokenise."),
    thread_count: int = typer.Option(None, "--threads", min=1, help="Threads of torch. Default: all cores."),
) -> None:
    """Train a model on records, or as a recipe says.

    Task and labels come from the records. DIR gets recipe.yaml (everything that decided the
    result), metrics.jsonl (a line an epoch), best/ (the model) and last/. Flags win over --set, and
    --set over the recipe.

        ie train train.jsonl --dev dev.jsonl -o runs/ner

        ie train data/configs/ner-char.yaml train.jsonl -o runs/ner --set train.lr=1e-3
    """
    threads.limit(thread_count)
    flags = {"data.dev": dev or None, "encoder.name": encoder, "task": task, "train.epochs": epochs, "train.seed": seed}
    settings = _recipe(source or [], assign or [], flags)
    from ie_cli.training import run as training

    if overwrite and not resume:
        training.clear(out)
    talk = Talk()
    events = training.run(settings, out, report=talk.report, resume=resume, cache=cache, processes=processes)
    try:
        _tell(events, out)
    except KeyboardInterrupt:
        say(f"stopped; what was finished is in {out}: go on with --resume")
        raise
    talk.close()
    if talk.report.counts["skipped"]:
        raise typer.Exit(REJECTED)


def _recipe(source: list[str], assign: list[str], flags: dict[str, Any]) -> Recipe:
    """The recipe from its file (if any), then --set, then flags."""
    from ie_cli.training.recipe import Recipe

    recipes = [name for name in source if name.endswith((".yaml", ".yml"))]
    if len(recipes) > 1:
        raise IEError(f"one recipe at a time: {', '.join(recipes)}")
    plain = config.read(recipes[0]) if recipes else {}
    for assignment in assign:
        config.override(plain, assignment)
    files = [name for name in source if name not in recipes]
    for key, value in (flags | {"data.train": files or None}).items():
        if value is not None:
            config.put(plain, key, value)
    return config.build(Recipe, plain)


def _tell(events: Iterator[training.Event], out: Path) -> None:
    """Say what happens: a progress bar on a terminal, a plain line an epoch everywhere."""
    from ie_cli.training.loop import Step
    from ie_cli.training.run import Saved, Started

    with _bar() as advance:
        for event in events:
            if isinstance(event, Step):
                advance(event)
            elif isinstance(event, Saved):
                _tell_epoch(event)
            elif isinstance(event, Started):
                _tell_start(event)
    say(f"the model is in {out / 'best'}; try: ie predict -m {out} FILE.jsonl")


def _tell_start(event: training.Started) -> None:
    more = ["…"] if len(event.labels) > SHOWN else []
    say(f"task {event.task}, {len(event.labels)} types: {', '.join(event.labels[:SHOWN] + more)}")
    say(f"encoder {event.encoder}, tokens are {event.mode}, {event.parameters / 1e6:.1f} M weights in all")
    say(f"train {event.texts} texts in {event.windows} windows; dev {event.dev_texts} texts ({event.dev_source})")
    lost = ", ".join(f"{n} × {cause}" for cause, n in event.lost.most_common())
    say(f"gold spans lost in training: {lost or 0}")


def _tell_epoch(event: training.Saved) -> None:
    rates = event.epoch.score.micro
    say(
        f"epoch {event.epoch.epoch}: loss {event.epoch.loss:.4f}, dev P {rates.precision:.4f} R {rates.recall:.4f} "
        f"F1 {rates.f1:.4f}, {event.epoch.seconds:.0f} s" + (" *" if event.best else "")
    )


def _bar() -> contextlib.AbstractContextManager[Callable]:
    """A context that gives a function to call with each `Step`; without a terminal it does nothing."""
    return _rich_bar() if sys.stderr.isatty() else contextlib.nullcontext(lambda step: None)


@contextlib.contextmanager
def _rich_bar() -> Iterator[Callable]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        line = progress.add_task("reading")
        yield lambda step: progress.update(
            line, total=step.steps, completed=step.step, description=f"epoch {step.epoch} loss {step.loss:.3f}"
        )
