"""How far two sets of span scores are apart, as R-Drop and VAT with pointers need it (kexue.fm/archives/9039).

    D(s, t) = sum_i (sigmoid(s_i) - sigmoid(t_i)) (s_i - t_i)

over all spans of all types. This is the symmetric Kullback-Leibler divergence KL(p, q) + KL(q, p) of
every cell's own yes or no, p = sigmoid(s); one of a softmax over all cells made results worse there.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from ie_cli.nn.span_scores import SpanScores, TypeScores


def span_divergence(one: SpanScores | TypeScores, other: SpanScores | TypeScores, cells: Tensor) -> Tensor:
    """D of each text, [B], at least 0, in float32 or wider.

    No sigmoid of a sum factorises, so scores are made, but of a few types at a time, and again in the
    backward pass: memory does not grow with the number of types.

    Args:
        one, other: scores of the same texts.
        cells: [B, L, L] bool, the allowed spans (`span_mask`).
    """
    found = [
        checkpoint(_of_types, type(one), cells, *mine, *theirs, use_reentrant=False, preserve_rng_state=False)
        for (_, mine), (_, theirs) in zip(one.chunks(), other.chunks(), strict=True)
    ]
    return torch.stack(found).sum(0)


def _of_types(kind: type[SpanScores] | type[TypeScores], cells: Tensor, *parts: Tensor) -> Tensor:
    half = len(parts) // 2
    scores, others = (kind(*some).dense() for some in (parts[:half], parts[half:]))
    scores, others = (x.to(torch.promote_types(x.dtype, torch.float32)) for x in (scores, others))
    apart = (scores.sigmoid() - others.sigmoid()) * (scores - others)
    return (apart * cells[:, None]).sum((1, 2, 3))
