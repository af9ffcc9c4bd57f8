"""Layer normalisation whose gain and bias depend on a condition (kexue.fm/archives/7124)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class ConditionalLayerNorm(nn.Module):
    """(x - mean) / std * (gain + W_g c) + (bias + W_b c); W_g and W_b start at 0, as plain normalisation.

    Args:
        width: D of x [..., D].
        condition: size of c [..., condition].
    """

    def __init__(self, width: int, condition: int, *, eps: float = 1e-12):
        super().__init__()
        self.gain, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))
        self.to_gain, self.to_bias = (nn.Linear(condition, width, bias=False) for _ in range(2))
        for layer in (self.to_gain, self.to_bias):
            nn.init.zeros_(layer.weight)
        self.eps = eps

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        normal = functional.layer_norm(x, x.shape[-1:], eps=self.eps)
        return normal * (self.gain + self.to_gain(condition)) + self.bias + self.to_bias(condition)
