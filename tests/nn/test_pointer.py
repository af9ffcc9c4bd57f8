"""Pointer heads against their published formulas."""

import pytest
import torch

from ie_cli.nn.pointer import HEADS, EfficientGlobalPointer, GlobalPointer, pointer
from ie_cli.nn.rotary import rotate


@pytest.mark.parametrize("rotary", [True, False])
def test_scores_are_those_of_the_published_formula(rotary):
    """s(i, j) = <R q_i, R k_j> / sqrt(d) + (b of start type at i + b of end type at j) / 2, b from unrotated [q; k]."""
    torch.manual_seed(0)
    head = EfficientGlobalPointer(5, 3, size=4, rotary=rotary)
    hidden = torch.randn(2, 6, 5)
    scores = head(hidden).dense()
    assert scores.shape == (2, 3, 6, 6)
    for b in range(2):
        both = torch.stack([head.project.weight @ h + head.project.bias for h in hidden[b]])
        query, key = both[:, :4], both[:, 4:]
        biases = torch.stack([head.bias.weight @ row + head.bias.bias for row in both])
        turned = (rotate(query), rotate(key)) if rotary else (query, key)
        for c in range(3):
            for i in range(6):
                for j in range(6):
                    score = turned[0][i] @ turned[1][j] / 2 + biases[i, c] / 2 + biases[j, 3 + c] / 2
                    assert scores[b, c, i, j].item() == pytest.approx(score.item(), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("rotary", [True, False])
def test_scores_of_the_standard_head_are_those_of_the_published_formula(rotary):
    """s_a(i, j) = <R q_ia, R k_ja> / sqrt(d), and a bias of each type that is ours."""
    torch.manual_seed(0)
    head = GlobalPointer(5, 3, size=4, rotary=rotary)
    head.start_at(torch.tensor([0.5, -1.0, 2.0]))
    hidden = torch.randn(2, 6, 5)
    scores = head(hidden).dense()
    assert scores.shape == (2, 3, 6, 6)
    weights, biases = head.project.weight.reshape(3, 8, 5), head.project.bias.reshape(3, 8)
    for b in range(2):
        for c in range(3):
            both = torch.stack([weights[c] @ h + biases[c] for h in hidden[b]])
            query, key = (rotate(part) if rotary else part for part in (both[:, :4], both[:, 4:]))
            expected = query @ key.T / 2 + [0.5, -1.0, 2.0][c]
            torch.testing.assert_close(scores[b, c], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("head", "types", "weights"),
    [
        (EfficientGlobalPointer, 3, 99_206),
        (EfficientGlobalPointer, 9, 100_754),
        (EfficientGlobalPointer, 10, 101_012),
        (GlobalPointer, 3, 295_296 + 3),  # and our biases
        (GlobalPointer, 9, 885_888 + 9),
    ],
)
def test_number_of_weights_is_the_published_one(head, types, weights):
    assert sum(p.numel() for p in head(768, types).parameters()) == weights


@pytest.mark.parametrize("kind", [EfficientGlobalPointer, GlobalPointer])
def test_untrained_scores_start_where_they_are_told(kind):
    head = kind(5, 2, size=4)
    for weights in head.parameters():
        torch.nn.init.zeros_(weights)
    head.start_at(torch.tensor([-3.0, -1.5]))
    scores = head(torch.randn(1, 4, 5)).dense()
    assert torch.equal(scores, torch.tensor([-3.0, -1.5])[None, :, None, None].expand_as(scores))


@pytest.mark.parametrize("name", HEADS)
def test_without_a_prior_the_type_biases_start_at_0(name):
    """As published; `prior: false` in the recipes says so."""
    head = pointer(name, 5, 3, size=4)
    for weights in head.project.parameters():
        torch.nn.init.zeros_(weights)
    assert torch.count_nonzero(head(torch.randn(1, 4, 5)).dense()) == 0
