"""Weights in 32, 16 and 8 bits: what comes back, and what it takes on disk."""

import pytest
import torch

from ie_cli.zoo import tensors

COLUMNS = 70  # two blocks and a part of one
WEIGHTS = {
    "matrix": torch.randn(96, COLUMNS, generator=torch.Generator().manual_seed(1)),
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
        x, y = WEIGHTS[name].flatten(1), found[name].flatten(1)
        assert found[name].shape == WEIGHTS[name].shape
        for start in range(0, x.shape[1], tensors.BLOCK):
            block = slice(start, start + tensors.BLOCK)
            half_a_step = x[:, block].abs().amax(1, keepdim=True) / 127 / 2
            # The largest number gets off by what the step, in 16 bits, is rounded.
            assert ((y - x)[:, block].abs() <= half_a_step * 1.001 + x[:, block].abs() / 2**11).all()
    assert torch.equal(found["bias"], WEIGHTS["bias"].half().float()) and found["count"] == 3
    assert size < 0.6 * through(WEIGHTS, 16, tmp_path / "h")[1]


def test_a_large_number_costs_only_its_block(tmp_path):
    weights = torch.full((2, 4096), 0.001)
    weights[1, 40] = -127
    found, _ = through({"x": weights}, 8, tmp_path / "w")
    lost = (found["x"] == 0).nonzero().tolist()
    assert lost == [[1, column] for column in range(32, 64) if column != 40]
    torch.testing.assert_close(found["x"][:, 64:], weights[:, 64:], rtol=1e-3, atol=0)


def test_a_row_of_zeros_stays_one(tmp_path):
    weights = torch.zeros(2, 4096)
    weights[1, 5] = -0.3
    found, _ = through({"x": weights}, 8, tmp_path / "w")
    torch.testing.assert_close(found["x"], weights, rtol=1e-3, atol=0)


@pytest.mark.parametrize("columns", [20, 64])
def test_a_file_with_one_step_a_row_is_read(tmp_path, columns):
    whole = torch.arange(columns * 300).remainder(255).sub(127).to(torch.int8).view(300, columns)
    step = torch.linspace(0.001, 0.01, 300)
    tensors.write({"x": whole, "x" + tensors.STEP: step}, tmp_path / "w")
    torch.testing.assert_close(tensors.read(tmp_path / "w"), {"x": whole * step[:, None]})


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
