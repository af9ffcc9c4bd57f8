"""What `ie train` and `ie pretrain` tell on stderr: a bar on a terminal, a plain line an epoch everywhere."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ie_cli.commands._shell import say, terminal

if TYPE_CHECKING:
    from ie_cli.pretraining import run as pretraining
    from ie_cli.pretraining.loop import Round
    from ie_cli.scoring import JointScore, Score
    from ie_cli.training import run as training
    from ie_cli.training import seeds

SHOWN = 30  # names of types that are listed at the start


def tell(events: Iterator[training.Event | seeds.SeedBegins | seeds.Spread], out: Path) -> None:
    """Say what happens, and in the end where the model is: in `out`, or in the folder of the best seed."""
    from ie_cli.training import diagnosis, epochs, loop, run, seeds

    with _bar() as advance:
        told: dict[type, Callable] = {
            loop.Step: advance,
            run.Started: _tell_start,
            epochs.Saved: _tell_epoch,
            diagnosis.Notice: lambda event: say(f"note: {event.text}"),
            seeds.SeedBegins: lambda event: say(f"seed {event.seed}, in {event.folder}"),
            seeds.Spread: _tell_spread,
        }
        for event in events:
            told[type(event)](event)
            if isinstance(event, seeds.Spread):
                out = seeds.folder(out, event.best.seed)
    say(f"the model is in {out / 'best'}; try: ie predict -m {out} FILE.jsonl")


def tell_pretraining(events: Iterator[pretraining.Event], out: Path) -> None:
    """Say what happens, and in the end where the encoder is."""
    from ie_cli.pretraining import loop, run
    from ie_cli.training import diagnosis
    from ie_cli.training.loop import Step
    from ie_cli.zoo import catalogue

    with _bar() as advance:
        told: dict[type, Callable] = {
            Step: advance,
            run.Started: _tell_texts,
            loop.Round: _tell_round,
            diagnosis.Notice: lambda event: say(f"note: {event.text}"),
        }
        for event in events:
            told[type(event)](event)
    say(f"the encoder is in {out / catalogue.ENCODER_FOLDER}; try: ie train train.jsonl -e {out} -o RUN")


def _tell_texts(event: pretraining.Started) -> None:
    beside = f", taught by {event.teacher}" if event.teacher else ""
    say(f"encoder {event.encoder}, tokens are {event.mode}, {event.parameters / 1e6:.1f} M weights{beside}")
    say(f"{event.tokens} tokens in {event.rows} rows, {event.held_out} rows held out; {event.steps} steps")


def _tell_round(event: Round) -> None:
    guessed = "" if event.accuracy is None else f", masked accuracy {event.accuracy:.4f}"
    speed, pace = event.tokens / max(event.seconds, 1e-9), event.seconds / event.done
    left = timedelta(seconds=round((event.steps - event.step) * pace))
    say(f"step {event.step}/{event.steps}: loss {event.loss:.4f}{guessed}, {speed:.0f} tokens/s, {left} to go")


def _tell_start(event: training.Started) -> None:
    more = ["…"] if len(event.labels) > SHOWN else []
    say(f"task {event.task}, {len(event.labels)} types: {', '.join(event.labels[:SHOWN] + more)}")
    say(f"encoder {event.encoder}, tokens are {event.mode}, {event.parameters / 1e6:.1f} M weights in all")
    say(f"train {event.texts} texts in {event.windows} windows; dev {event.dev_texts} texts ({event.dev_source})")
    lost = ", ".join(f"{n} × {cause}" for cause, n in event.lost.most_common())
    where = "; `ie check DATA -e ENCODER` shows where" if lost else ""
    say(f"gold spans lost in training: {lost or 0}{where}")


def _tell_epoch(event: training.Saved) -> None:
    epoch = event.epoch
    scored = "" if epoch.score is None else f", {_rates(epoch.score)}"
    say(f"epoch {epoch.epoch}: loss {epoch.loss:.4f}{scored}, {epoch.seconds:.0f} s" + (" *" if event.best else ""))


def _rates(score: Score | JointScore) -> str:
    rates, several = score.micro, getattr(score, "scores", {})
    each = ", ".join(f"{part} {part_score.micro.f1:.4f}" for part, part_score in several.items())
    return f"dev P {rates.precision:.4f} R {rates.recall:.4f} F1 {rates.f1:.4f}{each and f' ({each})'}"


def _tell_spread(event: seeds.Spread) -> None:
    for result in event.results:
        say(f"seed {result.seed}: dev F1 {result.dev_f1:.4f} in epoch {result.epoch}")
    say(
        f"{len(event.results)} seeds: dev F1 {event.mean:.4f} ± {event.deviation:.4f} (mean, sample standard deviation)"
    )


def _bar() -> contextlib.AbstractContextManager[Callable]:
    """A context that gives a function to call with each `Step`; without a terminal it does nothing."""
    return _rich_bar() if terminal(sys.stderr) else contextlib.nullcontext(lambda step: None)


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
