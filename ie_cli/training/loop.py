"""The training loop as a generator: it yields steps and epochs, and neither prints nor saves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import nn

from ie_cli.errors import IEError
from ie_cli.scoring._score import Score
from ie_cli.text.order import shuffled
from ie_cli.training import optimiser
from ie_cli.training.data import Examples
from ie_cli.training.recipe import Train


@dataclass(frozen=True)
class Step:
    """One update: epoch from 1, step and steps of the whole run, loss of its batch."""

    epoch: int
    step: int
    steps: int
    loss: float


@dataclass(frozen=True)
class Epoch:
    """One pass: mean loss, dev score of the weights that would be used, seconds of training."""

    epoch: int
    loss: float
    score: Score
    seconds: float


class State:
    """All that changes in training; what a checkpoint has to keep.

    Attributes:
        average: moving average of the weights, or None where the recipe has none.
        epoch: epochs done.
    """

    def __init__(self, model: nn.Module, settings: Train):
        self.model = model
        self.optimiser = optimiser.build(model, settings)
        self.average = optimiser.Average(model, settings.average) if settings.average else None
        self.epoch = 0

    @property
    def best_weights(self) -> nn.Module:
        """The model to evaluate and keep: the average where there is one."""
        return self.average.model if self.average else self.model


def fit(
    state: State, examples: Examples, settings: Train, evaluate: Callable[[nn.Module], Score]
) -> Iterator[Step | Epoch]:
    """Train from `state.epoch` on; after an `Epoch` is yielded the state stands behind that epoch.

    Each epoch draws its order and its dropout from (seed, epoch) alone, so a run that was resumed
    behind an epoch goes on as an undisturbed one.

    Raises:
        IEError: the loss is no longer a number.
    """
    per_epoch = -(-len(examples.lengths) // settings.batch)
    steps = per_epoch * settings.epochs
    while state.epoch < settings.epochs:
        seed = settings.seed * 100_003 + state.epoch
        torch.manual_seed(seed)
        total, began = 0.0, time.monotonic()
        state.model.train()
        for i, batch in enumerate(shuffled(examples.lengths, settings.batch, seed)):
            step = state.epoch * per_epoch + i
            loss = _update(state, examples.rows[batch], settings, optimiser.rate(step, steps, settings.warm_up))
            if not loss < float("inf"):
                raise IEError(f"the loss became {loss} in step {step + 1}; try a lower train.lr and train.head_lr")
            total += loss
            yield Step(state.epoch + 1, step + 1, steps, loss)
        seconds = time.monotonic() - began
        score = evaluate(state.best_weights.eval())
        state.epoch += 1
        yield Epoch(state.epoch, total / per_epoch, score, seconds)


def _update(state: State, columns: dict[str, list], settings: Train, share: float) -> float:
    """One step of the optimiser on one batch; returns its loss."""
    model = state.model
    examples = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    batch = model.collate(examples).to(next(model.parameters()).device)
    loss = model.loss(model(batch.inputs), batch)
    state.optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
    optimiser.set_rate(state.optimiser, share)
    state.optimiser.step()
    if state.average:
        state.average.update(model)
    return loss.item()
