"""AdamW with a rate for pretrained weights and one for new ones, and updates of single rows of embeddings."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import nn

from ie_cli.training import layers
from ie_cli.training.settings import Train


def build(model: nn.Module, settings: Train) -> torch.optim.AdamW:
    """AdamW in groups of one rate, each with its highest rate as `peak`; weight decay on matrices only.

    A model's `rates` (prefix of weight names -> factor on head_lr) give parts of it their own.
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    depth = layers.count(model.encoder)
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            decay = settings.weight_decay if weight.dim() > 1 else 0.0
            groups.setdefault((_peak(model, name, settings, depth), decay), []).append(weight)
    rows = [m.weight for m in model.modules() if isinstance(m, nn.Embedding)] if settings.lazy_embeddings else []
    return RowAdamW(
        [{"params": ps, "lr": peak, "peak": peak, "weight_decay": decay} for (peak, decay), ps in groups.items()],
        rows,
        betas=(0.9, 0.98),
        eps=1e-6,
        fused=True,  # one pass over the weights instead of six
    )


def _peak(model: nn.Module, name: str, settings: Train, depth: int) -> float:
    if name.startswith("encoder.") and not layers.is_above(name):
        return settings.lr * layers.lr_factor(name, depth, settings.layer_decay)
    factors = (f for prefix, f in model.rates.items() if name.startswith(prefix))
    return settings.head_lr * next(factors, 1.0)


class RowAdamW(torch.optim.AdamW):
    """AdamW that leaves those rows of `tables` alone whose gradient is 0 (kexue.fm/archives/6869).

    A symbol that does not occur in a step is then neither moved by its momentum nor decayed. Its moments
    go on, unlike those of torch's SparseAdam, which has no weight decay either.
    """

    def __init__(self, groups: list[dict], tables: Iterable[nn.Parameter] = (), **options):
        super().__init__(groups, **options)
        self.tables = list(tables)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        kept = []
        for table in self.tables:
            if table.grad is not None:
                idle = ~table.grad.any(1)
                kept.append((table, idle, table[idle]))
        loss = super().step(closure)
        for table, idle, rows in kept:
            table[idle] = rows
        return loss


def lr_factor(step: int, steps: int, warmup: float) -> float:
    """Factor on the peak rates at a step: a linear climb, then a linear fall to 0 behind the last step."""
    climb = max(1, round(steps * warmup))
    if step < climb:
        return (step + 1) / climb
    return max(0.0, (steps - step) / max(1, steps - climb))


def set_lr(optimiser: torch.optim.Optimizer, factor: float) -> None:
    """Set every group's rate to so much of its peak."""
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * factor
