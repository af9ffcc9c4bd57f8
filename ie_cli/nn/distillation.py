"""What a student encoder learns from a teacher: its hidden states and the relations within its attention."""

from __future__ import annotations

import torch
from torch import Tensor


def standardised(hidden: Tensor, mask: Tensor) -> Tensor:
    """Hidden states with mean 0 and variance 1 in each dimension over the batch's tokens, [N, width].

    Encoders have a few dimensions that are a hundred times as large as the rest, which would else be all
    that is learned (data2vec normalises its targets for the same reason, arXiv 2202.03555).

    Args:
        hidden: [B, L, width]; mask [B, L] is True on its N tokens.
    """
    tokens = hidden[mask].float()
    return (tokens - tokens.mean(0)) / tokens.std(0, correction=0).clamp_min(1e-4)


def relation_divergence(student: Tensor, teacher: Tensor, mask: Tensor, heads: int) -> Tensor:
    """Kullback-Leibler divergence of self-attention relations, mean over heads and tokens (MiniLMv2, arXiv 2012.15828).

    A relation is the softmax of the scaled products of queries with queries (or keys with keys, or values with
    values), whose heads are cut anew, so that student and teacher need neither the same size nor the same heads.

    Args:
        student, teacher: [B, L, width] each with its own width, which `heads` divides.
        mask: [B, L], True on tokens.
    """
    ours, theirs = (_relations(x.float(), mask, heads) for x in (student, teacher))
    apart = torch.nn.functional.kl_div(ours, theirs, reduction="none", log_target=True)
    apart = apart.masked_fill(~mask[:, None, None, :], 0.0).sum(-1)  # [B, heads, L]
    return apart.transpose(1, 2)[mask].mean()


def _relations(x: Tensor, mask: Tensor, heads: int) -> Tensor:
    """Logarithms of the relations, [B, heads, L, L]."""
    x = x.unflatten(-1, (heads, -1)).transpose(1, 2)
    scores = x @ x.transpose(-1, -2) / x.shape[-1] ** 0.5
    return scores.masked_fill(~mask[:, None, None, :], torch.finfo(scores.dtype).min).log_softmax(-1)
