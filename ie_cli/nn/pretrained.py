"""A transformers encoder behind the interface of ours: no special tokens outside."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class PretrainedEncoder(nn.Module):
    """Wraps each text in the special tokens its encoder was trained with, and takes them off again.

    Args:
        inner: a transformers model that returns `last_hidden_state`.
        first, last: ids of the special tokens before and behind a text, or None for none.
        limit: longest text in tokens, special tokens not counted.
    """

    def __init__(self, inner: nn.Module, *, first: int | None, last: int | None, pad: int, limit: int | None):
        super().__init__()
        self.inner, self.first, self.last, self.pad, self.limit = inner, first, last, pad, limit
        self.width = inner.config.hidden_size

    def forward(self, features: dict[str, Tensor], mask: Tensor) -> Tensor:
        """features["ids"] [B, L] int64, mask [B, L] -> [B, L, width]."""
        ids = torch.where(mask, features["ids"], self.pad)
        before = int(self.first is not None)
        if self.first is not None:
            ids = torch.cat([torch.full_like(ids[:, :1], self.first), ids], 1)
            mask = torch.cat([torch.ones_like(mask[:, :1]), mask], 1)
        if self.last is not None:
            ends = mask.sum(1, keepdim=True)
            ids = torch.cat([ids, torch.full_like(ids[:, :1], self.pad)], 1).scatter(1, ends, self.last)
            mask = torch.cat([mask, torch.zeros_like(mask[:, :1])], 1).scatter(1, ends, True)
        hidden = self.inner(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        return hidden[:, before : before + features["ids"].shape[1]]

    def residual(self, features: dict[str, Tensor], mask: Tensor) -> tuple[Tensor, Tensor]:
        """The output, and what the last layer normalisation was given (the output where none is last)."""
        last: list[Tensor] = []

        def note(module: nn.Module, given: tuple[Tensor, ...], normal: Tensor) -> None:
            last[:] = given[0], normal

        hooks = [m.register_forward_hook(note) for m in self.inner.modules() if isinstance(m, nn.LayerNorm)]
        try:
            hidden = self(features, mask)
        finally:
            for hook in hooks:
                hook.remove()
        before = int(self.first is not None)
        stop = before + hidden.shape[1]
        if last and torch.equal(last[1][:, before:stop], hidden):
            return hidden, last[0][:, before:stop]
        return hidden, hidden
