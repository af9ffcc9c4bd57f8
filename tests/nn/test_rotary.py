import math

import pytest
import torch

from ie_cli.nn.rotary import rotate


def by_hand(x: torch.Tensor) -> torch.Tensor:
    """The published loop over positions and interleaved pairs."""
    out = torch.empty_like(x)
    size = x.shape[-1]
    for position in range(x.shape[-2]):
        for m in range(size // 2):
            angle = position * 10000 ** (-2 * m / size)
            a, b = x[..., position, 2 * m], x[..., position, 2 * m + 1]
            out[..., position, 2 * m] = a * math.cos(angle) - b * math.sin(angle)
            out[..., position, 2 * m + 1] = b * math.cos(angle) + a * math.sin(angle)
    return out


@pytest.mark.parametrize("shape", [(1, 2), (7, 8), (2, 5, 4), (2, 3, 5, 6)])
def test_rotation_is_the_published_one(shape):
    x = torch.randn(shape)
    torch.testing.assert_close(rotate(x), by_hand(x), rtol=1e-4, atol=1e-5)


def test_rotation_keeps_every_norm_and_the_first_position():
    x = torch.randn(3, 9, 8)
    torch.testing.assert_close(rotate(x).norm(dim=-1), x.norm(dim=-1))
    torch.testing.assert_close(rotate(x)[:, 0], x[:, 0])


def test_inner_products_depend_on_the_distance_only():
    query, key = (torch.randn(8).expand(12, 8) for _ in range(2))
    scores = rotate(query) @ rotate(key).T
    for distance in range(-11, 12):
        diagonal = scores.diagonal(distance)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(scores.diagonal(0)[0], scores.diagonal(1)[0])


def test_half_precision_stays_half():
    assert rotate(torch.randn(4, 8).bfloat16()).dtype == torch.bfloat16
