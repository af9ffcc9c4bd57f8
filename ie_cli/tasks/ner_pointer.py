"""Named entities, nested or flat, with GlobalPointer and ZLPR (kexue.fm/archives/8373, 8877).

{"text": "北京大学在北京", "entities": [{"start": 0, "end": 4, "type": "organization", "text": "北京大学"},
                                     {"start": 0, "end": 2, "type": "address", "text": "北京"}, …]}
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ie_cli.nn.pointer import pointer
from ie_cli.nn.span_scores import SpanScores, TypeScores, span_mask
from ie_cli.nn.span_zlpr import smoothed_zlpr
from ie_cli.nn.zlpr import HARD, Targets, prior_score, probability_of, score_of, total
from ie_cli.tasks._bounds import best_spans
from ie_cli.tasks._codec import Batch
from ie_cli.tasks._entities import Codec, Labels, TokenSpan
from ie_cli.tasks._model import TaskModel
from ie_cli.text.batch import Inputs
from ie_cli.text.encoding import Tokenizer


@dataclass
class Settings:
    """Settings of the head.

    Attributes:
        head: "efficient" (one inner product for all types) or "global_pointer" (one each).
        head_size: inner size d of the pointer.
        dropout: on the encoder's output.
        rotary: rotary positions in the pointer.
        prior: start the type biases where the label counts put them, not at 0.
        threshold: probability from which a span is predicted; 0.5 is s > 0.
        max_spans: spans of one window at most, the likeliest: far more than a text has, so it only keeps a
            model that is not trained yet from finding every span there is.
        nested: whether predicted entities may overlap; null allows it where 1% and more of the training
            entities do. Where not, the likeliest is kept.
        window_overlap: tokens that neighbouring windows of a long text share.
    """

    head: str = "efficient"
    head_size: int = 64
    dropout: float = 0.3
    rotary: bool = True
    prior: bool = True
    threshold: float = 0.5
    max_spans: int = 1000
    nested: bool | None = None
    window_overlap: int = 64


class Model(TaskModel):
    """Encoder and pointer head."""

    kind, has_pointers = "ner", True

    def __init__(self, encoder: nn.Module, tokenizer: Tokenizer, labels: Labels, settings: Settings):
        super().__init__(encoder)
        self.codec = Codec(tokenizer, labels, settings, encoder.limit)
        self.dropout = nn.Dropout(settings.dropout)
        prior = prior_score(torch.tensor(labels.rates)) if settings.prior else None
        shape = {"size": settings.head_size, "rotary": settings.rotary}
        self.head = pointer(settings.head, encoder.width, len(labels.names), prior, **shape)

    def forward(self, inputs: Inputs) -> SpanScores | TypeScores:
        return self.head(self.dropout(self.encoder(inputs.features, inputs.mask)))

    def pointer_scores(self, outputs: SpanScores | TypeScores) -> tuple[SpanScores | TypeScores]:
        return (outputs,)

    def cells(self, mask: Tensor) -> tuple[Tensor]:
        return (span_mask(mask),)

    def loss(self, scores: SpanScores | TypeScores, batch: Batch, targets: Targets = HARD) -> Tensor:
        """ZLPR of each type, summed over types and averaged over texts: a scalar.

        The published scripts average over types as well; AdamW's steps do not depend on that factor.
        """
        return total(smoothed_zlpr(scores, batch.gold[:, [0, 2, 3, 4]], *self.cells(batch.inputs.mask), targets))

    def decode(self, scores: SpanScores | TypeScores, mask: Tensor) -> list[list[TokenSpan]]:
        """The likeliest spans of each row whose probability sigmoid(2 s) exceeds the threshold."""
        settings = self.codec.settings
        limit = score_of(settings.threshold)
        found = best_spans(scores, limit, span_mask(mask), settings.max_spans, self.codec.dropped)
        rows: list[list[TokenSpan]] = [[] for _ in range(mask.shape[0])]
        likely = probability_of(found.score.cpu().double())  # in float32 all scores above 9 would be equally likely
        columns = (found.row, found.kind, found.first, found.last, likely)
        for row, *span in zip(*(c.tolist() for c in columns), strict=True):
            rows[row].append(tuple(span))
        return rows
