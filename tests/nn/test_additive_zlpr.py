"""The factorised loss against the formula over every cell in float64, where public forms go wrong.

`test_span_zlpr.py` compares it with `zlpr`; here the reference is written out, and what is tested are the
promises: exact up to logits of 60, no negative loss, finite gradients, 16 bits, and no tensor of all cells.
"""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from ie_cli.nn import span_scores
from ie_cli.nn.pointer import EfficientGlobalPointer, GlobalPointer
from ie_cli.nn.span_scores import SpanScores, TypeScores, span_mask
from ie_cli.nn.span_zlpr import additive_zlpr, span_zlpr, typewise_zlpr
from ie_cli.nn.zlpr import total


def mask(*lengths: int) -> torch.Tensor:
    return torch.arange(max(1, *lengths)) < torch.tensor(lengths)[:, None]


def uniform(scale: float, *shapes, dtype=torch.float64) -> list[torch.Tensor]:
    """Leaves with values within ±scale."""
    return [((2 * torch.rand(shape, dtype=torch.float64) - 1) * scale).to(dtype).requires_grad_() for shape in shapes]


def additive(scale: float, rows: int, types: int, size: int, dtype=torch.float64) -> SpanScores:
    return SpanScores(*uniform(scale, (rows, size, size), (rows, types, size), (rows, types, size), dtype=dtype))


def some_gold(count: int, rows: int, types: int, size: int) -> torch.Tensor:
    return torch.stack([torch.randint(0, n, (count,)) for n in (rows, types, size, size)], 1)


def by_formula(scores, gold, cells, target=None, rest=0.0):
    """From e^s of every single cell: [B, C], and of each part the rise and the fall that make up its gradient."""
    wide = type(scores)(*(part.detach().double().requires_grad_() for part in scores))
    dense = wide.dense()
    wanted = torch.full_like(dense, rest)
    target = torch.ones(len(gold), dtype=torch.float64) if target is None else target
    for i in target.argsort().tolist():  # of equal cells the highest counts
        wanted[tuple(gold[i])] = target[i]
    allowed = cells[:, None].double()
    wrong = (allowed * (1 - wanted) * dense.exp()).sum((2, 3)).log1p()
    right = (allowed * wanted * (-dense).exp()).sum((2, 3)).log1p()
    rises, falls = (torch.autograd.grad(side.sum(), tuple(wide), retain_graph=True) for side in (wrong, right))
    return wrong + right, list(zip(rises, falls, strict=True))


def assert_exact(scores, gold, cells, target=None, rest=0.0):
    """Values to 1e-6, a gradient to 1e-6 of its rise and fall: 32 bits do not know what is left where they cancel."""
    loss = span_zlpr(scores, gold, cells, target, rest)
    expected, slopes = by_formula(scores, gold, cells, target, rest)
    torch.testing.assert_close(loss.double(), expected, rtol=1e-6, atol=1e-30)
    assert (loss >= 0).all()
    for mine, (rise, fall) in zip(torch.autograd.grad(loss.sum(), tuple(scores)), slopes, strict=True):
        terms = rise.abs() + fall.abs() + 1e-24
        torch.testing.assert_close(mine.double() / terms, (rise + fall) / terms, rtol=0, atol=1e-6)


