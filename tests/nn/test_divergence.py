"""The divergence of pointers against its formula over dense scores, and against Kullback-Leibler's."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ie_cli.nn import span_scores
from ie_cli.nn.divergence import span_divergence
from ie_cli.nn.span_scores import SpanScores, TypeScores, span_mask


def additive(rows, types, size, dtype=torch.float64):
    shapes = (rows, size, size), (rows, types, size), (rows, types, size)
    return SpanScores(*(torch.randn(shape, dtype=dtype).requires_grad_() for shape in shapes))


def typewise(rows, types, size, dtype=torch.float64):
    shapes = (rows, types, size, 4), (rows, types, size, 4), (types,)
    return TypeScores(*(torch.randn(shape, dtype=dtype).requires_grad_() for shape in shapes))


def by_definition(one, other, cells):
    """The formula of kexue.fm/archives/9039, over every allowed cell of every type."""
    s, t = one.dense(), other.dense()
    return ((s.sigmoid() - t.sigmoid()) * (s - t) * cells[:, None]).sum((1, 2, 3))


@pytest.mark.parametrize("made", [additive, typewise])
@given(
    seed=st.integers(0, 2**32 - 1), lengths=st.lists(st.integers(0, 5), min_size=1, max_size=3), few=st.integers(1, 5)
)
def test_value_and_gradient_are_those_of_the_formula(made, seed, lengths, few):
    torch.manual_seed(seed)
    size = max(1, *lengths)
    cells = span_mask(torch.arange(size) < torch.tensor(lengths)[:, None], triangle=bool(seed % 2))
    one, other = (made(len(lengths), 5, size) for _ in range(2))
    expected = by_definition(one, other, cells)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(span_scores, "CELLS_AT_ONCE", len(lengths) * size * size * few)
        found = span_divergence(one, other, cells)
        mine = torch.autograd.grad(found.sum(), (*one, *other))
    torch.testing.assert_close(found, expected)
    for gradient, right in zip(mine, torch.autograd.grad(expected.sum(), (*one, *other)), strict=True):
        torch.testing.assert_close(gradient, right)


def test_it_is_the_sum_of_both_kullback_leibler_divergences_of_each_cell():
    def kl(p, q):
        return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))

    s, t = 0.7, -1.1
    zero, cells = torch.zeros(1, 1, 1), torch.ones(1, 1, 1, dtype=torch.bool)
    one, other = (SpanScores(torch.full((1, 1, 1), x), zero, zero) for x in (s, t))
    p, q = (1 / (1 + math.exp(-x)) for x in (s, t))
    assert span_divergence(one, other, cells).item() == pytest.approx(kl(p, q) + kl(q, p), rel=1e-6)
    assert span_divergence(one, one, cells).item() == 0


@pytest.mark.parametrize("made", [additive, typewise])
def test_scores_in_16_bits_are_compared_in_32(made):
    one, other = (made(2, 3, 4, torch.bfloat16) for _ in range(2))
    found = span_divergence(one, other, span_mask(torch.ones(2, 4, dtype=torch.bool)))
    assert found.dtype == torch.float32 and found.isfinite().all()


def test_many_types_are_never_there_at_once(monkeypatch):
    seen = []
    dense = SpanScores.dense
    monkeypatch.setattr(span_scores, "CELLS_AT_ONCE", 2 * 6 * 6 * 4)
    monkeypatch.setattr(SpanScores, "dense", lambda scores: seen.append(dense(scores).numel()) or dense(scores))
    one, other = additive(2, 30, 6), additive(2, 30, 6)
    span_divergence(one, other, span_mask(torch.ones(2, 6, dtype=torch.bool))).sum().backward()
    assert max(seen) == 2 * 6 * 6 * 4
