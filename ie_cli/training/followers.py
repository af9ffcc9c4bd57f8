"""Second sets of weights that follow those of the model: a moving average, and Lookahead's slow weights."""

from __future__ import annotations

import copy

import torch
from torch import nn

from ie_cli.training.settings import Lookahead, Train


class Follower:
    """A copy of a model that `update` moves after each step.

    Attributes:
        model: the copy.
        steps: how often it was updated.
    """

    def __init__(self, model: nn.Module):
        self.model, self.steps = copy.deepcopy(model).requires_grad_(False), 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        self.steps += 1
        for mine, new in zip(self.model.parameters(), model.parameters(), strict=True):
            self.move(mine, new)

    def move(self, mine: nn.Parameter, new: nn.Parameter) -> None:
        """Move one weight of the copy, or of the model."""
        raise NotImplementedError


class EMA(Follower):
    """Exponential moving average of the weights with bias correction (kexue.fm/archives/6575).

    The decay grows with the steps up to its full value, so that early weights do not linger.
    """

    def __init__(self, model: nn.Module, decay: float):
        super().__init__(model)
        self.decay = decay

    def move(self, mine: nn.Parameter, new: nn.Parameter) -> None:
        mine.lerp_(new, 1 - min(self.decay, self.steps / (self.steps + 9)))


class SlowWeights(Follower):
    """Lookahead (Zhang et al. 2019): every k steps slow += alpha (fast - slow), and fast = slow.

    The slow weights start as a copy; from zeros, as some code has it, the first of these steps would
    shrink all weights.
    """

    def __init__(self, model: nn.Module, settings: Lookahead):
        super().__init__(model)
        self.settings = settings

    def move(self, mine: nn.Parameter, new: nn.Parameter) -> None:
        if self.steps % self.settings.steps == 0:
            mine.lerp_(new, self.settings.alpha)
            new.copy_(mine)


def build(model: nn.Module, settings: Train) -> dict[str, Follower]:
    """The followers that are asked for, by name, in the order in which they are updated."""
    followers: dict[str, Follower] = {}
    if settings.lookahead.steps:
        followers["lookahead"] = SlowWeights(model, settings.lookahead)
    if settings.ema:
        followers["ema"] = EMA(model, settings.ema)
    return followers
