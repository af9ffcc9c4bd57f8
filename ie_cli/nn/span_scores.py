"""Scores of spans, one for every (type, start token, end token), and how to find the high ones without making all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

CELLS_AT_ONCE = 1 << 19  # scores made at once: on a CPU more do not fit its caches, and 2 MB are no burden
CELLS_AT_ONCE_GPU = 1 << 22  # a GPU wants more work in one call


class SpanCells(NamedTuple):
    """Spans as columns of length N: text in the batch, type, first token, last token, score."""

    row: Tensor
    kind: Tensor
    first: Tensor
    last: Tensor
    score: Tensor

    def pick(self, which: Tensor) -> SpanCells:
        """Some of the spans, by indices or a mask."""
        return SpanCells(*(column[which] for column in self))


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

    def at(self, row: Tensor, kind: Tensor, first: Tensor, last: Tensor) -> Tensor:
        """The scores of some cells, to the last bit those of `dense`; the four indices are broadcast."""
        return self.pair[row, first, last] + self.start[row, kind, first] + self.end[row, kind, last]

    def chunks(self) -> Iterator[tuple[int, SpanScores]]:
        """As `TypeScores.chunks`."""
        types = self.start.shape[1]
        for low, part in _few(types, self.pair, self.pair.numel()):
            yield low, SpanScores(self.pair, self.start[:, part], self.end[:, part])

    def above(self, threshold: float, cells: Tensor, most: int | None = None) -> SpanCells:
        """All allowed spans with s > threshold, exactly, without the [B, C, L, L] tensor.

        A cell can only pass if its pair score and the best start and end bias of any type do, so one
        [B, L, L] comparison leaves few cells to score for every type. With `most`, the cells that
        promise most come first, and what cannot be among the best any more is not scored.

        Args:
            cells: [B, L, L] bool, see `span_mask`.
            most: keep only that many spans of each text, the highest; of equal scores the lower type,
                then the lower first token, then the lower last token. With a threshold of -inf: top-k.
                It also bounds the memory; without it a model that finds everything takes all of it.

        Returns:
            The spans in no order that is promised.
        """
        size = cells.shape[2]
        bound = self.pair + self.start.amax(1)[:, :, None] + self.end.amax(1)[:, None, :]
        places = ((bound > threshold) & cells).flatten().nonzero().squeeze(1)
        step = max(1, _cells_at_once(bound) // max(1, self.start.shape[1]))
        if most is not None and len(places) > step:
            places = places[bound.flatten()[places].argsort(descending=True)]
        best = _Best(most, len(cells), bound)
        for some in places.split(step):
            row, first, last = some // size**2, some // size % size, some % size
            open_ = best.floor[row] <= bound[row, first, last]
            row, first, last = row[open_], first[open_], last[open_]
            scores = self.pair[row, first, last, None] + self.start[row, :, first] + self.end[row, :, last]
            cell, kind = ((scores > threshold) & (scores >= best.floor[row, None])).nonzero(as_tuple=True)
            best.add(SpanCells(row[cell], kind, first[cell], last[cell], scores[cell, kind]))
        return best.all()


class TypeScores(NamedTuple):
    """Span scores of an inner product for every type, s[b, c, i, j] = query[b, c, i] . key[b, c, j] + bias[c].

    Shapes: query and key [B, C, L, d], scaled already; bias [C].
    """

    query: Tensor
    key: Tensor
    bias: Tensor

    def dense(self) -> Tensor:
        return self.query @ self.key.transpose(2, 3) + self.bias[:, None, None]

    def at(self, row: Tensor, kind: Tensor, first: Tensor, last: Tensor) -> Tensor:
        """The scores of some cells, those of `dense` but for rounding; the four indices are broadcast."""
        return (self.query[row, kind, first] * self.key[row, kind, last]).sum(-1) + self.bias[kind]

    def chunks(self) -> Iterator[tuple[int, TypeScores]]:
        """The scores of a few types at a time, with the number of the first: `CELLS_AT_ONCE`, at least one type."""
        texts, types, length, _ = self.query.shape
        for low, part in _few(types, self.query, texts * length * length):
            yield low, TypeScores(self.query[:, part], self.key[:, part], self.bias[part])

    def above(self, threshold: float, cells: Tensor, most: int | None = None) -> SpanCells:
        """All allowed spans with s > threshold, a few types at a time; see `SpanScores.above`."""
        best = _Best(most, len(cells), self.query)
        for low, part in self.chunks():
            scores = part.dense()
            # Of equal scores the lower type wins, so a later one has to be higher than the floor.
            passes = (scores > threshold) & (scores > best.floor[:, None, None, None]) & cells[:, None]
            row, kind, first, last = passes.nonzero(as_tuple=True)
            best.add(SpanCells(row, kind + low, first, last, scores[row, kind, first, last]))
        return best.all()


class _Best:
    """Spans as they are found, of which each text keeps the `most` highest (all for None).

    Attributes:
        floor: [B], the lowest score that still has a place in each text.
    """

    def __init__(self, most: int | None, texts: int, scores: Tensor):
        """Start with no spans; `scores` gives dtype and device."""
        self.most, self.floor = most, scores.new_full((texts,), -torch.inf)
        none = torch.zeros(0, dtype=torch.long, device=scores.device)
        self.parts = [SpanCells(none, none, none, none, scores.new_zeros(0))]

    def add(self, found: SpanCells) -> None:
        self.parts.append(found)
        if self.most is not None and len(found.row):
            self.parts = [self._highest(self.all())]

    def all(self) -> SpanCells:
        return SpanCells(*(torch.cat(parts) for parts in zip(*self.parts, strict=True)))

    def _highest(self, found: SpanCells) -> SpanCells:
        """The best of each text, grouped by text; raises the floor of texts that are full."""
        order = torch.arange(len(found.row), device=found.row.device)
        for column, falling in zip((3, 2, 1, 4, 0), (False, False, False, True, False), strict=True):
            order = order[found[column][order].argsort(stable=True, descending=falling)]
        rank = rank_in_row(found.row[order])
        last = order[rank == self.most - 1]
        self.floor[found.row[last]] = found.score[last]
        return found.pick(order[rank < self.most])


def rank_in_row(row: Tensor) -> Tensor:
    """The place of each item among those of its row, from 0: [N] for the rows [N] of items in the order of rows."""
    counts = torch.bincount(row)
    return torch.arange(len(row), device=row.device) - (counts.cumsum(0) - counts)[row]


def span_mask(mask: Tensor, *, triangle: bool = True) -> Tensor:
    """Cells that are spans, [B, L, L] bool, from the token mask [B, L]: no padding, start <= end."""
    cells = mask[:, :, None] & mask[:, None, :]
    return cells.triu() if triangle else cells


def _cells_at_once(scores: Tensor) -> int:
    return CELLS_AT_ONCE_GPU if scores.is_cuda else CELLS_AT_ONCE


def _few(types: int, scores: Tensor, cells: int) -> Iterator[tuple[int, slice]]:
    """Ranges of types of which each has `cells` scores, and where they begin."""
    step = max(1, _cells_at_once(scores) // max(1, cells))
    for low in range(0, types, step):
        yield low, slice(low, low + step)
