"""The folder of a run: recipe.yaml, run.json, metrics.jsonl and the state, beside the models."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from ie_cli import metrics
from ie_cli.errors import IEError
from ie_cli.training import checkpoint, environment, parallel
from ie_cli.training.diagnosis import Notice
from ie_cli.writing import locked, replacing

RECIPE = "recipe.yaml"


def alone(run: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    """Let a run, of settings into a folder, write there only while no other does."""

    @functools.wraps(run)
    def inner(settings: Any, out: Path, **options: Any) -> Iterator[Any]:
        if parallel.rank() > 0:
            yield from run(settings, out, **options)
            return
        out.mkdir(parents=True, exist_ok=True)
        with locked(out, out):
            yield from run(settings, out, **options)

    return inner


def prepare(out: Path, *, resume: bool, overwrite: bool) -> None:
    """Make the run's folder; a finished run is never overwritten in silence.

    An earlier run is still there afterwards: the new one may be refused yet, and calls `clear` when it begins.
    """
    if not (resume or overwrite) and (out / metrics.NAME).exists():
        raise IEError(
            f"{out}: already holds a run; go on with --resume, start anew with --overwrite, or name another -o"
        )
    out.mkdir(parents=True, exist_ok=True)


def clear(out: Path, folders: Iterable[str] = ("best", "last")) -> None:
    """Remove an earlier run's files and `folders`, and only those."""
    for name in (RECIPE, environment.NAME, metrics.NAME, checkpoint.NAME):
        (out / name).unlink(missing_ok=True)
    for name in folders:
        shutil.rmtree(out / name, ignore_errors=True)


def describe(
    out: Path, settings: dict[str, Any], hashes: dict[str, str], done: int, count: str = "epoch"
) -> Iterator[Notice]:
    """Write what the run is, and say what is new in a run of which some epochs (or other `count`) are done already."""
    now = environment.describe(hashes)
    if done:
        yield from environment.changes(out, out / RECIPE, now, settings)
    metrics.rewind(out, done, count)
    environment.write(out, now)
    with replacing(out / RECIPE) as part:
        part.write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), encoding="utf-8")
