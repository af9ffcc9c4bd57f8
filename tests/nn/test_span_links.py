"""Links between found spans against the four score tensors of the definition."""

import pytest
import torch

from ie_cli.nn import span_links
from ie_cli.nn.pointer import EfficientGlobalPointer, GlobalPointer
from ie_cli.nn.span_scores import SpanCells, span_mask

B, L, C = 3, 6, 4
KINDS = torch.tensor([[0, 1], [0, 1], [0, 2], [1, 2]])  # which entity types each label links


@pytest.fixture(params=[EfficientGlobalPointer, GlobalPointer])
def scores(request):
    """Scores of entities, head links and tail links, and the mask."""
    torch.manual_seed(0)
    hidden = torch.randn(B, L, 8)
    heads = [request.param(8, types, size=4) for types in (3, C, C)]
    mask = torch.arange(L) < torch.tensor([[6], [3], [1]])
    with torch.no_grad():
        return [head(hidden) for head in heads], mask


def by_definition(scores, mask):
    """Every (row, label, subject, object) whose four parts are above 0, with the least of them."""
    entities, heads, tails = (s.dense() for s in scores)
    cells = span_mask(mask)
    spans = [(b, k, i, j) for b, k, i, j in (entities > 0).nonzero().tolist() if cells[b, i, j]]
    found = {}
    for b, k, i, j in spans:
        for b2, k2, i2, j2 in spans:
            for label, kinds in enumerate(KINDS.tolist()):
                least = min(
                    entities[b, k, i, j], entities[b2, k2, i2, j2], heads[b, label, i, i2], tails[b, label, j, j2]
                )
                if b == b2 and kinds == [k, k2] and least > 0:
                    found[b, label, i, j, i2, j2] = least.item()
    return found


@pytest.mark.parametrize("at_once", [1, 1 << 20])
def test_links_are_those_of_the_definition(scores, at_once, monkeypatch):
    monkeypatch.setattr(span_links, "AT_ONCE", at_once)
    parts, mask = scores
    spans = parts[0].above(0.0, span_mask(mask))
    found = span_links.links(spans, spans, *parts[1:], torch.arange(C), KINDS, 0.0)
    one, other = found.left, found.right
    keys = torch.stack([one.row, found.label, one.first, one.last, other.first, other.last], 1)
    expected = by_definition(parts, mask)
    assert len(expected) > 10
    assert sorted(map(tuple, keys.tolist())) == sorted(expected)
    for key, score in zip(keys.tolist(), found.score.tolist(), strict=True):
        assert score == pytest.approx(expected[tuple(key)], abs=1e-5)


def test_nothing_found_links_nothing(scores):
    parts, mask = scores
    none = parts[0].above(1e9, span_mask(mask))
    spans = parts[0].above(0.0, span_mask(mask))
    for left, right in ((none, spans), (spans, none), (none, none)):
        found = span_links.links(left, right, *parts[1:], torch.arange(C), KINDS, 0.0)
        assert isinstance(found.left, SpanCells) and len(found.label) == len(found.score) == 0


@pytest.mark.parametrize(
    ("left", "right"), [([0, 2, 2], [2, 0, 2]), ([1], [0]), ([0, 0], [0]), ([], [1]), ([3, 1], [1, 3])]
)
def test_pairs_are_those_of_one_text(left, right):
    one, other = span_links.pairs(torch.tensor(left, dtype=torch.long), torch.tensor(right, dtype=torch.long))
    expected = {(i, j) for i, a in enumerate(left) for j, b in enumerate(right) if a == b}
    assert set(zip(one.tolist(), other.tolist(), strict=True)) == expected and len(one) == len(expected)
