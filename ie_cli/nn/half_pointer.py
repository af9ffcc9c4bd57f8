"""Half-pointer, half-tagging: starts and ends as independent probabilities (kexue.fm/archives/7161).

The probabilities are powers p^n of sigmoids, which start closer to 0 where positives are rare.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def log_power(logits: Tensor, power: int) -> Tensor:
    """log p^n = n log sigmoid(logit)."""
    return power * functional.logsigmoid(logits.float())


def power_bce(logits: Tensor, target: Tensor, power: int) -> Tensor:
    """Binary cross-entropy of p^n, one number a logit: -t log p^n - (1 - t) log(1 - p^n)."""
    log_p = log_power(logits, power)
    # log(1 - e^x) loses its digits near 0; a probability of 1 costs what 1 - 1e-7 does, as in Keras.
    log_q = torch.log(-torch.expm1(log_p.clamp_max(-1e-7)))
    return -torch.where(target, log_p, log_q)


def spans(logits: Tensor, power: int, start: float, end: float) -> tuple[Tensor, Tensor]:
    """Each start takes the nearest end at or behind it.

    Args:
        logits: [N, L, C, 2] of starts and ends for C labels; -inf outside the text.
        start, end: thresholds of the powered probabilities.

    Returns:
        [M, 4] row, label, first and last token; and [M], the lesser of the two probabilities.
    """
    probability = log_power(logits, power).exp()
    starts, ends = probability[..., 0] > start, probability[..., 1] > end
    length = logits.shape[1]
    place = torch.arange(length, device=logits.device)[:, None]
    # The nearest end is the least of the end places from here on: a running minimum from the right.
    nearest = torch.where(ends, place, length).flip(1).cummin(1).values.flip(1)
    row, first, label = (starts & (nearest < length)).nonzero(as_tuple=True)
    last = nearest[row, first, label]
    least = torch.minimum(probability[row, first, label, 0], probability[row, last, label, 1])
    return torch.stack([row, label, first, last], 1), least
