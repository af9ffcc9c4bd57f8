"""ZLPR, the zero-bounded log-sum-exp and pairwise rank loss (Su et al. 2022, arXiv 2208.02955).

One loss for "any number of classes may be right": every positive score is pushed above 0 and every
negative one below. Spans are positive where s > 0; sigmoid(2 s) is the probability (kexue.fm/archives/9064).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def zlpr(scores: Tensor, positive: Tensor, allowed: Tensor) -> Tensor:
    """log(1 + sum over negatives of e^s) + log(1 + sum over positives of e^-s), along the last axis.

    Args:
        scores: [..., N].
        positive: [..., N] bool, the true classes.
        allowed: [..., N] bool; the classes outside it (padding, end before start) count for nothing.

    Returns:
        [...], at least 0, in float32 or wider.
    """
    scores = scores.float() if scores.dtype in (torch.float16, torch.bfloat16) else scores
    negatives = scores.masked_fill(positive | ~allowed, -math.inf)
    positives = (-scores).masked_fill(~(positive & allowed), -math.inf)
    return _log1p_sum_exp(negatives) + _log1p_sum_exp(positives)


def _log1p_sum_exp(x: Tensor) -> Tensor:
    return torch.logsumexp(torch.cat([x, x.new_zeros(*x.shape[:-1], 1)], -1), -1)


def prior_score(rate: Tensor) -> Tensor:
    """The score whose probability sigmoid(2 s) is `rate`: where an untrained head should start.

    Pointer heads that start at 0 spend hundreds of steps pushing all cells down before they learn
    any span.
    """
    return torch.logit(rate, eps=1e-6) / 2