@given(
    seed=st.integers(0, 2**32 - 1),
    lengths=st.lists(st.integers(0, 7), min_size=1, max_size=3),
    types=st.integers(1, 4),
    count=st.integers(0, 8),
    scale=st.sampled_from([0.1, 5.0, 20.0, 60.0]),
    triangle=st.booleans(),
    dtype=st.sampled_from([torch.float64, torch.float32]),
    soft=st.booleans(),
    rest=st.sampled_from([0.0, 0.02, 1.0]),
)
def test_it_is_exact_up_to_parts_of_60(seed, lengths, types, count, scale, triangle, dtype, soft, rest):
    torch.manual_seed(seed)
    shape = len(lengths), types, max(1, *lengths)
    gold = some_gold(count, *shape)
    gold = torch.cat([gold, gold[: count // 2]])  # the same span annotated twice
    target = torch.rand(len(gold), dtype=torch.float64).round(decimals=1) if soft else None
    assert_exact(additive(scale, *shape, dtype=dtype), gold, span_mask(mask(*lengths), triangle=triangle), target, rest)


@pytest.mark.parametrize("lengths", [(1,), (1, 1), (0,), (5, 0)], ids=str)
@pytest.mark.parametrize("count", [0, 3])
def test_short_and_empty_texts(lengths, count):
    torch.manual_seed(0)
    shape = len(lengths), 3, max(1, *lengths)
    assert_exact(additive(60, *shape), some_gold(count, *shape), span_mask(mask(*lengths)))


def test_500_types():
    torch.manual_seed(0)
    gold = some_gold(40, 2, 500, 16)
    assert_exact(additive(20, 2, 500, 16, torch.float32), gold, span_mask(mask(16, 11)))


def test_every_cell_may_have_its_own_target():
    """The targets of a teacher: nothing is left for the matrix products."""
    torch.manual_seed(0)
    gold = torch.ones(2, 2, 4, 4).nonzero()
    assert_exact(additive(5, 2, 2, 4), gold, span_mask(mask(4, 3)), torch.rand(len(gold), dtype=torch.float64), 0.1)


def test_gradients_are_those_of_finite_differences():
    torch.manual_seed(0)
    scores, gold, cells = additive(2, 2, 2, 3), some_gold(4, 2, 2, 3), span_mask(mask(3, 2))
    assert torch.autograd.gradcheck(
        lambda *parts: additive_zlpr(SpanScores(*parts), gold, cells, rest=0.1), tuple(scores)
    )


@given(st.integers(0, 2**32 - 1), st.sampled_from([1.0, 60.0, 400.0, 1e4, 1e8]), st.sampled_from([0.0, 0.1]))
def test_whatever_the_scores_the_loss_is_not_negative_and_gradients_are_finite(seed, scale, rest):
    torch.manual_seed(seed)
    scores, gold = additive(scale, 2, 3, 5, torch.float32), some_gold(4, 2, 3, 5)
    loss = additive_zlpr(scores, gold, span_mask(mask(5, 2)), rest=rest)
    assert loss.isfinite().all() and (loss >= 0).all()
    assert all(slope.isfinite().all() for slope in torch.autograd.grad(loss.sum(), tuple(scores)))


def test_padding_counts_for_nothing_whatever_it_holds():
    torch.manual_seed(0)
    scores, gold = additive(5, 1, 3, 4), some_gold(3, 1, 3, 4)
    wider = SpanScores(*(torch.nn.functional.pad(part, (0, 2), value=50.0) for part in scores))
    wider = wider._replace(pair=torch.nn.functional.pad(wider.pair, (0, 0, 0, 2), value=-50.0))
    alone, padded = (
        additive_zlpr(s, gold, span_mask(m)) for s, m in ((scores, mask(4)), (wider, torch.arange(6)[None] < 4))
    )
    torch.testing.assert_close(alone, padded, rtol=1e-12, atol=0)


def test_gradients_may_be_asked_for_again():
    torch.manual_seed(0)
    scores, gold = additive(5, 1, 2, 4), some_gold(3, 1, 2, 4)
    loss = additive_zlpr(scores, gold, span_mask(mask(4))).sum()
    first = torch.autograd.grad(loss, tuple(scores), retain_graph=True)
    assert all(map(torch.equal, first, torch.autograd.grad(loss, tuple(scores))))


@pytest.mark.parametrize("kind", [EfficientGlobalPointer, GlobalPointer])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast_changes_the_scores_and_not_the_loss_of_them(kind, dtype):
    torch.manual_seed(0)
    head, hidden = kind(8, 3, size=4), 5 * torch.randn(2, 5, 8)
    gold, cells = some_gold(4, 2, 3, 5), span_mask(mask(5, 3))
    with torch.autocast("cpu", dtype):
        scores = head(hidden)
        loss = span_zlpr(scores, gold, cells)
        total(loss).backward()
        dense = scores.dense().detach().double()
    assert scores[0].dtype == dtype
    assert all(weights.grad.isfinite().all() for weights in head.parameters())
    zero = torch.zeros(2, 5, 5, dtype=torch.float64)
    apart = [SpanScores(dense[:, c], zero[:, :1], zero[:, :1]) for c in range(3)]
    expected = torch.cat([by_formula(s, g, cells)[0] for s, g in zip(apart, by_type(gold), strict=True)], 1)
    # `dense` of additive scores rounds each sum to 16 bits, the loss does not.
    tolerance = 1e-5 if kind is GlobalPointer else 2e-2
    torch.testing.assert_close(loss.double(), expected, rtol=tolerance, atol=tolerance)


def by_type(gold):
    return [gold[gold[:, 1] == c] * torch.tensor([1, 0, 1, 1]) for c in range(3)]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_scores_of_16_bits_are_summed_in_64(dtype):
    torch.manual_seed(0)
    scores, cells = additive(20, 2, 3, 6, dtype), span_mask(mask(6, 4))
    gold = torch.tensor([[0, 0, 1, 4], [0, 2, 3, 3], [1, 1, 0, 2]])
    loss = additive_zlpr(scores, gold, cells)
    expected, slopes = by_formula(scores, gold, cells)
    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=0)
    for mine, (rise, fall) in zip(torch.autograd.grad(loss.sum(), tuple(scores)), slopes, strict=True):
        assert mine.dtype == dtype
        torch.testing.assert_close(mine.double(), rise + fall, rtol=2e-2, atol=2e-2)


class Largest(TorchDispatchMode):
    """The number of elements of the largest tensor that any operation makes."""

    seen = 0

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        out = function(*arguments, **keywords or {})
        for tensor in out if isinstance(out, (tuple, list)) else [out]:
            if isinstance(tensor, torch.Tensor):
                self.seen = max(self.seen, tensor.untyped_storage().nbytes() // tensor.element_size())
        return out


@pytest.mark.parametrize("rest", [0.0, 0.1])
def test_no_tensor_grows_with_types_times_cells(rest):
    torch.manual_seed(0)
    scores, gold, cells = additive(5, 2, 60, 20), some_gold(12, 2, 60, 20), span_mask(mask(20, 20))
    with Largest() as largest:
        torch.autograd.grad(additive_zlpr(scores, gold, cells, rest=rest).sum(), tuple(scores))
    assert 2 * 20 * 20 <= largest.seen <= 2 * 60 * 20


def test_no_tensor_of_the_typewise_loss_is_larger_than_its_chunk(monkeypatch):
    torch.manual_seed(0)
    monkeypatch.setattr(span_scores, "CELLS_AT_ONCE", 2 * 20 * 20 * 3)
    scores = TypeScores(*uniform(1, (2, 30, 20, 2), (2, 30, 20, 2), (30,)))
    with Largest() as largest:
        loss = typewise_zlpr(scores, some_gold(12, 2, 30, 20), span_mask(mask(20, 20)))
        torch.autograd.grad(loss.sum(), tuple(scores))
    assert largest.seen == 2 * 20 * 20 * 3


@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 6),
    scale=st.sampled_from([0.5, 3.0]),
    soft=st.booleans(),
    rest=st.sampled_from([0.0, 0.1, 1.0]),
    triangle=st.booleans(),
)
def test_the_typewise_loss_is_exact_too(seed, count, scale, soft, rest, triangle):
    torch.manual_seed(seed)
    scores = TypeScores(*uniform(scale, (2, 5, 4, 3), (2, 5, 4, 3), (5,)))
    target = torch.rand(count, dtype=torch.float64) if soft else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(span_scores, "CELLS_AT_ONCE", 2 * 4 * 4 * 2)
        assert_exact(scores, some_gold(count, 2, 5, 4), span_mask(mask(4, 2), triangle=triangle), target, rest)
