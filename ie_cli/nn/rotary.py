"""Rotary position embedding (Su et al. 2021, arXiv 2104.09864), interleaved pairs."""

from __future__ import annotations

import torch
from torch import Tensor


def rotate(x: Tensor, base: float = 10000.0) -> Tensor:
    """Rotate each pair (x0, x1), (x2, x3), … of `x` [..., L, d] (d even) by its position's angle.

    The inner product of two rotated vectors depends on their distance only, so where position 0
    lies does not matter.
    """
    length, size = x.shape[-2:]
    rate = base ** (-torch.arange(0, size, 2, device=x.device, dtype=torch.float32) / size)
    angle = torch.arange(length, device=x.device, dtype=torch.float32)[:, None] * rate
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)
