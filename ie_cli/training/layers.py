"""The layers of an encoder by the names of its weights: lower rates, freezing, checkpointing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial

from torch import nn

from ie_cli.errors import IEError
from ie_cli.nn.hybrid import ABOVE
from ie_cli.nn.pretrained import PretrainedEncoder
from ie_cli.training.settings import Freeze, Train

LAYER = re.compile(r"(?:^|\.)(?:layers?|albert_layer_groups|blocks|h|forwards|backwards)\.(\d+)\.")
EMBEDDING = re.compile(r"(?:^|\.)\w*embed\w*\.")
BOTTOM = -1  # where embeddings lie


def is_above(name: str) -> bool:
    """Whether a weight of an encoder was put on top of its pretrained ones."""
    return name.removeprefix("encoder.").startswith(f"{ABOVE}.")


def depth(name: str) -> int | None:
    """Number of the layer that a weight belongs to, from 0; `BOTTOM` for embeddings, None for what is above them."""
    if is_above(name):
        return None
    if layer := LAYER.search(name):
        return int(layer[1])
    return BOTTOM if EMBEDDING.search(name) else None


def count(encoder: nn.Module) -> int:
    """How many layers an encoder has."""
    return 1 + max((d for name, _ in encoder.named_parameters() if (d := depth(name)) is not None), default=BOTTOM)


def prepare(encoder: nn.Module, settings: Train) -> None:
    """Freeze weights and switch checkpointing on, as the settings say.

    Raises:
        IEError: the encoder has no such thing.
    """
    freeze(encoder, settings.freeze)
    if settings.checkpointing:
        checkpoint(encoder)


def freeze(encoder: nn.Module, wanted: Freeze) -> None:
    """Take the gradients from the lowest weights of an encoder.

    Raises:
        IEError: more layers are named than there are.
    """
    if wanted.layers > count(encoder):
        raise IEError(f"the setting 'train.freeze.layers' cannot be {wanted.layers}: {count(encoder)} layers are there")
    for name, weight in encoder.named_parameters():
        place = depth(name)
        if place is not None and (wanted.embeddings if place == BOTTOM else place < wanted.layers):
            weight.requires_grad_(False)


def checkpoint(encoder: nn.Module) -> None:
    """Let an encoder keep only what goes into each layer, and run the layer again in the backward pass.

    Raises:
        IEError: the architecture cannot, as those of transformers say of themselves.
    """
    inner = getattr(encoder, "inner", None)
    if not getattr(inner, "supports_gradient_checkpointing", False):
        raise IEError("train.checkpointing: this encoder has no layers to checkpoint; leave the setting out")
    # The older name of the same is deprecated within the series of transformers that is supported.
    enable = getattr(inner, "activation_checkpointing_enable", None) or inner.gradient_checkpointing_enable
    base = getattr(encoder, "base", None)  # of a hybrid
    scaled = base if isinstance(base, PretrainedEncoder) else encoder
    enable({"use_reentrant": False, "context_fn": partial(_as_in_the_forward_pass, scaled)})


def _as_in_the_forward_pass(encoder: PretrainedEncoder) -> tuple[AbstractContextManager, AbstractContextManager]:
    """Contexts of a layer's two runs: the second sees the lengths of its own texts, though others came between."""
    factor = encoder.factor

    @contextmanager
    def again() -> Iterator[None]:
        later, encoder.factor = encoder.factor, factor
        try:
            yield
        finally:
            encoder.factor = later

    return nullcontext(), again()


def lr_factor(name: str, layers: int, decay: float) -> float:
    """Factor on the encoder's rate for a weight: decay^n for n layers between it and the top one."""
    place = depth(name)
    return 1.0 if place is None else decay ** (layers - 1 - place)
