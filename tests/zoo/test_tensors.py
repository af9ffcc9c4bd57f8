"""Weights in 32, 16 and 8 bits: what comes back, and what it takes on disk."""

import pytest
import torch

from ie_cli.zoo import tensors

WEIGHTS = {
    "matrix": torch.randn(96, 64, generator=torch.Generator().manual_seed(1)),
    "kernel": torch.randn(64, 32, 3, generator=torch.Generator().manual_seed(2)),
    "bias": torch.linspace(-1, 1, 7),
    "count": torch.tensor(3),
}


def through(weights, bits, path):
    tensors.write(tensors.stored(weights, bits), path)
    return tensors.read(path), path.stat().st_size


def test_32_bits_come_back_as_they_were(tmp_path):
    found, _ = through(WEIGHTS, 32, tmp_path / "w")
    assert all(torch.equal(found[name], x.float()) for name, x in WEIGHTS.items()) and found.keys() == WEIGHTS.keys()


def test_8_bits_are_off_by_half_a_step_at_most(tmp_path):
    found, size = through(WEIGHTS, 8, tmp_path / "w")
    assert found.keys() == WEIGHTS.keys()
    for name in ("matrix", "kernel"):
        x = WEIGHTS[name]
        step = x.abs().flatten(1).amax(1).view(-1, *[1] * (x.dim() - 1)) / 127
        assert found[name].shape == x.shape and ((found[name] - x).abs() <= step * 0.5001).all()
    assert torch.equal(found["bias"], WEIGHTS["bias"].half().float()) and found["count"] == 3
    assert size < 0.6 * through(WEIGHTS, 16, tmp_path / "h")[1]


def test_a_row_of_zeros_stays_one_and_the_largest_number_is_exact(tmp_path):
    weights = torch.zeros(2, 4096)
    weights[1, 5] = -0.3
    found, _ = through({"x": weights}, 8, tmp_path / "w")
    torch.testing.assert_close(found["x"], weights)


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_what_is_stored_shares_nothing_that_cannot_be_written(bits, tmp_path):
    """safetensors refuses slices; a transposed matrix is one."""
    weights = WEIGHTS["matrix"].T
    found, _ = through({"x": weights}, bits, tmp_path / "w")
    whole, _ = through({"x": weights.contiguous()}, bits, tmp_path / "whole")
    assert not weights.is_contiguous() and torch.equal(found["x"], whole["x"])
    torch.testing.assert_close(found["x"], weights, atol=0.02, rtol=0.001)


def test_a_disk_without_room_is_an_error_of_the_system(room, tmp_path):
    with room(1000), pytest.raises(OSError, match="File too large") as raised:
        tensors.write(WEIGHTS, tmp_path / "w")
    assert raised.value.filename == str(tmp_path / "w")
