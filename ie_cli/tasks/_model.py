"""What every model of a task is to those that build it, train it, predict with it and save it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ie_cli.errors import IEError
from ie_cli.nn.span_scores import SpanScores, TypeScores
from ie_cli.records import Record
from ie_cli.tasks import _codec, _settings
from ie_cli.text.batch import Inputs


class TaskModel(nn.Module):
    """An encoder with the heads of a task. A child has `kind`, `codec`, `forward`, `loss` and `decode`.

    Args:
        encoder: module with `width` and `limit` (tokens, None for any length): features, mask -> [B, L, width].

    Attributes:
        kind: names the scorer in `ie_cli.scoring`.
        codec: the way between records and examples, a `Codec` of `ie_cli.tasks._codec`.
        rates: prefix of weight names -> factor on the heads' learning rate.
        mean_over: whether the loss is a mean over "texts" or over "tokens".
        needs_residual: it reads the encoder's `residual`, not its output.
        has_pointers: all its heads are pointers: it has `pointer_scores` and `cells`, and `loss` takes `Targets`.
        precision: in which `ie_cli.predicting` runs the forward pass.
        text_encoder: tokenizer, module and settings of the encoder; `ie_cli.zoo.folder` puts them here and saves them.
        note: how a model was made that was opened, and what it scored.
    """

    kind: str
    codec: Any
    mean_over: ClassVar[str] = "texts"
    has_pointers: ClassVar[bool] = False
    needs_residual: bool = False
    precision: torch.dtype = torch.float32
    text_encoder: Any = None

    def __init__(self, encoder: nn.Module):
        super().__init__()
        self.encoder = encoder
        self.rates: Mapping[str, float] = {}
        self.note: dict[str, Any] = {}

    @property
    def task(self) -> str:
        """The module of `ie_cli.tasks` that it is in."""
        return type(self).__module__.rpartition(".")[2]

    def members(self) -> list[TaskModel]:
        """The models that it is made of: itself."""
        return [self]

    def forward(self, inputs: Inputs) -> Any:
        """What `loss` and `decode` read."""
        raise NotImplementedError

    # --- Training --------------------------------------------------------------------------------

    def count_matches(self, records: Iterable[Record]) -> None:
        """Count in the training records what needs a knowledge base; without one there is nothing to count."""

    def collate(self, examples: Sequence[_codec.Example]) -> _codec.Batch:
        """Examples of the codec as one batch."""
        return _codec.collate(examples)

    def loss(self, outputs: Any, batch: _codec.Batch) -> Tensor:
        """The loss of a batch, a scalar."""
        raise NotImplementedError

    def pointer_scores(self, outputs: Any) -> tuple[SpanScores | TypeScores, ...]:
        """The scores of each pointer head in the outputs."""
        return ()

    def cells(self, mask: Tensor) -> tuple[Tensor, ...]:
        """The allowed spans or links of each pointer head, [B, L, L] bool, from the mask [B, L] of tokens."""
        return ()

    # --- Prediction ------------------------------------------------------------------------------

    def set_threshold(self, threshold: float) -> None:
        """Predict what has at least this probability.

        Raises:
            IEError: it has several thresholds, or this is no probability between 0 and 1.
        """
        self.codec.settings.threshold = threshold
        _settings.check(self.codec.settings)

    def attach(self, folder: str | Path) -> None:
        """Link against the knowledge base of a folder.

        Raises:
            IEError: it does not link, or there is no base.
        """
        raise IEError(f"--kb: {self.task} does not link; `ie train --set model.kb=DIR` trains what does")

    def decode(self, outputs: Any, mask: Tensor) -> list[Any]:
        """What is found in each row of a batch, for the codec to assemble; the mask [B, L] is of its tokens."""
        raise NotImplementedError

    def refine(self, records: Sequence[Record]) -> Sequence[Record]:
        """The assembled records with what comes behind the spans: links of mentions."""
        return records
