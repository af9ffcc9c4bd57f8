"""Powered probabilities, their cross-entropy, and starts that take the nearest end."""

import pytest
import torch

from ie_cli.nn.conditional import ConditionalLayerNorm
from ie_cli.nn.half_pointer import log_power, power_bce, spans


@pytest.mark.parametrize("power", [1, 2, 4])
def test_cross_entropy_is_that_of_the_power_and_stays_finite(power):
    logits = torch.tensor([-200.0, -30, -3, 0, 2, 20, 200], dtype=torch.float32, requires_grad=True)
    wide = torch.sigmoid(logits.detach().double()) ** power
    for target in (True, False):
        loss = power_bce(logits, torch.full((7,), target), power)
        expected = -(wide if target else 1 - wide).log()
        assert loss[1:5].tolist() == pytest.approx(expected[1:5].tolist(), rel=1e-4, abs=1e-7)
        (gradient,) = torch.autograd.grad(loss.sum(), logits)
        assert loss.isfinite().all() and gradient.isfinite().all() and (loss >= 0).all()
        assert ((gradient < 0) == target)[1:4].all()


def logits(probability):
    return torch.logit(torch.tensor(probability, dtype=torch.double)).float()


def test_each_start_takes_the_nearest_end():
    starts = [0.9, 0.1, 0.95, 0.1, 0.9, 0.9]
    ends = [0.1, 0.8, 0.1, 0.7, 0.9, 0.1]
    grid = torch.stack([logits(starts), logits(ends)], -1)[None, :, None]
    found, least = spans(grid, 1, 0.6, 0.5)
    assert found.tolist() == [[0, 0, 0, 1], [0, 0, 2, 3], [0, 0, 4, 4]]  # 5 has no end behind it
    assert least.tolist() == pytest.approx([0.8, 0.7, 0.9], abs=1e-5)


def test_labels_and_texts_do_not_share_ends_and_thresholds_are_of_the_powers():
    grid = torch.full((2, 3, 2, 2), -9.0)
    grid[0, 0, 0, 0] = grid[1, 1, 0, 1] = grid[0, 1, 1, 1] = 9
    assert len(spans(grid, 2, 0.6, 0.5)[0]) == 0
    grid[0, 2, 0, 1] = logits([0.8])[0]  # 0.8^4 = 0.41 is below 0.5, 0.8^2 = 0.64 is not
    assert spans(grid, 2, 0.6, 0.5)[0].tolist() == [[0, 0, 0, 2]]
    assert len(spans(grid, 4, 0.6, 0.5)[0]) == 0


def test_padding_is_never_found():
    grid = torch.full((1, 3, 1, 2), 9.0)
    grid[:, 2] = -torch.inf
    assert spans(grid, 2, 0.6, 0.5)[0].tolist() == [[0, 0, 0, 0], [0, 0, 1, 1]]
    assert log_power(grid, 4)[0, 2].isinf().all()


def test_the_norm_starts_as_a_plain_one_and_then_follows_its_condition():
    torch.manual_seed(0)
    norm, x, condition = ConditionalLayerNorm(6, 4), torch.randn(2, 3, 6), torch.randn(2, 1, 4)
    plain = (x - x.mean(-1, keepdim=True)) / x.var(-1, unbiased=False, keepdim=True).sqrt()
    assert torch.allclose(norm(x, condition), plain, atol=1e-5)
    torch.nn.init.normal_(norm.to_gain.weight)
    torch.nn.init.normal_(norm.to_bias.weight)
    gain, bias = condition @ norm.to_gain.weight.T, condition @ norm.to_bias.weight.T
    assert torch.allclose(norm(x, condition), plain * (1 + gain) + bias, atol=1e-5)
