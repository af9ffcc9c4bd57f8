"""Hierarchical positions: the known ones stay, the others are mixtures as the formula has them."""

import pytest
import torch

from ie_cli.nn.positions import hierarchical


@pytest.mark.parametrize("length", [4, 9, 16])
def test_positions_are_those_of_the_formula(length):
    torch.manual_seed(0)
    known, alpha = torch.randn(4, 3, dtype=torch.double), 0.4
    found = hierarchical(known, length, alpha)
    base = [(p - alpha * known[0]) / (1 - alpha) for p in known]
    for place in range(length):
        expected = alpha * base[place // 4] + (1 - alpha) * base[place % 4]
        assert torch.allclose(found[place], expected)
    assert torch.allclose(found[:4], known)
    assert len(set(map(tuple, found.tolist()))) == length
