"""Features of several texts as one padded batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Inputs:
    """Encoder input: features name -> [B, L] int64 padded with 0, and mask [B, L] bool, True on tokens."""

    features: dict[str, Tensor]
    mask: Tensor

    def to(self, device: torch.device | str) -> Inputs:
        return Inputs({name: x.to(device) for name, x in self.features.items()}, self.mask.to(device))


def pad(rows: Sequence[dict[str, Sequence[int]]]) -> Inputs:
    """Pad the features of B texts to the longest; a batch of empty texts gets length 1."""
    lengths = torch.tensor([len(row["ids"]) for row in rows])
    size = max(1, int(lengths.max()))
    features = {}
    for name in rows[0]:
        block = torch.zeros(len(rows), size, dtype=torch.long)
        for i, row in enumerate(rows):
            block[i, : len(row[name])] = torch.as_tensor(row[name], dtype=torch.long)
        features[name] = block
    return Inputs(features, torch.arange(size) < lengths[:, None])
