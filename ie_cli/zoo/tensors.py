"""Weights on disk: safetensors, in 32 or in 16 bits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor


def stored(weights: Mapping[str, Tensor], half: bool) -> dict[str, Tensor]:
    """The weights as they are written: in one piece each, in 16 bits if `half`."""
    return {name: (x.half() if half and x.is_floating_point() else x).contiguous() for name, x in weights.items()}


def write(weights: dict[str, Tensor], path: Path, header: dict[str, str] | None = None) -> None:
    """Write a file with the rights of any new file; the library makes it private to its owner."""
    save_file(weights, path, metadata=header)
    mask = os.umask(0o077)  # it can only be read by setting it
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def read(path: Path) -> dict[str, Tensor]:
    """The weights in 32 bits.

    Raises:
        SafetensorError, FileNotFoundError: it is damaged, or not there.
    """
    return {name: x.float() for name, x in load_file(path).items()}
