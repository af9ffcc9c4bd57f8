"""Masked language modelling: the head that names masked tokens (Devlin et al. 2019, arXiv 1810.04805)."""

from __future__ import annotations

from torch import Tensor, nn


class MaskedHead(nn.Module):
    """Scores of the whole vocabulary at some positions; the output weights are the token embeddings.

    Args:
        width: size of the encoder's output.
        table: the encoder's token embeddings, V of them of size E. They stay the encoder's: the head has no copy.
    """

    def __init__(self, width: int, table: nn.Embedding):
        super().__init__()
        size, dimension = table.weight.shape
        self.transform = nn.Sequential(nn.Linear(width, dimension), nn.GELU(), nn.LayerNorm(dimension))
        self.bias = nn.Parameter(table.weight.new_zeros(size))

    def forward(self, hidden: Tensor, table: nn.Embedding) -> Tensor:
        """hidden [N, width] -> [N, V]."""
        return nn.functional.linear(self.transform(hidden), table.weight, self.bias)
