"""ZLPR against the formula of the paper, written out (arXiv 2208.02955, eq. 5)."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ie_cli.nn.zlpr import prior_score, probability_of, score_of, total, zlpr

cells = st.lists(st.tuples(st.floats(-30, 30), st.booleans(), st.booleans()), min_size=1, max_size=12)


def tensors(rows):
    """Scores, which are positive, and which count, in float64."""
    scores, positive, allowed = zip(*rows, strict=True)
    return torch.tensor(scores, dtype=torch.float64), torch.tensor(positive), torch.tensor(allowed)


def by_hand(rows):
    """The loss and its gradient, from sums of exponentials."""
    up = sum(math.exp(s) for s, positive, allowed in rows if allowed and not positive)
    down = sum(math.exp(-s) for s, positive, allowed in rows if allowed and positive)
    slopes = [0.0 if not a else -math.exp(-s) / (1 + down) if p else math.exp(s) / (1 + up) for s, p, a in rows]
    return math.log1p(up) + math.log1p(down), slopes


@given(cells)
def test_loss_and_gradient_are_those_of_the_formula(rows):
    scores, positive, allowed = tensors(rows)
    loss = zlpr(scores.requires_grad_(), positive, allowed)
    loss.backward()
    expected, slopes = by_hand(rows)
    assert loss.item() == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert loss.item() >= 0
    assert scores.grad.tolist() == pytest.approx(slopes, rel=1e-9, abs=1e-12)


@given(cells, st.floats(-1e4, 1e4))
def test_cells_that_are_not_allowed_do_not_matter(rows, other):
    scores, positive, allowed = tensors(rows)
    moved = torch.where(allowed, scores, other)
    assert zlpr(scores, positive, allowed) == zlpr(moved, ~allowed ^ positive, allowed)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("value", [0.0, 60.0, -60.0, 1e4, -1e4])
@pytest.mark.parametrize("positive", [[False] * 4, [True] * 4, [True, False, True, False]])
@pytest.mark.parametrize("allowed", [[True] * 4, [False] * 4, [True, True, False, False]])
def test_gradients_are_finite(dtype, value, positive, allowed):
    scores = torch.tensor([value, -value, value, 1.0], dtype=dtype, requires_grad=True)
    loss = zlpr(scores, torch.tensor(positive), torch.tensor(allowed))
    loss.backward()
    assert loss.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    assert loss.isfinite() and loss >= 0 and scores.grad.isfinite().all()


def test_nothing_to_learn_from_costs_nothing():
    scores = torch.tensor([3.0, -2.0], requires_grad=True)
    nothing = torch.tensor([False, False])
    loss = zlpr(scores, nothing, nothing)
    loss.backward()
    assert loss == 0 and not scores.grad.any()


def test_without_positives_only_the_negatives_count():
    scores = torch.tensor([0.5, -1.0], dtype=torch.float64)
    loss = zlpr(scores, torch.tensor([False, False]), torch.tensor([True, True]))
    assert loss.item() == pytest.approx(math.log(1 + math.exp(0.5) + math.exp(-1)))


def test_each_row_has_its_own_loss():
    scores, positive = torch.randn(2, 3, 5), torch.rand(2, 3, 5) > 0.5
    allowed = torch.rand(2, 3, 5) > 0.2
    loss = zlpr(scores, positive, allowed)
    assert loss.shape == (2, 3)
    assert loss[1, 2] == pytest.approx(zlpr(scores[1, 2], positive[1, 2], allowed[1, 2]).item())


@given(st.floats(1e-5, 1 - 1e-5))
def test_score_of_is_the_inverse_of_the_probability(rate):
    assert 1 / (1 + math.exp(-2 * score_of(rate))) == pytest.approx(rate, rel=1e-9)
    assert probability_of(torch.tensor(score_of(rate))).item() == pytest.approx(rate, rel=1e-5)


def test_the_best_constant_score_of_a_soft_label_has_its_probability():
    """kexue.fm/archives/9064: with a share t of positives the loss is least where sigmoid(2 s) = t."""
    share = 0.3
    score = torch.tensor(score_of(share), dtype=torch.float64, requires_grad=True)
    soft = torch.log1p(share * torch.exp(-score)) + torch.log1p((1 - share) * torch.exp(score))
    soft.backward()
    assert abs(score.grad.item()) < 1e-9


@pytest.mark.parametrize("share", [0.01, 0.05, 0.1])
def test_a_head_that_starts_at_the_prior_has_nothing_to_gain_from_moving_all_cells(share):
    """Texts of 300 cells, of which a share has one positive: the mean loss is least near log(share / 300)."""
    positive = torch.zeros(1000, 300, dtype=torch.bool)
    positive[: round(1000 * share), 7] = True

    def slope(start):
        score = torch.tensor(start, dtype=torch.float64, requires_grad=True)
        zlpr(score.expand(positive.shape), positive, torch.ones_like(positive)).mean().backward()
        return score.grad.item()

    best = prior_score(torch.tensor(share / 300)).item()
    assert abs(slope(best)) < 0.11 * share
    assert slope(best + 1) > share > -slope(best - 1) > 0.5 * share


def test_the_prior_of_what_never_or_always_occurs_is_finite():
    assert prior_score(torch.tensor([0.0, 1.0])).isfinite().all()


def test_total_adds_heads_and_means_texts():
    entities, links = torch.tensor([[1.0, 2.0, 6.0], [0.0, 0.0, 3.0]]), torch.tensor([[4.0], [2.0]])
    assert total(entities, links).item() == (9 + 3) / 2 + (4 + 2) / 2
