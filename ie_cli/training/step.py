"""One update of the weights: gradients of all micro-batches, clipped, and a step of the optimiser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import nn

from ie_cli.tasks._codec import Batch
from ie_cli.training import followers, layers, optimiser, parallel
from ie_cli.training.adversarial import FGM
from ie_cli.training.batches import MicroBatch
from ie_cli.training.data import Examples
from ie_cli.training.objective import Objective
from ie_cli.training.settings import Train


class State:
    """All that changes in training; what a checkpoint has to keep.

    Attributes:
        objective: the model with its loss, for all processes.
        gradients: how a step's gradients are made from the function that adds them once.
        scaler: of losses in float16; it does nothing in other precisions.
        followers: copies of the weights by name, see `followers`.
        epoch: epochs done.
    """

    def __init__(self, model: nn.Module, settings: Train):
        layers.prepare(model.encoder, settings)
        self.model = model
        self.objective = parallel.wrap(Objective(model, settings))
        self.gradients: Callable[[Callable[[], float]], float] = (
            FGM(model, settings.fgm) if settings.fgm.epsilon else _once
        )
        self.optimiser = optimiser.build(model, settings)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=settings.precision == "float16")
        self.followers = followers.build(model, settings)
        self.epoch = 0

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    @property
    def best_weights(self) -> nn.Module:
        """The model to evaluate and keep: the moving average where there is one, else Lookahead's slow weights."""
        return [self.model, *(follower.model for follower in self.followers.values())][-1]


def _once(backward: Callable[[], float]) -> float:
    return backward()


def update(state: State, examples: Examples, batch: Sequence[MicroBatch], settings: Train, lr_factor: float) -> float:
    """Take one step at a fraction of the peak rates; returns the loss of the whole batch, of all processes."""
    state.optimiser.zero_grad()
    inputs = [state.model.collate(_rows(examples, part)) for part in batch]  # once: it may draw masks or negatives
    loss = state.gradients(lambda: _backward(state, batch, inputs))
    state.scaler.unscale_(state.optimiser)
    nn.utils.clip_grad_norm_(state.model.parameters(), settings.max_grad_norm)
    optimiser.set_lr(state.optimiser, lr_factor)
    state.scaler.step(state.optimiser)
    state.scaler.update()
    for follower in state.followers.values():
        follower.update(state.model)
    return parallel.all_reduce(loss)


def _rows(examples: Examples, part: MicroBatch) -> list[dict[str, Any]]:
    columns = examples.rows[part.examples]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _backward(state: State, batch: Sequence[MicroBatch], inputs: Sequence[Batch]) -> float:
    """Add the gradients of the micro-batches' losses, which are exchanged with the last; returns the losses' sum."""
    losses = []
    for number, (part, one) in enumerate(zip(batch, inputs, strict=True), 1):
        with nullcontext() if number == len(batch) else parallel.no_sync(state.objective):
            losses.append(_backward_one(state, part, one))
    return sum(losses)


def _backward_one(state: State, part: MicroBatch, one: Batch) -> float:
    loss = part.loss_weight * state.objective(one.to(state.device))
    state.scaler.scale(loss * parallel.count()).backward()  # the processes' gradients are averaged
    return loss.item()
