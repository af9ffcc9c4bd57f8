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
from torch.nn.functional import pad

STEP = "|step"  # behind the name of what is in 8 bits: what one of its integers is worth, [rows, blocks] or [rows]
BLOCK = 32  # numbers of a row that share a step
SMALL = 4096  # numbers below which 8 bits save nothing that counts


def stored(weights: Mapping[str, Tensor], bits: int = 32) -> dict[str, Tensor]:
    """The weights as they are written, in one piece each.

    Args:
        bits: 32 as they are; 16; or 8: matrices as integers of -127 to 127 with a step for each block of a row, the
            largest of its numbers over 127 (symmetric absmax quantisation, arXiv 2004.09602 section 3, by blocks:
            Dettmers et al. 2022, arXiv 2110.02861), the rest in 16.
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
        rows = found[name.removesuffix(STEP)].flatten(1)  # the same memory
        rows *= _of_each(found.pop(name), rows.shape[1])
    return found


def _of_system(error: SafetensorError, path: Path) -> OSError:
    """The error of the system behind one of writing, which the library only quotes: "… (os error 28)"."""
    quoted = re.search(r"\(os error (\d+)\)", str(error))
    number = int(quoted[1]) if quoted else errno.EIO
    return OSError(number, os.strerror(number), str(path))


def _integers(x: Tensor) -> tuple[Tensor, Tensor]:
    """A matrix [rows, …] in 8 bits, and the steps [rows, blocks] in 16; a block of zeros stays one."""
    rows = x.detach().float().flatten(1)
    blocks = pad(rows, (0, -rows.shape[1] % BLOCK)).view(len(rows), -1, BLOCK)
    step = (blocks.abs().amax(2) / 127).half()
    whole = rows / _of_each(step, rows.shape[1]).float().clamp_min(torch.finfo(torch.float32).tiny)
    return whole.round().clamp(-127, 127).to(torch.int8).view(x.shape), step


def _of_each(step: Tensor, columns: int) -> Tensor:
    """The step of each number of a row, [rows, columns]; [rows, 1] where a row has but one."""
    step = step.view(len(step), -1)
    return step if step.shape[1] == 1 else step.repeat_interleave(BLOCK, 1)[:, :columns]
