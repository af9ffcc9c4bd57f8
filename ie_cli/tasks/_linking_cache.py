"""Encoded descriptions that are kept, so that a run over many texts encodes each once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from ie_cli.text.length_batches import by_length

MOST = 8192  # entities; of 48 tokens with 64 numbers each they are 100 MB


class StateCache:
    """The states of descriptions by id, those that were not asked for the longest time being dropped.

    Args:
        features: of the tokens of an entity.
        encode: features of several -> their states, [S, A] each.
        tokens: in one call of `encode`, padding included.
    """

    def __init__(
        self,
        features: Callable[[str], dict[str, list[int]]],
        encode: Callable[[list[dict[str, list[int]]]], list[Tensor]],
        tokens: int,
        most: int = MOST,
    ):
        self.features, self.encode, self.tokens, self.most = features, encode, tokens, most
        self.states: OrderedDict[str, Tensor] = OrderedDict()

    def clear(self) -> None:
        self.states.clear()

    def __call__(self, idents: Sequence[str]) -> tuple[Tensor, Tensor]:
        """States [U, S, A] of some entities, at least one, and their mask [U, S]."""
        self._add([ident for ident in idents if ident not in self.states])
        some = [self.states[ident] for ident in idents]
        for ident in idents:
            self.states.move_to_end(ident)
        while len(self.states) > self.most:
            self.states.popitem(last=False)
        padded = pad_sequence(some, batch_first=True)
        sizes = torch.tensor([len(states) for states in some], device=padded.device)
        return padded, torch.arange(padded.shape[1], device=padded.device) < sizes[:, None]

    def _add(self, idents: Sequence[str]) -> None:
        rows = [self.features(ident) for ident in idents]
        for batch in by_length([len(row["ids"]) for row in rows], self.tokens):
            for k, states in zip(batch, self.encode([rows[k] for k in batch]), strict=True):
                self.states[idents[k]] = states
