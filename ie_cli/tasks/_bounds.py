"""How many spans of a window a model looks at, so that one that has learnt nothing stays in bounds."""

from __future__ import annotations

from collections import Counter

import torch
from torch import Tensor

from ie_cli.nn.span_scores import SpanCells, SpanScores, TypeScores, rank_in_row

FULL = "or more spans of windows that have more than model.max_spans"


def best_spans(
    scores: SpanScores | TypeScores, threshold: float, cells: Tensor, max_spans: int, dropped: Counter[str]
) -> SpanCells:
    """The spans above a threshold, of each text the `max_spans` highest.

    A text with more of them counts as one in `dropped`: to know how many more, all would have to be scored.

    Args:
        cells: [B, L, L] bool, see `span_mask`.
    """
    found = scores.above(threshold, cells, max_spans + 1)
    full = int((torch.bincount(found.row) > max_spans).sum())
    if not full:
        return found
    dropped[FULL] += full
    return found.pick(top_per_row(found.row, found.score, max_spans))


def top_per_row(row: Tensor, score: Tensor, most: int) -> Tensor:
    """Indices of the `most` highest scores of each row, rows in order.

    Args:
        row, score: [N].
    """
    order = score.argsort(descending=True, stable=True)
    order = order[row[order].argsort(stable=True)]
    return order[rank_in_row(row[order]) < most]
