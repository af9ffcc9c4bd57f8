"""Span heads: a score for every (type, start token, end token)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ie_cli.nn.rotary import rotate

CELLS_AT_ONCE = 65536  # bounds the memory that an untrained model, which finds everything, can take


class SpanCells(NamedTuple):
    """Spans as columns of length N: text in the batch, type, first token, last token, score."""

    row: Tensor
    kind: Tensor
    first: Tensor
    last: Tensor
    score: Tensor


class SpanScores(NamedTuple):
    """Additive span scores s[b, c, i, j] = pair[b, i, j] + start[b, c, i] + end[b, c, j].

    Shapes: pair [B, L, L], start and end [B, C, L]; C is the number of types. `dense` makes the
    [B, C, L, L] tensor, which grows with the number of types: prefer the three parts.
    """

    pair: Tensor
    start: Tensor
    end: Tensor

    def dense(self) -> Tensor:
        return self.pair[:, None] + self.start[..., :, None] + self.end[..., None, :]

    def above(self, threshold: float, cells: Tensor) -> SpanCells:
        """All allowed spans with s > threshold, exactly, without the [B, C, L, L] tensor.

        A cell can only pass if its pair score and the best start and end bias of any type do, so one
        [B, L, L] comparison leaves few cells to score for every type.

        Args:
            cells: [B, L, L] bool, see `span_mask`.
        """
        bound = self.pair + self.start.amax(1)[:, :, None] + self.end.amax(1)[:, None, :]
        found = []
        for some in ((bound > threshold) & cells).nonzero().split(CELLS_AT_ONCE):
            row, first, last = some.unbind(1)
            scores = self.pair[row, first, last, None] + self.start[row, :, first] + self.end[row, :, last]
            cell, kind = (scores > threshold).nonzero(as_tuple=True)
            found.append(SpanCells(row[cell], kind, first[cell], last[cell], scores[cell, kind]))
        return SpanCells(*(torch.cat(parts) for parts in zip(*found, strict=True)))


def span_mask(mask: Tensor, *, triangle: bool = True) -> Tensor:
    """Cells that are spans, [B, L, L] bool, from the token mask [B, L]: no padding, start <= end."""
    cells = mask[:, :, None] & mask[:, None, :]
    return cells.triu() if triangle else cells


class EfficientGlobalPointer(nn.Module):
    """Efficient GlobalPointer (Su 2022, kexue.fm/archives/8877): the published code's variant.

    q and k are shared by all types; RoPE turns them for the inner product only, which is divided by
    sqrt(d); the type biases come from the unrotated [q; k] and are halved. Which components are q
    and which k is a permutation of the weights: here the first half is q.

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
        pair = query @ key.transpose(1, 2) / self.size**0.5
        start, end = (self.bias(both) / 2).transpose(1, 2).chunk(2, 1)
        return SpanScores(pair, start, end)


class TypeScores(NamedTuple):
    """Span scores of an inner product for every type, s[b, c, i, j] = query[b, c, i] . key[b, c, j] + bias[c].

    Shapes: query and key [B, C, L, d], scaled already; bias [C].
    """

    query: Tensor
    key: Tensor
    bias: Tensor

    def dense(self) -> Tensor:
        return self.query @ self.key.transpose(2, 3) + self.bias[:, None, None]

    def chunks(self) -> Iterator[tuple[int, TypeScores]]:
        """The scores of a few types at a time, with the number of the first: no more cells than `CELLS_AT_ONCE`."""
        texts, types, length, _ = self.query.shape
        step = max(1, CELLS_AT_ONCE * 8 // max(1, texts * length * length))
        for low in range(0, types, step):
            part = slice(low, low + step)
            yield low, TypeScores(self.query[:, part], self.key[:, part], self.bias[part])

    def above(self, threshold: float, cells: Tensor) -> SpanCells:
        """All allowed spans with s > threshold, a few types at a time; see `SpanScores.above`."""
        found = []
        for low, part in self.chunks():
            scores = part.dense()
            row, kind, first, last = ((scores > threshold) & cells[:, None]).nonzero(as_tuple=True)
            found.append(SpanCells(row, kind + low, first, last, scores[row, kind, first, last]))
        return SpanCells(*(torch.cat(parts) for parts in zip(*found, strict=True)))


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
