"""One batch for several parts: the encoder reads all of it, each part the texts that are annotated for it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ie_cli.tasks._codec import Batch
from ie_cli.text.batch import Inputs


class View(NamedTuple):
    """What a part sees of a batch: the numbers of its rows [N], and these rows as a batch of their own."""

    rows: Tensor
    batch: Batch

    def to(self, device: torch.device | str) -> View:
        return View(self.rows.to(device), self.batch.to(device))


@dataclass(frozen=True, slots=True)
class SharedInputs(Inputs):
    """A batch for the encoder, and by part what there is to learn; a part without any annotated text is not there."""

    views: dict[str, View]

    def to(self, device: torch.device | str) -> SharedInputs:
        views = {name: view.to(device) for name, view in self.views.items()}
        inputs = Inputs(self.features, self.mask).to(device)
        return SharedInputs(inputs.features, inputs.mask, views)


class LentEncoder(nn.Module):
    """In the place of a part's encoder: gives out what the shared encoder has made of the batch. It has no weights.

    Args:
        like: the shared encoder.
    """

    def __init__(self, like: nn.Module):
        super().__init__()
        self.width, self.limit = like.width, like.limit
        self._states: tuple[Tensor, ...] = ()

    @contextlib.contextmanager
    def lending(self, states: tuple[Tensor, ...]) -> Iterator[None]:
        """Lend these states for a while: the output [B, L, width], and `residual`'s second where it is read."""
        self._states = states
        try:
            yield
        finally:
            self._states = ()  # they hold the graph of the batch, and cannot be copied

    def forward(self, features: dict[str, Tensor], mask: Tensor) -> Tensor:
        return self._states[0]

    def residual(self, features: dict[str, Tensor], mask: Tensor) -> tuple[Tensor, ...]:
        return self._states


def view_states(states: tuple[Tensor, ...], view: View) -> tuple[Tensor, ...]:
    """The states of a view's texts, as long as the longest of them."""
    return tuple(x[view.rows, : view.batch.inputs.mask.shape[1]] for x in states)
