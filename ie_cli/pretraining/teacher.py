"""The teacher: an encoder at rest, and what of it the student is compared with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ie_cli.errors import IEError
from ie_cli.nn.pretrained import PretrainedEncoder
from ie_cli.pretraining.masking import Masked
from ie_cli.pretraining.settings import Teacher
from ie_cli.zoo.encoders import TextEncoder

PROJECTIONS = ("query", "key", "value")


@dataclass(frozen=True, slots=True)
class EncoderView:
    """What an encoder makes of a batch.

    Attributes:
        hidden: its output, [B, L, width].
        attention: queries, keys and values of one layer, [B, L, width] each; empty if they are not compared.
    """

    hidden: Tensor
    attention: tuple[Tensor, ...] = ()


class Guide:
    """A teacher in evaluation mode, whose output is that of the layer that is learned.

    Raises:
        IEError: no such layer, or its attention cannot be looked into.
    """

    def __init__(self, text_encoder: TextEncoder, settings: Teacher):
        if not isinstance(text_encoder.module, PretrainedEncoder):
            raise IEError(
                "teacher.name: a built-in, or what has encoder.options.words, cannot teach; name a pretrained encoder"
            )
        self.hidden, self.relations, self.heads = settings.hidden, settings.relations, settings.heads
        self.encoder, self.tokenizer = text_encoder.module.eval().requires_grad_(False), text_encoder.tokenizer
        if settings.layer:
            self.encoder.keep(range(settings.layer))
        self.width = self.encoder.width
        if self.relations:
            _attention(self.encoder, self.heads)

    def look(self, encoder: nn.Module, features: dict[str, Tensor], mask: Tensor) -> EncoderView:
        """Run an encoder and keep what is compared."""
        if not self.relations:
            return EncoderView(encoder(features, mask))
        with _noted(_attention(encoder, self.heads)) as outputs:
            hidden = encoder(features, mask)
        return EncoderView(hidden, tuple(encoder.bare(outputs[name], mask.shape[1]) for name in PROJECTIONS))

    @torch.no_grad()
    def see(self, batch: Masked) -> EncoderView:
        """What the teacher makes of the unmasked texts."""
        self.encoder.to(batch.ids.device)
        return self.look(self.encoder, {"ids": batch.teacher}, batch.inputs.mask)


def _attention(encoder: nn.Module, heads: int) -> dict[str, nn.Linear]:
    """The layers that make queries, keys and values in an encoder's last layer.

    Raises:
        IEError: they are not layers of their own, or do not divide into so many heads.
    """
    layers = {}
    for name, module in encoder.named_modules():
        last = name.rpartition(".")[2]
        if last in PROJECTIONS and isinstance(module, nn.Linear):
            layers[last] = module
    if len(layers) < len(PROJECTIONS):
        raise IEError("teacher.relations: the encoder has no queries, keys and values to compare; leave it at 0")
    if layers["query"].out_features % heads:
        raise IEError(f"teacher.heads: {layers['query'].out_features} is no multiple of {heads}")
    return layers


@contextlib.contextmanager
def _noted(modules: dict[str, nn.Module]) -> Iterator[dict[str, Tensor]]:
    """The outputs of some modules, by name, once they have run."""
    outputs: dict[str, Tensor] = {}

    def noting(name: str):
        return lambda module, given, output: outputs.__setitem__(name, output)

    hooks = [module.register_forward_hook(noting(name)) for name, module in modules.items()]
    try:
        yield outputs
    finally:
        for hook in hooks:
            hook.remove()
