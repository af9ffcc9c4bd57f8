"""AdamW with a rate for pretrained weights and one for new ones, and a moving average of the weights."""

from __future__ import annotations

import copy

import torch
from torch import nn

from ie_cli.training.recipe import Train


def build(model: nn.Module, settings: Train) -> torch.optim.AdamW:
    """AdamW; weight decay on matrices only, each group with its peak rate as `peak`."""
    groups = []
    for own, peak in ((False, settings.head_lr), (True, settings.lr)):
        for matrix in (False, True):
            chosen = [
                p
                for name, p in model.named_parameters()
                if p.requires_grad and name.startswith("encoder.") == own and (p.dim() > 1) == matrix
            ]
            decay = settings.weight_decay if matrix else 0.0
            groups.append({"params": chosen, "lr": peak, "peak": peak, "weight_decay": decay})
    return torch.optim.AdamW([g for g in groups if g["params"]], betas=(0.9, 0.98), eps=1e-6)


def rate(step: int, steps: int, warm_up: float) -> float:
    """Share of the peak rate at a step: a linear climb, then a linear fall to 0 behind the last step."""
    climb = max(1, round(steps * warm_up))
    if step < climb:
        return (step + 1) / climb
    return max(0.0, (steps - step) / max(1, steps - climb))


def set_rate(optimiser: torch.optim.Optimizer, share: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * share


class Average:
    """Exponential moving average of the weights with bias correction (kexue.fm/archives/6575).

    The decay grows with the steps up to its full value, so that early weights do not linger.
    """

    def __init__(self, model: nn.Module, decay: float):
        self.model, self.decay, self.steps = copy.deepcopy(model).requires_grad_(False), decay, 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        self.steps += 1
        decay = min(self.decay, self.steps / (self.steps + 9))
        for mine, new in zip(self.model.parameters(), model.parameters(), strict=True):
            mine.lerp_(new, 1 - decay)
