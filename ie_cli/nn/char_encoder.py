"""The built-in encoder: small embeddings and a BiLSTM, trained from scratch."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ie_cli.nn.precision import lstm_autocast

UNKNOWN = 1
FORGOTTEN = ("ids", "bigrams")


class BiLSTM(nn.Module):
    """Layers of forward and backward LSTMs over padded rows, [B, L, D] -> [B, L, 2 H].

    The backward one reads each row reversed within its own length, so that padding never changes a
    result: a text gets the same scores alone and in any batch, without the cost of packing.
    """

    def __init__(self, width: int, hidden: int, layers: int, dropout: float):
        super().__init__()
        widths = [width] + [2 * hidden] * (layers - 1)
        self.forwards = nn.ModuleList(nn.LSTM(w, hidden, batch_first=True) for w in widths)
        self.backwards = nn.ModuleList(nn.LSTM(w, hidden, batch_first=True) for w in widths)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        position = torch.arange(x.shape[1], device=x.device)
        length = mask.sum(1, keepdim=True)
        mirror = torch.where(position < length, length - 1 - position, position)[..., None]
        with lstm_autocast():
            for i, (forwards, backwards) in enumerate(zip(self.forwards, self.backwards, strict=True)):
                x = self.dropout(x) if i else x
                back = backwards(x.gather(1, mirror.expand_as(x)))[0]
                x = torch.cat([forwards(x)[0], back.gather(1, mirror.expand_as(back))], -1)
        return x


def tables(sizes: Mapping[str, tuple[int, int]]) -> nn.ModuleDict:
    """New embeddings by name, from their numbers of values and dimensions; value 0 is padding."""
    found = nn.ModuleDict({name: nn.Embedding(n, d, padding_idx=0) for name, (n, d) in sizes.items()})
    for embedding in found.values():
        nn.init.normal_(embedding.weight, std=0.1)
        nn.init.zeros_(embedding.weight[0])
    return found


class CharEncoder(nn.Module):
    """Concatenated feature embeddings, dropout, BiLSTM.

    Args:
        sizes: feature name -> (vocabulary size, dimension). "bigrams" is looked up twice, for the
            bigram that ends at a character and for the one that starts there.
        hidden: H; the output is [B, L, 2 H].
        forget: share of the tokens whose character becomes unknown in training; of bigrams likewise.
    """

    def __init__(
        self, sizes: dict[str, tuple[int, int]], *, hidden: int, layers: int, dropout: float, forget: float = 0.0
    ):
        super().__init__()
        self.embeddings = tables(sizes)
        width = sum(d * (2 if name == "bigrams" else 1) for name, (_, d) in sizes.items())
        self.dropout, self.forget = nn.Dropout(dropout), forget
        self.body = BiLSTM(width, hidden, layers, dropout)
        self.width, self.limit = 2 * hidden, None

    @property
    def token_embedding(self) -> nn.Embedding:
        """The embeddings of characters."""
        return self.embeddings["ids"]

    def forward(self, features: dict[str, Tensor], mask: Tensor) -> Tensor:
        """features name -> [B, L] int64, mask [B, L] -> [B, L, 2 H]."""
        parts = []
        for name, embedding in self.embeddings.items():
            part = embedding(self._forgetful(features[name], mask) if name in FORGOTTEN else features[name])
            parts.append(part)
            if name == "bigrams":
                parts.append(torch.cat([part[:, 1:], torch.zeros_like(part[:, :1])], 1))
        return self.body(self.dropout(torch.cat(parts, -1)), mask)

    def residual(self, features: dict[str, Tensor], mask: Tensor) -> tuple[Tensor, Tensor]:
        """The output twice: there is no layer normalisation that it could be taken before."""
        hidden = self(features, mask)
        return hidden, hidden

    def _forgetful(self, ids: Tensor, mask: Tensor) -> Tensor:
        """In training, some ids replaced by that of the unknown symbol."""
        if not self.training or not self.forget:
            return ids
        return torch.where((torch.rand(ids.shape, device=ids.device) < self.forget) & mask, UNKNOWN, ids)
