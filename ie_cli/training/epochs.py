"""The epochs of a run, each with its model, its line of metrics.jsonl and its checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from ie_cli import metrics
from ie_cli.scoring import JointScore, Score
from ie_cli.training import checkpoint, data, diagnosis, loop, parallel
from ie_cli.training.diagnosis import Notice
from ie_cli.training.loop import Epoch, Step
from ie_cli.training.settings import Train
from ie_cli.training.step import State
from ie_cli.zoo import folder


@dataclass(frozen=True)
class Saved:
    """An epoch that is on disk; `best` if no earlier one scored as high, or nothing is scored."""

    epoch: Epoch
    best: bool


def train(
    state: State, best_so_far: dict[str, Any], examples: data.Examples, settings: Train,
    evaluate: Callable[[nn.Module], Score | JointScore | None] | None, out: Path, note: dict[str, Any],
) -> Iterator[Step | Saved | Notice]:  # fmt: skip
    """The epochs, each kept on disk before it is told.

    Args:
        best_so_far: the best F1, and for how many epochs it has been the best.
        evaluate: scores a model on the dev records; without them the last epoch counts as the best.
        note: how the model was made, for its folder.
    """
    watch = diagnosis.EpochWatch(settings.epochs)
    if _is_over(best_so_far, settings):
        return
    for event in loop.fit(state, examples, settings, evaluate):
        if isinstance(event, Step):
            yield event
            continue
        f1 = parallel.broadcast(event.score.micro.f1 if event.score else 0.0)
        better = f1 > best_so_far["best"] or evaluate is None
        best_so_far = {"best": max(best_so_far["best"], f1), "stale": 0 if better else best_so_far["stale"] + 1}
        if parallel.rank() == 0:
            _keep(state, event, better, settings, out, note)
            checkpoint.save(state, out, best_so_far)
            yield Saved(event, better)
            yield from watch.notices(event) if event.score is not None else ()
        if _is_over(best_so_far, settings):
            return


def _is_over(best_so_far: dict[str, Any], settings: Train) -> bool:
    return bool(settings.patience) and best_so_far["stale"] >= settings.patience


def _keep(state: State, event: Epoch, better: bool, settings: Train, out: Path, note: dict[str, Any]) -> None:
    """Write an epoch's model and its line; what is killed here is done again behind the last checkpoint."""
    scored = note | {"epoch": event.epoch}
    if event.score is not None:
        scored |= {"dev_f1": round(event.score.micro.f1, 4), "signature": event.score.signature}
    for name in ("last", "best") if better else ("last",):
        folder.save(state.best_weights, out / name, bits=settings.bits, note=scored)
    metrics.append(out, _line(event, better))


def _line(event: Epoch, best: bool) -> dict[str, Any]:
    return {
        "epoch": event.epoch,
        "loss": round(event.loss, 5),
        "seconds": round(event.seconds, 1),
        "best": best,
        "dev": None if event.score is None else event.score.to_json(),
    }
