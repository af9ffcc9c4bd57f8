"""ZLPR, the zero-bounded log-sum-exp and pairwise rank loss (Su et al. 2022, arXiv 2208.02955).

One loss for "any number of classes may be right": with targets t in 0..1

    L = log(1 + sum_i (1 - t_i) e^{s_i}) + log(1 + sum_i t_i e^{-s_i})

which pushes right classes (t = 1) above 0 and wrong ones below. Predicted is what has s > 0, and
sigmoid(2 s) is its probability (kexue.fm/archives/9064).

Here is the definition, over scores that are there one by one; `ie_cli.nn.span_zlpr` has the same number for
the scores of a pointer head.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

NOTHING = -1e9  # the logarithm of an empty sum; e^NOTHING is 0 and its gradient a number


class Targets(NamedTuple):
    """What is wanted of the gold cells and of the rest, 0..1; anything but 1 and 0 is label smoothing."""

    gold: float = 1.0
    rest: float = 0.0


HARD = Targets()


def zlpr(scores: Tensor, target: Tensor, allowed: Tensor) -> Tensor:
    """The loss over the last axis.

    Args:
        scores: [..., N].
        target: [..., N], bool or 0..1.
        allowed: [..., N] bool; the classes outside it (padding, end before start) count for nothing.

    Returns:
        [...], at least 0, in float32 or wider.
    """
    scores = scores.float() if scores.dtype in (torch.float16, torch.bfloat16) else scores
    if target.dtype == torch.bool:
        wrong, right = scores, -scores
    else:
        target = target.to(scores.dtype)
        wrong, right = scores + _log(1 - target), _log(target) - scores
    return log1p_exp(_log_sum(wrong, allowed & (target < 1))) + log1p_exp(_log_sum(right, allowed & (target > 0)))


def total(*losses: Tensor) -> Tensor:
    """The loss of a batch, a scalar: the losses [B, C] of each head summed over types and heads, a mean over texts.

    Summed over types as in GPLinker (kexue.fm/archives/8888): a link head of one type then weighs as much as
    one role. The published NER scripts take their mean. The two differ by the factor C, which AdamW does not
    see but a shared encoder with a second head and the clipping of gradients do.
    """
    return torch.stack([loss.sum(1).mean() for loss in losses]).sum()


def score_of(probability: float) -> float:
    """The score s with sigmoid(2 s) = probability."""
    return math.log(probability / (1 - probability)) / 2


def probability_of(score: Tensor) -> Tensor:
    """sigmoid(2 s), in float32 or wider."""
    return torch.sigmoid(2 * score.to(torch.promote_types(score.dtype, torch.float32)))


def prior_score(rate: Tensor) -> Tensor:
    """Where untrained scores of a type should lie that fills a share `rate` of all cells: log(rate).

    Of all constant scores the loss is least there. With n cells in a text and a positive one in a share
    q of the texts, its gradient is n e^s / (1 + n e^s) - q, which is 0 for n e^s = q where q is small.
    A head that starts elsewhere first spends its steps on pushing all cells down together, and learns
    no span meanwhile.
    """
    return rate.clamp_min(1e-6).log()


def _log(x: Tensor) -> Tensor:
    """log x, and a finite number where x is 0: such cells are masked."""
    return torch.where(x > 0, x, 1).log()


def _log_sum(x: Tensor, allowed: Tensor) -> Tensor:
    return torch.logsumexp(x.masked_fill(~allowed, NOTHING), -1)


def log1p_exp(x: Tensor) -> Tensor:
    """log(1 + e^x) without losing small values, unlike torch's softplus, which is cut off at 20."""
    return torch.logaddexp(x, torch.zeros_like(x))
