"""Named entities as BIO tags with a CRF, the baseline of the field: flat only.

    {"text": "张伟在北京", "entities": [{"start": 0, "end": 2, "type": "name", "text": "张伟"}, …]}

In training the longer of two overlapping entities is kept and the other counted as lost.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ie_cli import tags
from ie_cli.lost_causes import OVERLAPS_A_LONGER_ONE
from ie_cli.nn.crf import CRF
from ie_cli.records import Entity, Record
from ie_cli.tasks import _entities
from ie_cli.tasks._codec import Batch
from ie_cli.tasks._entities import Labels as Labels
from ie_cli.tasks._entities import TokenSpan
from ie_cli.tasks._model import TaskModel
from ie_cli.text.batch import Inputs
from ie_cli.text.encoding import Tokenizer

OUTSIDE = 0  # tag ids: O, then B and I of each type in turn


@dataclass
class Settings:
    """Settings of the head.

    Attributes:
        dropout: on the encoder's output.
        crf_rate: learning rate of the CRF's own weights as a multiple of head_lr (kexue.fm/archives/7196).
        threshold: probability from which a span of the best path is predicted; 0 keeps all.
        window_overlap: tokens that neighbouring windows of a long text share.
    """

    dropout: float = 0.3
    crf_rate: float = 10.0
    threshold: float = 0.0
    window_overlap: int = 64


class Codec(_entities.Codec):
    """The shared codec, less what flat tags cannot hold."""

    def learnable(self, record: Record, lost: Counter[str]) -> list[Entity]:
        placed = {(e.start, e.end, e.type): e for e in record.entities or () if e.start is not None}
        _, left = tags.encode([key for key in placed if key[2] is not None], len(record.text), "bio")
        lost += Counter({OVERLAPS_A_LONGER_ONE: len(left)})
        return [e for e in record.entities or () if (e.start, e.end, e.type) not in left]


class Model(TaskModel):
    """Encoder, a linear layer of tag scores, and a CRF that forbids what is not BIO.

    Args:
        labels: with `names`, the types.
    """

    kind = "ner"
    codec_class: ClassVar[type] = Codec

    def __init__(self, encoder: nn.Module, tokenizer: Tokenizer, labels: Any, settings: Settings):
        super().__init__(encoder)
        self.codec = self.codec_class(tokenizer, labels, settings, encoder.limit)
        self.dropout = nn.Dropout(settings.dropout)
        self.emissions = nn.Linear(encoder.width, 1 + 2 * len(labels.names))
        self.crf = CRF(*_forbidden(len(labels.names)))
        self.rates = {"crf.": settings.crf_rate}

    def forward(self, inputs: Inputs) -> Tensor:
        """Emissions [B, L, T]."""
        return self.emissions(self.dropout(self.encoder(inputs.features, inputs.mask)))

    def loss(self, emissions: Tensor, batch: Batch) -> Tensor:
        """Mean negative log-likelihood of a text, a scalar; an empty text counts nothing."""
        gold = torch.full_like(batch.inputs.mask, OUTSIDE, dtype=torch.long)
        for row, _, kind, first, last in batch.gold.tolist():
            gold[row, first : last + 1] = 2 + 2 * kind
            gold[row, first] = 1 + 2 * kind
        some = batch.inputs.mask.any(1)
        return self.crf.loss(emissions[some], gold[some], batch.inputs.mask[some]).sum() / len(some)

    def decode(self, emissions: Tensor, mask: Tensor) -> list[list[TokenSpan]]:
        """The spans of each row's best path with their probability under the CRF."""
        names = ["O"] + [f"{prefix}-{kind}" for kind in range(len(self.codec.labels.names)) for prefix in "BI"]
        emissions = emissions.float()
        rows = []
        for row, path in enumerate(self.crf.best(emissions, mask).tolist()):
            found, _ = tags.decode([names[tag] for tag in path[: int(mask[row].sum())]], "bio")
            rows += [[row, int(kind), start, end - 1] for start, end, kind in found]
        spans = torch.tensor(rows, dtype=torch.long, device=mask.device).reshape(-1, 4)
        row, kind, first, last = spans.unbind(1)
        begin, inside = 1 + 2 * kind, 2 + 2 * kind
        scores = self.crf.log_probability(emissions, mask, row, first, last, begin, inside).exp()
        out: list[list[TokenSpan]] = [[] for _ in mask]
        for (row, *span), score in zip(rows, scores.tolist(), strict=True):
            if score >= self.codec.settings.threshold:
                out[row].append((*span, min(1.0, score)))
        return out


def _forbidden(types: int) -> tuple[Tensor, Tensor]:
    """Transitions and first tags that are not BIO: I of a type behind anything but its own B or I."""
    forbidden = torch.zeros(1 + 2 * types, 1 + 2 * types, dtype=torch.bool)
    forbidden[:, 2::2] = True
    for inside in range(2, 1 + 2 * types, 2):
        forbidden[inside - 1 : inside + 1, inside] = False
    first = torch.zeros(1 + 2 * types, dtype=torch.bool)
    first[2::2] = True
    return forbidden, first
