"""Where tensors live, and what can be computed there."""

from __future__ import annotations

import torch

BFLOAT16 = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")  # of torch.cpu; the oldest torch lacks one


def best_device() -> torch.device:
    """The first GPU if there is one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def computes_bfloat16(device: torch.device) -> bool:
    """Whether it has instructions for bfloat16; without them it is emulated, slower than float32.

    Of processors only those with AVX512_BF16 or AMX count: on ARM torch's own answer says nothing of its speed.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return any(getattr(torch.cpu, name, bool)() for name in BFLOAT16)
