"""Span heads: from the output of an encoder to the scores of `ie_cli.nn.span_scores`."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ie_cli.nn.rotary import rotate
from ie_cli.nn.span_scores import SpanScores, TypeScores


class EfficientGlobalPointer(nn.Module):
    """Efficient GlobalPointer (Su 2022, kexue.fm/archives/8877): the published code's variant.

    q and k are shared by all types; RoPE turns them for the inner product only, which is divided by
    sqrt(d); the type biases come from the unrotated [q; k] and are halved. Which components are q
    and which k is a permutation of the weights: here the first half is q. Weights start as torch's
    linear layers do (published: LeCun normal, biases 0), only the constant part of the type biases at 0.

    Args:
        width: D of the encoder's output [B, L, D].
        types: number of types C.
        size: d, the inner size; even.
        rotary: RoPE on (entities, arguments) or off (links).
    """

    def __init__(self, width: int, types: int, *, size: int = 64, rotary: bool = True):
        super().__init__()
        self.size, self.rotary = size, rotary
        self.project = nn.Linear(width, 2 * size)
        self.bias = nn.Linear(2 * size, 2 * types)
        nn.init.zeros_(self.bias.bias)

    def start_at(self, score: Tensor) -> None:
        """Let untrained scores of type c lie around `score[c]` ([C])."""
        with torch.no_grad():
            self.bias.bias.copy_(torch.cat([score, score]))

    def forward(self, hidden: Tensor) -> SpanScores:
        """hidden [B, L, D] -> the three parts of the scores, unmasked."""
        both = self.project(hidden)
        query, key = both.chunk(2, -1)
        if self.rotary:
            query, key = rotate(query), rotate(key)
        pair = (query / self.size**0.5) @ key.transpose(1, 2)  # divided first: 16 bits could overflow
        start, end = (self.bias(both) / 2).transpose(1, 2).chunk(2, 1)
        return SpanScores(pair, start, end)


class GlobalPointer(nn.Module):
    """GlobalPointer (Su 2021, kexue.fm/archives/8373): one query and one key projection for each type.

    As in the published code the inner product is divided by sqrt(d), which the article's formula
    leaves out. The bias of each type is ours: without it nothing can be set to start from.
    """

    def __init__(self, width: int, types: int, *, size: int = 64, rotary: bool = True):
        super().__init__()
        self.types, self.size, self.rotary = types, size, rotary
        self.project = nn.Linear(width, types * 2 * size)
        self.bias = nn.Parameter(torch.zeros(types))

    def start_at(self, score: Tensor) -> None:
        """Let untrained scores of type c lie around `score[c]` ([C])."""
        with torch.no_grad():
            self.bias.copy_(score)

    def forward(self, hidden: Tensor) -> TypeScores:
        """hidden [B, L, D] -> the factors of the scores, unmasked."""
        both = self.project(hidden).unflatten(-1, (self.types, 2 * self.size)).transpose(1, 2)
        query, key = both.chunk(2, -1)
        if self.rotary:
            query, key = rotate(query), rotate(key)
        return TypeScores(query / self.size**0.5, key, self.bias)


HEADS = {"efficient": EfficientGlobalPointer, "global_pointer": GlobalPointer}


def pointer(
    head: str, width: int, types: int, prior: Tensor | None = None, *, size: int = 64, rotary: bool = True
) -> EfficientGlobalPointer | GlobalPointer:
    """A head by its name in `HEADS`, whose untrained scores lie around `prior` [C] if that is given."""
    made = HEADS[head](width, types, size=size, rotary=rotary)
    if prior is not None:
        made.start_at(prior)
    return made
