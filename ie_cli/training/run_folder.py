"""The folder of a run: recipe.yaml, run.json, metrics.jsonl and the state, beside the models."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from ie_cli import metrics
from ie_cli.errors import IEError
from ie_cli.training import checkpoint, environment
from ie_cli.training.diagnosis import Notice

RECIPE = "recipe.yaml"


def prepare(out: Path, resume: bool) -> None:
    """Make the run's folder; a finished run is never overwritten in silence."""
    if not resume and (out / metrics.NAME).exists():
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
    (out / RECIPE).write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), encoding="utf-8")
