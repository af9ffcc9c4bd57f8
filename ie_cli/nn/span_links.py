"""Which found spans go together: pairs within a text, and the scores of links between them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ie_cli.nn.span_scores import SpanCells, SpanScores, TypeScores

AT_ONCE = 1 << 20  # link scores made at once


class Linked(NamedTuple):
    """Links as columns of length N: the two spans, the label, and the least score of spans and links."""

    left: SpanCells
    right: SpanCells
    label: Tensor
    score: Tensor


def pairs(left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """All pairs of items that stand in the same text, as indices into the two.

    Args:
        left, right: [N] and [M], the text of each item.
    """
    texts = int(max(left.max(), right.max())) + 1 if len(left) and len(right) else 0
    if not texts:
        return left.new_zeros(0), right.new_zeros(0)
    order = right.argsort(stable=True)
    counts = torch.bincount(right, minlength=texts)
    begin, many = (counts.cumsum(0) - counts)[left], counts[left]
    first = torch.arange(len(left), device=left.device).repeat_interleave(many)
    within = torch.arange(len(first), device=left.device) - (many.cumsum(0) - many).repeat_interleave(many)
    return first, order[begin.repeat_interleave(many) + within]


def couples(group: Tensor) -> tuple[Tensor, Tensor]:
    """Every two items of the same group once, as indices i < j.

    Args:
        group: [N], the group of each item.
    """
    one, other = pairs(group, group)
    later = one < other
    return one[later], other[later]


def links(
    left: SpanCells, right: SpanCells, heads: SpanScores | TypeScores, tails: SpanScores | TypeScores,
    labels: Tensor, kinds: Tensor, threshold: float,
) -> Linked:  # fmt: skip
    """Links between spans of the same text, scored only where both ends are.

    A span is linked to another with a label if the head link, of their first tokens, and the tail link,
    of their last tokens, both exceed the threshold (kexue.fm/archives/8888).

    Args:
        labels: [K], the labels to look at.
        kinds: [K, 2], the types of the two spans that each of them links.
    """
    one, other = pairs(left.row, right.row)
    found = []
    for some in torch.arange(len(one), device=one.device).split(max(1, AT_ONCE // max(1, len(labels)))):
        a, b = left.pick(one[some, None]), right.pick(other[some, None])
        scores = heads.at(a.row, labels, a.first, b.first), tails.at(a.row, labels, a.last, b.last)
        passes = (torch.minimum(*scores) > threshold) & (kinds[:, 0] == a.kind) & (kinds[:, 1] == b.kind)
        pair, label = passes.nonzero(as_tuple=True)
        a, b = left.pick(one[some][pair]), right.pick(other[some][pair])
        least = torch.stack([*(s[pair, label] for s in scores), a.score, b.score]).amin(0)
        found.append((*a, *b, labels[label], least))
    columns = [torch.cat(parts) for parts in zip(*found, strict=True)]
    return Linked(SpanCells(*columns[:5]), SpanCells(*columns[5:10]), *columns[10:])
