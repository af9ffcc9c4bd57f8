"""The search for spans, its bounds, and single cells, for both kinds of scores against those of all cells."""

import contextlib
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from ie_cli.nn import span_scores
from ie_cli.nn.pointer import EfficientGlobalPointer, GlobalPointer
from ie_cli.nn.span_scores import SpanCells, SpanScores, TypeScores, rank_in_row, span_mask
from ie_cli.nn.span_zlpr import span_zlpr
from ie_cli.nn.zlpr import total

KINDS = pytest.mark.parametrize("kind", [SpanScores, TypeScores])


def random_scores(kind, rows, types, size):
    """Small whole numbers, exact in any order of summing, so that many cells are equal."""
    if kind is SpanScores:
        shapes = (rows, size, size), (rows, types, size), (rows, types, size)
    else:
        shapes = (rows, types, size, 2), (rows, types, size, 2), (types,)
    return kind(*(torch.randint(-2, 3, shape).float() for shape in shapes))


def any_scores(kind, rows, types, size):
    """Scores that all differ."""
    return kind(*(2 * torch.randn_like(part) for part in random_scores(kind, rows, types, size)))


def listed(found: SpanCells) -> list[tuple]:
    return sorted(zip(*(column.tolist() for column in found), strict=True))


def by_sorting(scores, threshold, cells, most) -> list[tuple]:
    """Every cell of the dense scores in the documented order, cut behind `most` in each text."""
    dense, kept = scores.dense(), []
    for row in range(len(cells)):
        passing = ((dense[row] > threshold) & cells[row]).nonzero().tolist()
        ranked = sorted((-dense[row][tuple(cell)].item(), *cell) for cell in passing)
        kept += [(row, *cell, -score) for score, *cell in ranked[:most]]
    return sorted(kept)


@contextlib.contextmanager
def at_once(cells: int):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(span_scores, "CELLS_AT_ONCE", cells)
        yield


def test_spans_are_not_of_padding_and_do_not_end_before_they_start():
    mask = torch.tensor([[True, True, False], [False, False, False]])
    assert span_mask(mask).nonzero().tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 1]]
    assert span_mask(mask, triangle=False).nonzero().tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1]]


@KINDS
@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(0, 6), min_size=1, max_size=3),
    st.integers(1, 4),
    st.floats(-6, 6) | st.sampled_from([-1e9, 1e9]),
    st.sampled_from([1, 3, 65536]),
)
def test_spans_above_a_threshold_are_all_and_only_those(kind, seed, lengths, types, threshold, chunk):
    torch.manual_seed(seed)
    rows, size = len(lengths), max(1, *lengths)
    mask = torch.arange(size) < torch.tensor(lengths)[:, None]
    scores = any_scores(kind, rows, types, size)
    with at_once(chunk):
        found = scores.above(threshold, span_mask(mask))
    cells = list(zip(found.row.tolist(), found.kind.tolist(), found.first.tolist(), found.last.tolist(), strict=True))
    dense = scores.dense()
    expected = ((dense > threshold) & span_mask(mask)[:, None]).nonzero().tolist()
    assert sorted(cells) == [tuple(cell) for cell in expected]
    assert found.score.tolist() == pytest.approx([dense[cell].item() for cell in cells], abs=1e-5)


@KINDS
def test_no_span_above_the_threshold_gives_empty_columns(kind):
    scores = any_scores(kind, 1, 3, 2)
    found = scores.above(1e9, span_mask(torch.ones(1, 2, dtype=torch.bool)))
    assert [len(column) for column in found] == [0] * 5


@KINDS
@given(
    seed=st.integers(0, 2**32 - 1),
    lengths=st.lists(st.integers(0, 6), min_size=1, max_size=3),
    types=st.integers(1, 4),
    threshold=st.sampled_from([-math.inf, -2.0, 0.0, 3.0]),
    most=st.integers(0, 12) | st.none(),
    chunk=st.sampled_from([1, 7, 1 << 19]),
    triangle=st.booleans(),
)
def test_the_highest_spans_of_each_text_are_found(kind, seed, lengths, types, threshold, most, chunk, triangle):
    torch.manual_seed(seed)
    mask = torch.arange(max(1, *lengths)) < torch.tensor(lengths)[:, None]
    scores, cells = random_scores(kind, *mask.shape[:1], types, mask.shape[1]), span_mask(mask, triangle=triangle)
    with at_once(chunk):
        found = listed(scores.above(threshold, cells, most))
    assert found == by_sorting(scores, threshold, cells, most)


