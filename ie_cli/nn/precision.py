"""The forward pass in 16 bits (Micikevicius et al. 2018, arXiv 1710.03740), with scores that are in 32 bits again.

Weights stay in float32 and are rounded where they are used. Scores are widened before they are added up
and compared, as losses are in training: bfloat16 has 8 significant bits.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from torch import Tensor

from ie_cli.errors import IEError, UsageError
from ie_cli.nn.device import computes_bfloat16
from ie_cli.registry import unknown

PRECISIONS = ("float32", "bfloat16", "float16", "auto")
NARROW = (torch.bfloat16, torch.float16)


def choose(name: str, device: torch.device, *, fixed: bool = False) -> torch.dtype:
    """The type that a name in `PRECISIONS` stands for; "auto": bfloat16 where the device computes in it, else float32.

    Args:
        fixed: the model has the precision it was exported in.

    Raises:
        IEError: no such name, 16 bits for a model that is fixed, or float16 without a GPU.
    """
    if name not in PRECISIONS:
        raise UsageError(unknown("precision", name, PRECISIONS))
    if name == "auto":
        return torch.bfloat16 if computes_bfloat16(device) and not fixed else torch.float32
    if fixed and name != "float32":
        raise IEError(f"--precision {name}: an exported model has its own; leave the option out")
    if name == "float16" and device.type != "cuda":
        raise IEError("--precision float16 needs a GPU; bfloat16 does not, and auto takes what is fast here")
    return getattr(torch, name)


def autocast(device: torch.device, dtype: torch.dtype) -> torch.autocast:
    """A context in which modules compute in a type; with float32 nothing changes."""
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)


def lstm_autocast() -> torch.autocast:
    """A context in which LSTMs on the processor are in 16 bits only as bfloat16, where it has instructions for it.

    oneDNN has no LSTMs in float16, and without the instructions not everywhere those in bfloat16.
    """
    narrow = torch.get_autocast_dtype("cpu") == torch.bfloat16 and computes_bfloat16(torch.device("cpu"))
    return torch.autocast("cpu", torch.bfloat16, enabled=torch.is_autocast_enabled("cpu") and narrow)


def widened(outputs: Any) -> Any:
    """A model's outputs with float32 in the place of 16 bits: tensors in tuples, dicts and dataclasses."""
    if isinstance(outputs, Tensor):
        return outputs.float() if outputs.dtype in NARROW else outputs
    if isinstance(outputs, dict):
        return {name: widened(part) for name, part in outputs.items()}
    if isinstance(outputs, tuple):
        parts = map(widened, outputs)
        return type(outputs)(*parts) if hasattr(outputs, "_fields") else tuple(parts)
    fields = [field.name for field in dataclasses.fields(outputs)]
    return dataclasses.replace(outputs, **{name: widened(getattr(outputs, name)) for name in fields})
