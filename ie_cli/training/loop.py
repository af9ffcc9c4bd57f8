"""The training loop as a generator: it yields steps and epochs, and neither prints nor saves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch import nn

from ie_cli.errors import IEError
from ie_cli.scoring import JointScore, Score
from ie_cli.training import batches, optimiser, parallel
from ie_cli.training.batches import MicroBatch
from ie_cli.training.data import Examples
from ie_cli.training.settings import Train
from ie_cli.training.step import State, update


@dataclass(frozen=True)
class Step:
    """One update: epoch from 1, step and steps of the whole run, loss of its batch."""

    epoch: int
    step: int
    steps: int
    loss: float


@dataclass(frozen=True)
class Epoch:
    """One pass: mean loss, dev score of the weights that would be used, seconds of training.

    Of several processes only the first has a score; without dev records there is none.
    """

    epoch: int
    loss: float
    score: Score | JointScore | None
    seconds: float


def fit(
    state: State,
    examples: Examples,
    settings: Train,
    evaluate: Callable[[nn.Module], Score | JointScore | None] | None,
) -> Iterator[Step | Epoch]:
    """Train from `state.epoch` on; after an `Epoch` is yielded the state stands behind that epoch.

    Each epoch draws its order and its dropout from (seed, epoch) alone, so a run that was resumed
    behind an epoch goes on as an undisturbed one.

    Args:
        evaluate: scores a model on the dev records; None where there are none.

    Raises:
        IEError: the loss is no longer a number.
    """
    per_epoch = batches.steps(examples.lengths, settings, parallel.count())
    while state.epoch < settings.epochs:
        done, total, began = state.epoch * per_epoch, 0.0, time.monotonic()
        state.model.train()
        for step, batch in enumerate(micro_batches(state, examples, settings), done + 1):
            factor = optimiser.lr_factor(step - 1, per_epoch * settings.epochs, settings.warmup)
            loss = update(state, examples, batch, settings, factor)
            check(loss, step, settings)
            total += loss
            yield Step(state.epoch + 1, step, per_epoch * settings.epochs, loss)
        seconds = time.monotonic() - began
        score = evaluate(state.best_weights.eval()) if evaluate else None
        state.epoch += 1
        yield Epoch(state.epoch, total / per_epoch, score, seconds)


def micro_batches(state: State, examples: Examples, settings: Train) -> Iterator[list[MicroBatch]]:
    """The batch of each step of the next epoch, all chance of which is drawn anew from the seed."""
    seed = batches.seed_of(settings.seed, state.epoch)
    parallel.seed_torch(seed)
    place = {"rank": parallel.rank(), "processes": parallel.count()}
    return batches.micro_batches(examples.lengths, settings, seed, mean_over=state.model.mean_over, **place)


def check(loss: float, step: int, settings: Train) -> None:
    """Stop where the loss is no longer a number.

    Raises:
        IEError: it is not.
    """
    if not loss < float("inf"):
        wider = ", or train.precision=float32" if settings.precision != "float32" else ""
        raise IEError(f"the loss became {loss} in step {step}; try a lower train.lr and train.head_lr{wider}")