@KINDS
def test_equal_scores_go_by_type_then_first_then_last(kind):
    scores = random_scores(kind, 1, 2, 3)
    scores = type(scores)(*(torch.zeros_like(part) for part in scores))
    found = scores.above(-1.0, span_mask(torch.ones(1, 3, dtype=torch.bool)), 8)
    places = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
    assert listed(found) == [(0, 0, *place, 0.0) for place in places] + [(0, 1, *place, 0.0) for place in places[:2]]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_16_bits_find_what_their_dense_scores_hold(dtype):
    """The bound is rounded as the scores are: none that just passes may be missed. With one type they are the same."""
    torch.manual_seed(0)
    shapes = (2, 12, 12), (2, 1, 12), (2, 1, 12)
    scores = SpanScores(*((3 * torch.randn(shape)).to(dtype) for shape in shapes))
    cells = span_mask(torch.ones(2, 12, dtype=torch.bool))
    values = scores.dense()[scores.dense() > 0][::5]
    below = (values.view(torch.int32 if dtype == torch.float32 else torch.int16) - 1).view(dtype)  # by one step
    assert len(below) > 5
    for threshold in below.tolist():
        assert listed(scores.above(threshold, cells)) == by_sorting(scores, threshold, cells, None)


@KINDS
def test_not_a_number_is_not_found(kind):
    scores = random_scores(kind, 1, 2, 3)
    scores[0][:] = torch.nan
    assert listed(scores.above(-math.inf, span_mask(torch.ones(1, 3, dtype=torch.bool)), 3)) == []


class Compared(TorchDispatchMode):
    """The sizes of the blocks of scores [cells, types] that were compared with a threshold."""

    def __init__(self):
        super().__init__()
        self.sizes = []

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        out = function(*arguments, **keywords or {})
        if function is torch.ops.aten.gt.Scalar and out.dim() == 2:
            self.sizes.append(out.numel())
        return out


def test_what_cannot_be_among_the_best_is_not_scored():
    """An untrained model finds all 55 cells of 40 types; few of them are made, and few at a time."""
    torch.manual_seed(0)
    scores = SpanScores(5 * torch.rand(1, 10, 10), torch.rand(1, 40, 10), torch.rand(1, 40, 10))
    cells = span_mask(torch.ones(1, 10, dtype=torch.bool))
    with at_once(80), Compared() as compared:
        found = scores.above(-1.0, cells, 5)
    assert listed(found) == by_sorting(scores, -1.0, cells, 5)
    assert max(compared.sizes) <= 80 and sum(compared.sizes) < 55 * 40 / 4


@pytest.mark.parametrize("head", [EfficientGlobalPointer, GlobalPointer])
def test_a_trained_head_finds_the_same_with_and_without_all_cells(head):
    torch.manual_seed(0)
    model, hidden = head(12, 3, size=8), torch.randn(4, 9, 12)
    gold = torch.stack([torch.arange(4), torch.tensor([0, 1, 2, 1]), torch.arange(4), torch.arange(4) + 2], 1)
    cells = span_mask(torch.ones(4, 9, dtype=torch.bool))
    optimiser = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(60):
        optimiser.zero_grad()
        total(span_zlpr(model(hidden), gold, cells)).backward()
        optimiser.step()
    with torch.no_grad():
        scores = model(hidden)
    found = [cell[:4] for cell in listed(scores.above(0.0, cells, 5))]
    assert found == [cell[:4] for cell in by_sorting(scores, 0.0, cells, 5)] == [tuple(cell) for cell in gold.tolist()]


@KINDS
@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_single_cells_have_the_scores_of_the_dense_tensor(kind, seed):
    torch.manual_seed(seed)
    scores = random_scores(kind, 2, 3, 5)
    row, kinds, first, last = (torch.randint(0, n, (6,)) for n in (2, 3, 5, 5))
    dense = scores.dense()
    assert torch.equal(scores.at(row, kinds, first, last), dense[row, kinds, first, last])
    every = scores.at(row[:, None], torch.arange(3), first[:, None], last[:, None])  # links: points x predicates
    assert torch.equal(every, dense[row, :, first, last])


def test_single_cells_of_16_bits_are_rounded_as_the_dense_ones():
    torch.manual_seed(0)
    shapes = (2, 6, 6), (2, 4, 6), (2, 4, 6)
    scores = SpanScores(*(torch.randn(shape).bfloat16() for shape in shapes))
    cells = torch.ones(2, 4, 6, 6).nonzero().unbind(1)
    assert torch.equal(scores.at(*cells), scores.dense().flatten())


def test_items_are_ranked_within_their_row():
    assert rank_in_row(torch.tensor([0, 0, 2, 2, 2, 5])).tolist() == [0, 1, 0, 1, 2, 0]
    assert rank_in_row(torch.zeros(0, dtype=torch.long)).tolist() == []
