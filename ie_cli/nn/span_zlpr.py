"""ZLPR of a pointer head: the loss of each text and type over all spans, without a score for each of them at once.

- `additive_zlpr`: scores that are sums, s[c, i, j] = pair[i, j] + start[c, i] + end[c, j], without ever
  making them: e^s is then a product, so the sum over all cells is a bilinear form,

      sum_ij e^{s_cij} = sum_i e^{u_ci} sum_j e^{a_ij} e^{v_cj}

  two matrix products in place of a [C, L, L] tensor. The few cells with targets of their own are put
  right by summing their rows again, not by subtracting them from the whole, so nothing cancels.
- `typewise_zlpr`: standard GlobalPointer, whose scores are no such sums; a few types at a time.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.utils.checkpoint import checkpoint

from ie_cli.nn.span_scores import SpanScores, TypeScores
from ie_cli.nn.zlpr import HARD, NOTHING, Targets, log1p_exp, zlpr

LEAST = 1e-250  # a smaller sum is taken for an empty one: a gradient divided by it could overflow


def span_zlpr(
    scores: SpanScores | TypeScores, gold: Tensor, cells: Tensor, target: Tensor | None = None, rest: float = 0.0
) -> Tensor:
    """The loss of each text and type over all spans, by the way that suits the scores.

    Args:
        gold: [N, 4] row, type, first and last token of the cells with a target of their own. Of equal
            ones the highest target counts.
        cells: [B, L, L] bool, the allowed spans (`span_mask`); `gold` outside of it counts for nothing.
        target: [N], 0..1; None is 1 for all of `gold`.
        rest: target of all other cells (label smoothing).

    Returns:
        [B, C], at least 0; 0 for a text that is all padding.
    """
    loss = additive_zlpr if isinstance(scores, SpanScores) else typewise_zlpr
    return loss(scores, gold, cells, target, rest)


def smoothed_zlpr(scores: SpanScores | TypeScores, gold: Tensor, cells: Tensor, targets: Targets) -> Tensor:
    """`span_zlpr` [B, C] with the same target for all gold cells."""
    if targets == HARD:
        return span_zlpr(scores, gold, cells)
    wanted = torch.full((len(gold),), targets.gold, dtype=torch.float64, device=gold.device)
    return span_zlpr(scores, gold, cells, wanted, targets.rest)


def additive_zlpr(
    scores: SpanScores, gold: Tensor, cells: Tensor, target: Tensor | None = None, rest: float = 0.0
) -> Tensor:
    """`span_zlpr` for additive scores: time O(C L^2) in matrix products, memory O(L^2 + C L + N L).

    Exact in float64 as long as the values of a part lie less than 190 apart in each text; beyond, terms
    may be lost, but nothing overflows. Can be differentiated once.

    Returns:
        [B, C] float64.
    """
    with torch.autocast(scores.pair.device.type, enabled=False):
        gold, target = _distinct(gold, target, cells, scores.start.shape[1])
        wrong = _log_sum_of_spans(scores, cells, gold, 1 - target, 1 - rest, 1)
        right = _log_sum_of_spans(scores, cells, gold, target, rest, -1)
        return log1p_exp(wrong) + log1p_exp(right)


def typewise_zlpr(
    scores: TypeScores, gold: Tensor, cells: Tensor, target: Tensor | None = None, rest: float = 0.0
) -> Tensor:
    """`span_zlpr` for scores that do not factorise: the [B, c, L, L] scores of a few types at a time.

    They are made again in the backward pass, so that no more than one chunk is ever there.

    Returns:
        [B, C] in float32 or wider.
    """
    hard = target is None and rest == 0
    gold, target = _distinct(gold, target, cells, len(scores.bias))
    losses = []
    for low, part in scores.chunks():
        mine = (gold[:, 1] >= low) & (gold[:, 1] < low + len(part.bias))
        own = gold[mine] - gold.new_tensor([0, low, 0, 0])
        arguments = (*part, own, target[mine], rest, cells, hard)
        losses.append(checkpoint(_chunk_loss, *arguments, use_reentrant=False, preserve_rng_state=False))
    return torch.cat(losses, 1)


def _chunk_loss(
    query: Tensor, key: Tensor, bias: Tensor, gold: Tensor, target: Tensor, rest: float, cells: Tensor, hard: bool
) -> Tensor:
    dense = TypeScores(query, key, bias).dense()
    dtype = torch.bool if hard else torch.promote_types(dense.dtype, torch.float32)
    wanted = torch.full_like(dense, rest, dtype=dtype)
    wanted[gold.unbind(1)] = target.to(wanted.dtype)
    return zlpr(dense.flatten(2), wanted.flatten(2), cells[:, None].flatten(2))


def _distinct(gold: Tensor, target: Tensor | None, cells: Tensor, types: int) -> tuple[Tensor, Tensor]:
    """Each allowed gold cell once, ordered by row, type, first and last, with its target in float64."""
    length = cells.shape[2]
    row, kind, first, last = gold.unbind(1)
    inside = cells[row, first, last]
    place, inverse = torch.unique(
        (((row * types + kind) * length + first) * length + last)[inside], return_inverse=True
    )
    wanted = torch.zeros(len(place), dtype=torch.float64, device=gold.device)
    own = torch.ones_like(inverse) if target is None else target[inside]
    wanted = wanted.scatter_reduce(0, inverse, own.double(), "amax")
    row, kind = place // length**2 // types, place // length**2 % types
    return torch.stack([row, kind, place // length % length, place % length], 1), wanted


def _log_sum_of_spans(scores: SpanScores, cells: Tensor, own: Tensor, weight: Tensor, rest: float, sign: int) -> Tensor:
    """log sum_ij w e^{sign s_cij}, [B, C] float64; w is `weight` [N] on the cells `own` of `_distinct`, else `rest`."""
    if rest == 0:
        return _log_sum_of_cells(scores, own, weight, sign)
    parts = scores if sign > 0 else (-part for part in scores)
    opens = torch.ones_like(own[:, 0], dtype=torch.bool)
    opens[1:] = (own[1:, :3] != own[:-1, :3]).any(1)
    affected = own[opens, :3]
    weights = weight.new_ones(len(affected), cells.shape[2])
    weights[opens.cumsum(0) - 1, own[:, 3]] = weight / rest
    return _LogSum.apply(*parts, cells, affected, weights) + math.log(rest)


class _LogSum(torch.autograd.Function):
    """log sum_ij w_cij e^{a_ij + u_ci + v_cj} over allowed cells, [B, C] float64, from a [B, L, L], u and v [B, C, L].

    With P = e^u, R = e^v and E = e^a on allowed cells, else 0, the sum is Z_c = sum_i P_ci M_ci where
    M = R E^T. Its gradients are

        d log Z_c / du_ci = P_ci M_ci / Z_c,      .. / dv_cj = R_cj (P E)_cj / Z_c,
        sum_c g_c d log Z_c / da_ij = E_ij ((g P / Z)^T R)_ij

    Written by hand because autograd would keep and copy three times as much. w is 1 but in the rows
    `affected` [A, 3] (text, type, first token), which have `weights` [A, L]: these rows are left out of
    the matrix products and summed one by one.
    """

    @staticmethod
    def forward(ctx, pair, start, end, cells, affected, weights):
        row, kind, first = affected.unbind(1)
        # Shifts keep every factor at or below 1; they are constants, so no gradient runs through them.
        grid, row_top = _shifted_exp(pair.masked_fill(~cells, -math.inf))
        right, end_top = _shifted_exp(end.contiguous())
        left, start_top = _shifted_exp(start.contiguous() + row_top[:, None])
        sums = right @ grid.transpose(1, 2)
        sums[row, kind, first] = (grid[row, first] * right[row, kind] * weights).sum(1)
        whole = torch.linalg.vecdot(left, sums)
        ctx.save_for_backward(grid, left, right, sums, whole, affected, weights)
        ctx.dtypes = pair.dtype, start.dtype, end.dtype
        return torch.where(whole > LEAST, whole.log() + start_top + end_top, NOTHING)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        grid, left, right, sums, whole, affected, weights = ctx.saved_tensors
        row, kind, first = affected.unbind(1)
        left = left * torch.where(whole > LEAST, gradient / whole, 0)[:, :, None]
        of_start = (left * sums).to(ctx.dtypes[1])
        weights = weights * left[row, kind, first, None]
        left[row, kind, first] = 0
        of_end = left @ grid
        of_end.index_put_((row, kind), weights * grid[row, first], accumulate=True)
        of_end = of_end.mul_(right).to(ctx.dtypes[2])
        of_pair = left.transpose(1, 2) @ right
        of_pair.index_put_((row, first), weights * right[row, kind], accumulate=True)
        return of_pair.mul_(grid).to(ctx.dtypes[0]), of_start, of_end, None, None, None


def _shifted_exp(x: Tensor) -> tuple[Tensor, Tensor]:
    """e^(x - top) and top, the highest value of the last axis but at least NOTHING; both float64."""
    top = x.amax(2).double().clamp_min_(NOTHING)
    return (x - top[:, :, None]).exp_(), top


def _log_sum_of_cells(scores: SpanScores, own: Tensor, weight: Tensor, sign: int) -> Tensor:
    """log sum w e^{sign s} over the N cells `own` alone, [B, C] float64."""
    row, kind, first, last = own[weight > 0].unbind(1)
    parts = scores.pair[row, first, last], scores.start[row, kind, first], scores.end[row, kind, last]
    single = sign * sum(part.double() for part in parts) + weight[weight > 0].log()
    texts, types = scores.start.shape[:2]
    group = row * types + kind
    top = single.new_full((texts * types,), NOTHING).scatter_reduce(0, group, single.detach(), "amax")
    whole = single.new_zeros(texts * types).index_add(0, group, torch.exp(single - top[group]))
    found = whole > 0
    logarithm = torch.log(torch.where(found, whole, 1)) + top
    return torch.where(found, logarithm, NOTHING).reshape(texts, types)
