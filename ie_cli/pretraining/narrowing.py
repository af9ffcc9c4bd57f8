"""A narrower feed-forward part: the units whose output hardly varies become a constant (FLAP, arXiv 2312.11983)."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from ie_cli.errors import IEError
from ie_cli.text.batch import pad
from ie_cli.training.data import hash_fraction
from ie_cli.zoo.encoders import TextEncoder

SEEN = 256  # texts that the units are watched on


def narrow(encoder: TextEncoder, width: int, texts: Iterable[str]) -> None:
    """Leave `width` units in the feed-forward part of each layer, in place.

    A unit counts by how much its output varies over the tokens, times the norm of the weights that read it; what
    those that go give on average is added to the bias.

    Args:
        texts: the units are watched on 256 of them, chosen whatever their order.

    Raises:
        IEError: there are not so many units, or the layers are not built of two linear ones, as BERT's are.
    """
    config = encoder.module.inner.config
    units = getattr(config, "intermediate_size", 0)
    parts = [_part(layer, units, config.model_type) for layer in encoder.module.layers]
    if not width < units:
        raise IEError(f"student.feed_forward: the encoder has {units} units already; ask for fewer")
    for (inner, outer), seen in zip(parts, _watch(encoder, [outer for _, outer in parts], texts), strict=True):
        _cut(inner, outer, seen, width)
    config.intermediate_size = width


class _Watched:
    """The sums of what the units of one layer give, and of its squares, over the tokens."""

    def __init__(self, units: int):
        self.count, self.sum, self.squares = 0, torch.zeros(units).double(), torch.zeros(units).double()

    def see(self, module: nn.Module, given: tuple[Tensor, ...]) -> None:
        units = given[0].flatten(0, -2).double()
        self.count += len(units)
        self.sum += units.sum(0)
        self.squares += units.square().sum(0)

    @property
    def mean(self) -> Tensor:
        return self.sum / self.count

    @property
    def deviation(self) -> Tensor:
        return (self.squares / self.count - self.mean.square()).clamp_min(0).sqrt()


def _part(layer: nn.Module, units: int, family: str) -> tuple[nn.Linear, nn.Linear]:
    """The linear layers that lead into the units of a layer and out of them."""
    linear = [m for m in layer.modules() if isinstance(m, nn.Linear)]
    inner, outer = [m for m in linear if m.out_features == units], [m for m in linear if m.in_features == units]
    if len(inner) != 1 or len(outer) != 1 or inner == outer or outer[0].bias is None:
        raise IEError(f"student.feed_forward: {family} is not built of two linear layers, as BERT is; leave it at 0")
    return inner[0], outer[0]


@torch.no_grad()
def _watch(encoder: TextEncoder, readers: Sequence[nn.Linear], texts: Iterable[str]) -> list[_Watched]:
    """What the layers are given while texts are read; one text at a time, so that no padding is seen."""
    watched = [_Watched(reader.in_features) for reader in readers]
    hooks = [reader.register_forward_pre_hook(w.see) for reader, w in zip(readers, watched, strict=True)]
    encoder.module.eval()
    for text in heapq.nsmallest(SEEN, texts, key=hash_fraction):
        inputs = pad([encoder.tokenizer(text).window(0, encoder.module.limit)])
        encoder.module(inputs.features, inputs.mask)
    for hook in hooks:
        hook.remove()
    return watched


@torch.no_grad()
def _cut(inner: nn.Linear, outer: nn.Linear, seen: _Watched, width: int) -> None:
    weight = seen.deviation * outer.weight.double().norm(dim=0)
    kept = weight.topk(width).indices.sort().values
    gone = torch.ones_like(weight, dtype=torch.bool).index_fill(0, kept, False)
    outer.bias += (outer.weight.double()[:, gone] @ seen.mean[gone]).to(outer.bias.dtype)
    inner.weight, outer.weight = nn.Parameter(inner.weight[kept]), nn.Parameter(outer.weight[:, kept])
    if inner.bias is not None:
        inner.bias = nn.Parameter(inner.bias[kept])
    inner.out_features = outer.in_features = width
