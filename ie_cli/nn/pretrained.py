"""A BERT-like encoder behind the interface of ours: no special tokens outside."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ie_cli.errors import IEError

FEWEST = 16  # keys that attention is scaled for at least, as in the published code


def log_n(mask: Tensor, base: int) -> Tensor:
    """log n / log base, [B, 1, 1]: the factor of attention scores over n keys (kexue.fm/archives/8823).

    With it the entropy of attention hardly depends on the length of the text; at n = base it changes nothing.
    """
    length = mask.sum(1).clamp_min(FEWEST).float()  # ONNX has no logarithm of integers
    return length.log()[:, None, None] / math.log(base)


class PretrainedEncoder(nn.Module):
    """Wraps each text in the special tokens its encoder was trained with, and takes them off again.

    Args:
        inner: a model of transformers, or `ie_cli.nn.bert`, that returns `last_hidden_state`.
        first, last: ids of the special tokens before and behind a text, or None for none.
        limit: longest text in tokens, special tokens not counted.
        base: scale attention by log n / log base for a text of n tokens, special ones counted; None does not.

    Raises:
        IEError: `base` is given and the queries are not layers of their own, as BERT's are.
    """

    def __init__(
        self, inner: nn.Module, *, first: int | None, last: int | None, pad: int, limit: int | None,
        base: int | None = None,
    ):  # fmt: skip
        super().__init__()
        self.inner, self.first, self.last, self.pad, self.limit = inner, first, last, pad, limit
        self.width, self.base = inner.config.hidden_size, base
        self.factor: Tensor | None = None  # of attention scores in the texts that are read at the moment
        if base is not None:
            self._scale_queries()

    def _scale_queries(self) -> None:
        """Scaled queries are scaled scores, whatever attention is computed with."""
        queries = [m for name, m in self.inner.named_modules() if name.endswith(".query") and isinstance(m, nn.Linear)]
        if not queries:
            raise IEError(f"encoder.options.log_n: {self.inner.config.model_type} has no queries that can be scaled")
        for query in queries:
            query.register_forward_hook(self._scaled)

    def _scaled(self, module: nn.Module, given: tuple[Tensor, ...], queries: Tensor) -> Tensor:
        return queries * self.factor.to(queries.dtype)

    @property
    def token_embedding(self) -> nn.Embedding:
        """The embeddings of tokens, without positions."""
        return self.inner.get_input_embeddings()

    @property
    def layers(self) -> nn.ModuleList:
        """The stack of layers.

        Raises:
            IEError: the architecture has none, as ALBERT's, which is one layer many times.
        """
        depth = self.inner.config.num_hidden_layers
        stacks = (m for m in self.inner.modules() if isinstance(m, nn.ModuleList) and len(m) == depth)
        if (stack := next(stacks, None)) is None:
            raise IEError(f"{self.inner.config.model_type} has no stack of layers to choose from")
        return stack

    def keep(self, layers: Sequence[int]) -> None:
        """Leave only some layers, by their numbers from 0, in place.

        Raises:
            IEError: there is no such layer.
        """
        stack = self.layers
        if wrong := [i for i in layers if not 0 <= i < len(stack)]:
            raise IEError(f"there is no layer {wrong[0]}: the encoder has the layers 0 to {len(stack) - 1}")
        kept = [stack[i] for i in layers]
        del stack[:]
        stack.extend(kept)
        self.inner.config.num_hidden_layers = len(kept)

    def bare(self, x: Tensor, length: int) -> Tensor:
        """What a layer gives for `length` tokens, without the special ones: [B, L + specials, D] -> [B, L, D]."""
        before = int(self.first is not None)
        return x[:, before : before + length]

    def forward(self, features: dict[str, Tensor], mask: Tensor) -> Tensor:
        """features["ids"] [B, L] int64, mask [B, L] -> [B, L, width]."""
        ids = torch.where(mask, features["ids"], self.pad)
        if self.first is not None:
            ids = torch.cat([torch.full_like(ids[:, :1], self.first), ids], 1)
            mask = torch.cat([torch.ones_like(mask[:, :1]), mask], 1)
        if self.last is not None:
            ids = torch.cat([ids, torch.full_like(ids[:, :1], self.pad)], 1)
            longer = torch.cat([torch.ones_like(mask[:, :1]), mask], 1)
            ids = torch.where(longer & ~torch.cat([mask, torch.zeros_like(mask[:, :1])], 1), self.last, ids)
            mask = longer
        if self.base is not None:
            self.factor = log_n(mask, self.base)
        hidden = self.inner(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        return self.bare(hidden, features["ids"].shape[1])

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
        if last and torch.equal(self.bare(last[1], hidden.shape[1]), hidden):
            return hidden, self.bare(last[0], hidden.shape[1])
        return hidden, hidden
