"""Further features of tokens worked into an encoder's output by a residual block (He et al. 2016, arXiv 1512.03385)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Mixer(nn.Module):
    """Embeddings of features beside the output, a convolution over three tokens, and the output added.

    Args:
        width: D of the encoder's output [B, L, D].
        sizes: feature -> how many values it has.
        size: dimension of each embedding.
    """

    def __init__(self, width: int, sizes: dict[str, int], size: int = 32):
        super().__init__()
        self.embeddings = nn.ModuleDict({name: nn.Embedding(n, size) for name, n in sizes.items()})
        self.near = nn.Conv1d(width + size * len(sizes), width, 3, padding=1)
        self.out = nn.Linear(width, width)

    def forward(self, hidden: Tensor, features: dict[str, Tensor], mask: Tensor) -> Tensor:
        """hidden [B, L, D], features name -> [B, L] int64, mask [B, L] -> [B, L, D]."""
        parts = [hidden, *(embedding(features[name]) for name, embedding in self.embeddings.items())]
        joined = (torch.cat(parts, -1) * mask[..., None]).transpose(1, 2)
        return hidden + self.out(functional.gelu(self.near(joined).transpose(1, 2)))
