"""ZLPR, the zero-bounded log-sum-exp and pairwise rank loss (Su et al. 2022, arXiv 2208.02955).

One loss for "any number of classes may be right": with targets t in 0..1

    L = log(1 + sum_i (1 - t_i) e^{s_i}) + log(1 + sum_i t_i e^{-s_i})

which pushes right classes (t = 1) above 0 and wrong ones below. Predicted is what has s > 0, and
sigmoid(2 s) is its probability (kexue.fm/archives/9064).

`zlpr` is the definition, over scores that are there one by one. `additive_zlpr` is the same number for
scores of spans that are sums, s[c, i, j] = pair[i, j] + start[c, i] + end[c, j], without ever making
them: e^s is then a product, so the sum over all cells is a bilinear form,

    sum_ij e^{s_cij} = sum_i e^{u_ci} sum_j e^{a_ij} e^{v_cj}

two matrix products in place of a [C, L, L] tensor. The few cells with targets of their own are put
right by summing their rows again, not by subtracting them from the whole, so nothing cancels.

`typewise_zlpr` is for standard GlobalPointer, whose scores are no such sums.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from ie_cli.nn.pointer import SpanScores, TypeScores

NOTHING = -1e9  # the logarithm of an empty sum; e^NOTHING is 0 and its gradient a number


def zlpr(scores: Tensor, target: Tensor, allowed: Tensor) -> Tensor:
    """The loss over the last axis.

    Args:
        scores: [..., N].
        target: [..., N], bool or 0..1.
        allowed: [..., N] bool; the classes outside it (padding, end before start) count for nothing.

    Returns:
        [...], at least 0, in float32 or wider.
    """
    scores = scores.float() if scores.dtype in (torch.float16, torch.bfloat16) else scores
    target = target.to(scores.dtype)
    wrong = _log_sum(scores + _log(1 - target), allowed & (target < 1))
    right = _log_sum(-scores + _log(target), allowed & (target > 0))
    return _log1p_exp(wrong) + _log1p_exp(right)


def additive_zlpr(
    scores: SpanScores, gold: Tensor, cells: Tensor, target: Tensor | None = None, rest: float = 0.0
) -> Tensor:
    """The loss of each text and type over all spans: time O(C L^2) in matrix products, memory O(L^2 + C L).

    Args:
        scores: pair [B, L, L], start and end [B, C, L].
        gold: [N, 4] row, type, first and last token of the cells with a target of their own. Of equal
            ones the highest target counts.
        cells: [B, L, L] bool, the allowed spans; `gold` outside of it counts for nothing.
        target: [N], 0..1; None is 1 for all of `gold`.
        rest: target of all other cells (label smoothing).

    Returns:
        [B, C] float64, at least 0.
    """
    with torch.autocast(scores.pair.device.type, enabled=False):
        pair, start, end = (part.double() for part in scores)
        gold, target = _distinct(gold, target, cells)
        wrong = _log_sum_additive(pair, start, end, cells, gold, 1 - target, 1 - rest)
        right = _log_sum_additive(-pair, -start, -end, cells, gold, target, rest)
        return _log1p_exp(wrong) + _log1p_exp(right)


def typewise_zlpr(scores: TypeScores, gold: Tensor, cells: Tensor) -> Tensor:
    """The loss of each text and type for scores that do not factorise, a few types at a time.

    The [B, c, L, L] scores of a chunk are made again in the backward pass, so that no more than one
    chunk is ever there.

    Args:
        gold, cells: as for `additive_zlpr`.

    Returns:
        [B, C], at least 0.
    """
    losses = []
    for low, part in scores.chunks():
        mine = gold[(gold[:, 1] >= low) & (gold[:, 1] < low + len(part.bias))]
        local = mine - mine.new_tensor([0, low, 0, 0])
        losses.append(checkpoint(_chunk_loss, *part, local, cells, use_reentrant=False))
    return torch.cat(losses, 1)


def _chunk_loss(query: Tensor, key: Tensor, bias: Tensor, gold: Tensor, cells: Tensor) -> Tensor:
    dense = TypeScores(query, key, bias).dense()
    target = torch.zeros_like(dense, dtype=torch.bool)
    target[gold.unbind(1)] = True
    allowed = cells[:, None].expand_as(dense)
    return zlpr(dense.flatten(2), target.flatten(2), allowed.flatten(2))


def _distinct(gold: Tensor, target: Tensor | None, cells: Tensor) -> tuple[Tensor, Tensor]:
    """Each allowed gold cell once, with its target."""
    target = torch.ones(len(gold), device=gold.device) if target is None else target
    row, _, first, last = gold.unbind(1)
    inside = cells[row, first, last]
    gold, target = gold[inside], target[inside].double()
    gold, place = torch.unique(gold, dim=0, return_inverse=True)
    return gold, target.new_zeros(len(gold)).scatter_reduce(0, place, target, "amax")


def _log_sum_additive(
    pair: Tensor, start: Tensor, end: Tensor, cells: Tensor, own: Tensor, weight: Tensor, rest: float
) -> Tensor:
    """log sum_ij w e^{pair_ij + start_ci + end_cj}, [B, C]; w is `weight` on the cells `own`, else `rest`."""
    if rest == 0:
        return _log_sum_of_cells(pair, start, end, own, weight)
    # Shifts keep every factor at or below 1; they are constants, so no gradient runs through them.
    row_top = pair.detach().masked_fill(~cells, NOTHING).amax(2)
    grid = torch.exp((pair - row_top[:, :, None]).masked_fill(~cells, NOTHING))
    end_top = end.detach().amax(2, keepdim=True)
    right = torch.exp(end - end_top)
    raised = start + row_top[:, None]
    start_top = raised.detach().amax(2, keepdim=True)
    rows = _own_weights(right @ grid.transpose(1, 2) * rest, grid, right, own, weight, rest)
    total = (torch.exp(raised - start_top) * rows).sum(2)
    found = total > 0
    logarithm = torch.log(torch.where(found, total, 1)) + (start_top + end_top).squeeze(2)
    return torch.where(found, logarithm, NOTHING)


def _own_weights(rows: Tensor, grid: Tensor, right: Tensor, own: Tensor, weight: Tensor, rest: float) -> Tensor:
    """Row sums [B, C, L] in which the rows that hold cells of their own weight are summed anew."""
    if not len(own):
        return rows
    affected, place = torch.unique(own[:, :3], dim=0, return_inverse=True)
    row, kind, first = affected.unbind(1)
    weights = torch.full((len(affected), grid.shape[2]), rest, dtype=grid.dtype, device=grid.device)
    weights[place, own[:, 3]] = weight
    return rows.index_put((row, kind, first), (grid[row, first] * right[row, kind] * weights).sum(1))


def _log_sum_of_cells(pair: Tensor, start: Tensor, end: Tensor, own: Tensor, weight: Tensor) -> Tensor:
    """The same where all other cells weigh nothing: [B, C] from the N cells alone."""
    own, weight = own[weight > 0], weight[weight > 0]
    row, kind, first, last = own.unbind(1)
    scores = pair[row, first, last] + start[row, kind, first] + end[row, kind, last] + weight.log()
    texts, types = start.shape[:2]
    group = row * types + kind
    top = scores.new_full((texts * types,), NOTHING).scatter_reduce(0, group, scores.detach(), "amax")
    total = scores.new_zeros(texts * types).index_add(0, group, torch.exp(scores - top[group]))
    found = total > 0
    logarithm = torch.log(torch.where(found, total, 1)) + top
    return torch.where(found, logarithm, NOTHING).reshape(texts, types)


def _log(x: Tensor) -> Tensor:
    """log x, and a finite number where x is 0: such cells are masked."""
    return torch.where(x > 0, x, 1).log()


def _log_sum(x: Tensor, allowed: Tensor) -> Tensor:
    x = x.masked_fill(~allowed, -math.inf)
    return torch.logsumexp(torch.cat([x, x.new_full((*x.shape[:-1], 1), NOTHING)], -1), -1)


def _log1p_exp(x: Tensor) -> Tensor:
    """log(1 + e^x) without losing small values, unlike torch's softplus, which is cut off at 20."""
    return torch.logaddexp(x, torch.zeros_like(x))


def prior_score(rate: Tensor) -> Tensor:
    """The score whose probability sigmoid(2 s) is `rate`: where an untrained head should start.

    Pointer heads that start at 0 spend hundreds of steps pushing all cells down before they learn
    any span.
    """
    return torch.logit(rate, eps=1e-6) / 2
