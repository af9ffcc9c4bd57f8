"""Several processes, each with its device, as `torchrun` starts them; a single one needs nothing of this.

torch's DistributedDataParallel averages the gradients. `accelerate` would wrap the same class; what it adds
(its own launcher, data loaders, checkpoints) has a place here already, so it is no dependency.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import timedelta

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from ie_cli.nn.device import best_device

PATIENCE = timedelta(hours=12)  # the others wait while the first process evaluates


def start() -> None:
    """Join the processes that `torchrun` has started, if it has: NCCL between GPUs, Gloo between processors."""
    if count() == 1 or distributed.is_initialized():
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)


def stop() -> None:
    """Leave the group, in order."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def count() -> int:
    """How many processes train together."""
    return int(os.environ.get("WORLD_SIZE", 1))


def rank() -> int:
    """Number of this process, from 0; the first one writes and talks."""
    return int(os.environ.get("RANK", 0))


def seed_torch(seed: int) -> None:
    """Seed torch, each process in its own way: they do not share dropout and masks."""
    torch.manual_seed(seed + rank() * 1_000_003)


def wrap(module: nn.Module) -> nn.Module:
    """The module with gradients that are averaged over the processes in each backward pass."""
    if count() == 1:
        return module
    # Weights may have no part in a batch: CasRel's tagger of objects where no text has a subject.
    return DistributedDataParallel(module, find_unused_parameters=True)


def no_sync(module: nn.Module) -> contextlib.AbstractContextManager[None]:
    """A context in which the gradients of a wrapped module are only summed here."""
    return module.no_sync() if isinstance(module, DistributedDataParallel) else contextlib.nullcontext()


def all_reduce(value: float) -> float:
    """Sum over the processes, in all of them."""
    if count() == 1:
        return value
    shared = torch.tensor(value, dtype=torch.float64, device=best_device())
    distributed.all_reduce(shared)
    return shared.item()


def broadcast(value: float) -> float:
    """The value of the first process, in all of them."""
    return all_reduce(value if rank() == 0 else 0.0)


@contextlib.contextmanager
def first_alone() -> Iterator[None]:
    """Run a block in the first process, then in the others, which find what it has made."""
    if count() > 1 and rank() > 0:
        distributed.barrier()
    yield
    if count() > 1 and rank() == 0:
        distributed.barrier()
