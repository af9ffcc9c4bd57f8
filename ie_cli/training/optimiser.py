"""AdamW with a rate for pretrained weights and one for new ones, and a moving average of the weights."""

from __future__ import annotations

import copy

import torch
from torch import nn

from ie_cli.training.recipe import Train


def build(model: nn.Module, settings: Train) -> torch.optim.AdamW:
    """AdamW in groups of one rate, each with its highest rate as `peak`; weight decay on matrices only.

    A model's `rates` (prefix of weight names -> factor on head_lr) give parts of it their own.
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            decay = settings.weight_decay if weight.dim() > 1 else 0.0
            groups.setdefault((_peak(model, name, settings), decay), []).append(weight)
    return torch.optim.AdamW(
        [{"params": ps, "lr": peak, "peak": peak, "weight_decay": decay} for (peak, decay), ps in groups.items()],
        betas=(0.9, 0.98),
        eps=1e-6,
    )


def _peak(model: nn.Module, name: str, settings: Train) -> float:
    if name.startswith("encoder."):
        return settings.lr
    factors = (f for prefix, f in getattr(model, "rates", {}).items() if name.startswith(prefix))
    return settings.head_lr * next(factors, 1.0)


def rate(step: int, steps: int, warm_up: float) -> float:
    """Share of the peak rate at a step: a linear climb, then a linear fall to 0 behind the last step."""
    climb = max(1, round(steps * warm_up))
    if step < climb:
        return (step + 1) / climb
    return max(0.0, (steps - step) / max(1, steps - climb))


def set_rate(optimiser: torch.optim.Optimizer, share: float) -> None:
    """Set every group's rate to a share of its peak."""
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
