"""A pretrained encoder under a BiLSTM that also reads features of the words.

Lexicon-augmented taggers do so in their own ways: Lattice LSTM (Zhang & Yang 2018, arXiv 1805.02023), SoftLexicon
(Ma et al. 2020, arXiv 1908.05969). Here the features are those of `char-bilstm`, an embedding each.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ie_cli.nn.char_encoder import BiLSTM, tables
from ie_cli.nn.pretrained import PretrainedEncoder

ABOVE = "above"  # weights under this name are new: they learn at the head's rate and belong to no layer


class HybridEncoder(nn.Module):
    """The encoder's output beside embeddings of the features, dropout, one BiLSTM layer.

    Args:
        base: the pretrained encoder.
        sizes: feature name -> (number of values, dimension).
        hidden: H; the output is [B, L, 2 H].
    """

    def __init__(self, base: PretrainedEncoder, sizes: dict[str, tuple[int, int]], *, hidden: int, dropout: float):
        super().__init__()
        self.base, self.features = base, tuple(sizes)
        lstm = BiLSTM(base.width + sum(d for _, d in sizes.values()), hidden, 1, 0.0)
        self.above = nn.ModuleDict({"tables": tables(sizes), "lstm": lstm})
        self.dropout, self.width, self.limit = nn.Dropout(dropout), 2 * hidden, base.limit

    @property
    def inner(self) -> nn.Module:
        """The pretrained model."""
        return self.base.inner

    @property
    def token_embedding(self) -> nn.Embedding:
        """The embeddings of tokens, without positions."""
        return self.base.token_embedding

    def forward(self, features: dict[str, Tensor], mask: Tensor) -> Tensor:
        """features name -> [B, L] int64, mask [B, L] -> [B, L, 2 H]."""
        parts = [self.base(features, mask)]
        parts += [self.above["tables"][name](features[name]) for name in self.features]
        return self.above["lstm"](self.dropout(torch.cat([part.float() for part in parts], -1)), mask)

    def residual(self, features: dict[str, Tensor], mask: Tensor) -> tuple[Tensor, Tensor]:
        """The output twice: there is no layer normalisation that it could be taken before."""
        hidden = self(features, mask)
        return hidden, hidden
