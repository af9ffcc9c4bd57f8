"""Position embeddings for longer texts than an encoder was trained on (kexue.fm/archives/7947)."""

from __future__ import annotations

import torch
from torch import Tensor


def hierarchical(positions: Tensor, length: int, alpha: float = 0.4) -> Tensor:
    """Position i n + j of n known ones as a mixture of the i-th and the j-th, which keeps the first n as they are.

    With u = (p - alpha p_0) / (1 - alpha), position i n + j becomes alpha u_i + (1 - alpha) u_j.

    Args:
        positions: [n, D].
        length: how many are wanted, at most n^2.

    Returns:
        [length, D].
    """
    base = (positions - alpha * positions[:1]) / (1 - alpha)
    place = torch.arange(length, device=positions.device)
    block, offset = place // len(positions), place % len(positions)
    return alpha * base[block] + (1 - alpha) * base[offset]
