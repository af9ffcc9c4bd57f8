"""What a student is compared with: values by hand."""

import math

import pytest
import torch

from ie_cli.nn.distillation import relation_divergence, standardised

MASK = torch.tensor([[True, True], [True, False]])


def test_each_dimension_has_mean_0_and_variance_1_over_the_tokens():
    hidden = torch.tensor([[[1.0, 100.0], [2.0, 200.0]], [[3.0, 300.0], [9e9, 9e9]]])
    found = standardised(hidden, MASK)
    spread = math.sqrt(1.5)  # of -1, 0, 1 is sqrt(2/3)
    torch.testing.assert_close(found, torch.tensor([[-spread] * 2, [0.0, 0.0], [spread] * 2]))


def test_a_dimension_that_never_changes_is_0():
    assert standardised(torch.ones(1, 3, 2), torch.ones(1, 3, dtype=torch.bool)).abs().max() == 0


def test_the_divergence_by_hand():
    # One head of size 1. The teacher's products are all 0, so its relations are 1/2, 1/2 for both tokens.
    # The student's are [1, 0] for the first token and [0, 0] for the second.
    student = torch.tensor([[[1.0], [0.0]]])
    teacher = torch.zeros(1, 2, 1)
    total = math.e + 1
    first = 0.5 * (math.log(0.5) - math.log(math.e / total)) + 0.5 * (math.log(0.5) - math.log(1 / total))
    found = relation_divergence(student, teacher, torch.ones(1, 2, dtype=torch.bool), heads=1)
    assert found.item() == pytest.approx(first / 2)  # the second token's is 0


def test_relations_that_are_equal_have_none_and_sizes_may_differ():
    torch.manual_seed(0)
    small = torch.randn(2, 2, 4)
    wide = torch.cat([small[..., :2], torch.zeros(2, 2, 2), small[..., 2:], torch.zeros(2, 2, 2)], -1) * 2**0.25
    assert relation_divergence(small, wide, MASK, heads=2).item() == pytest.approx(0, abs=1e-6)


def test_padding_changes_nothing():
    torch.manual_seed(0)
    x, y = torch.randn(2, 2, 4), torch.randn(2, 2, 4)
    before = relation_divergence(x, y, MASK, heads=2)
    x[1, 1], y[1, 1] = 7.0, -7.0
    assert torch.equal(relation_divergence(x, y, MASK, heads=2), before)
    rows = [relation_divergence(x[:1], y[:1], MASK[:1], 2), relation_divergence(x[1:, :1], y[1:, :1], MASK[1:, :1], 2)]
    assert before.item() == pytest.approx((2 * rows[0] + rows[1]).item() / 3)
