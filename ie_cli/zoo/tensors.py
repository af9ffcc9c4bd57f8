"""Weights on disk: safetensors, in 32, 16 or 8 bits."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

STEP = "|step"  # behind the name of what is in 8 bits: what one of its integers is worth, [rows]
SMALL = 4096  # numbers below which 8 bits save nothing that counts


def stored(weights: Mapping[str, Tensor], bits: int = 32) -> dict[str, Tensor]:
    """The weights as they are written, in one piece each.

    Args:
        bits: 32 as they are; 16; or 8: matrices as integers of -127 to 127 with a step for each row, the largest
            number of the row over 127 (symmetric absmax quantisation, arXiv 2004.09602 section 3), the rest in 16.
    """
    found: dict[str, Tensor] = {}
    for name, x in weights.items():
        if bits == 8 and x.is_floating_point() and x.dim() > 1 and x.numel() >= SMALL:
            found[name], found[name + STEP] = _integers(x)
        else:
            found[name] = x.half() if bits < 32 and x.is_floating_point() else x
    return {name: x.contiguous() for name, x in found.items()}


def write(weights: dict[str, Tensor], path: Path, header: dict[str, str] | None = None) -> None:
    """Write a file with the rights of any new file; the library makes it private to its owner.

    Raises:
        OSError: it cannot be written, on a full disk for one.
    """
    try:
        save_file(weights, path, metadata=header)
    except SafetensorError as error:
        raise _of_system(error, path) from None
    mask = os.umask(0o077)  # it can only be read by setting it
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def read(path: Path) -> dict[str, Tensor]:
    """The weights in 32 bits.

    Raises:
        SafetensorError, FileNotFoundError: it is damaged, or not there.
    """
    found = {name: x.float() for name, x in load_file(path).items()}
    for name in [name for name in found if name.endswith(STEP)]:
        rows = found[name.removesuffix(STEP)]
        rows *= found.pop(name).view(-1, *[1] * (rows.dim() - 1))
    return found


def _of_system(error: SafetensorError, path: Path) -> OSError:
    """The error of the system behind one of writing, which the library only quotes: "… (os error 28)"."""
    quoted = re.search(r"\(os error (\d+)\)", str(error))
    number = int(quoted[1]) if quoted else errno.EIO
    return OSError(number, os.strerror(number), str(path))


def _integers(x: Tensor) -> tuple[Tensor, Tensor]:
    """A matrix [rows, …] in 8 bits, and the steps [rows] in 32; a row of zeros stays one."""
    step = x.detach().float().abs().flatten(1).amax(1) / 127
    whole = x.float() / step.clamp_min(torch.finfo(torch.float32).tiny).view(-1, *[1] * (x.dim() - 1))
    return whole.round().to(torch.int8), step
