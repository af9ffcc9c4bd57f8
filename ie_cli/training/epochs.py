"""The epochs of a run, each with its model, its line of metrics.jsonl and its checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from ie_cli.scoring._score import Score
from ie_cli.scoring._several import Several
from ie_cli.training import checkpoint, data, devices, diagnosis, loop, metrics
from ie_cli.training.diagnosis import Notice
from ie_cli.training.loop import Epoch, Step
from ie_cli.training.settings import Train
from ie_cli.training.step import State
from ie_cli.zoo import folder


@dataclass(frozen=True)
class Saved:
    """An epoch that is on disk; `best` if no earlier one scored as high."""

    epoch: Epoch
    best: bool


def train(
    state: State, kept: dict[str, Any], examples: data.Examples, settings: Train,
    evaluate: Callable[[nn.Module], Score | Several | None], out: Path, note: dict[str, Any],
) -> Iterator[Step | Saved | Notice]:  # fmt: skip
    """The epochs, each kept on disk before it is told.

    Args:
        kept: the best F1 so far, and for how many epochs it has been the best.
        note: how the model was made, for its folder.
    """
    watch = diagnosis.Watch()
    if _is_over(kept, settings):
        return
    for event in loop.fit(state, examples, settings, evaluate):
        if isinstance(event, Step):
            yield event
            continue
        f1 = devices.of_first(event.score.micro.f1 if event.score else 0.0)
        better = f1 > kept["best"]
        kept = {"best": max(kept["best"], f1), "stale": 0 if better else kept["stale"] + 1}
        if devices.rank() == 0:
            _keep(state, event, better, settings, out, note)
            checkpoint.save(state, out, kept)
            yield Saved(event, better)
            yield from watch.notices(event)
        if _is_over(kept, settings):
            return


def _is_over(kept: dict[str, Any], settings: Train) -> bool:
    return bool(settings.patience) and kept["stale"] >= settings.patience


def _keep(state: State, event: Epoch, better: bool, settings: Train, out: Path, note: dict[str, Any]) -> None:
    """Write an epoch's model and its line; what is killed here is done again behind the last checkpoint."""
    scored = note | {
        "epoch": event.epoch,
        "dev_f1": round(event.score.micro.f1, 4),
        "signature": event.score.signature,
    }
    for name in ("last", "best") if better else ("last",):
        folder.save(state.best_weights, out / name, bits=settings.bits, note=scored)
    metrics.add(out, event, better)
