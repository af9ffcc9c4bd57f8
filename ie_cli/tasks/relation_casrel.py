"""Relations subject by subject, in the manner of CasRel (kexue.fm/archives/7161): a baseline.

    {"text": "《活着》的作者是余华", "relations": [{"predicate": "作者",
     "subject": {"start": 1, "end": 3, "type": "图书", "text": "活着"},
     "object": {"start": 8, "end": 10, "type": "人物", "text": "余华"}}]}

First the subjects are found; then for each, with the text encoded again on its condition, the objects
of every predicate. In training one subject a text is drawn, its start and its end independently, so
that pairs that are no subject occur and have no objects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ie_cli.errors import IEError
from ie_cli.nn.conditional import ConditionalLayerNorm
from ie_cli.nn.half_pointer import power_bce, spans
from ie_cli.tasks._bounds import top_per_row
from ie_cli.tasks._codec import Batch
from ie_cli.tasks._model import TaskModel
from ie_cli.tasks._relations import Codec, Labels, TokenLink
from ie_cli.text.batch import Inputs
from ie_cli.text.encoding import Tokenizer

SUBJECT_POWER, OBJECT_POWER = 2, 4
SUBJECTS_AT_ONCE = 64  # texts that are encoded anew for their subject in one go


@dataclass
class Settings:
    """Settings of the heads.

    Attributes:
        dropout: on the encoder's output.
        start_threshold, end_threshold: thresholds of the powered probabilities of first and last tokens.
        max_subjects: subjects of one window at most, the likeliest.
        window_overlap: tokens that neighbouring windows of a long text share.
    """

    dropout: float = 0.1
    start_threshold: float = 0.6
    end_threshold: float = 0.5
    max_subjects: int = 100
    window_overlap: int = 64


class Outputs(NamedTuple):
    """Before the last layer normalisation [B, L, D], and logits of subjects [B, L, 1, 2]; -inf is padding's."""

    residual: Tensor
    subjects: Tensor


class Model(TaskModel):
    """Encoder, a tagger of subjects, and one of objects behind a conditional layer normalisation.

    Args:
        encoder: also with `residual`.
    """

    kind = "relations"
    needs_residual, mean_over = True, "tokens"

    def __init__(self, encoder: nn.Module, tokenizer: Tokenizer, labels: Labels, settings: Settings):
        super().__init__(encoder)
        table = [name for name in labels.table(False) if not name.of_object]
        self.labels = len(table)
        self.codec = Codec(tokenizer, labels, settings, encoder.limit, tuple(table), of_objects=False)
        self.dropout = nn.Dropout(settings.dropout)
        self.subjects = nn.Linear(encoder.width, 2)
        self.norm = ConditionalLayerNorm(encoder.width, 2 * encoder.width)
        self.objects = nn.Linear(encoder.width, 2 * len(table))

    def forward(self, inputs: Inputs) -> Outputs:
        hidden, residual = self.encoder.residual(inputs.features, inputs.mask)
        logits = self.subjects(self.dropout(hidden))[:, :, None]
        return Outputs(residual, logits.masked_fill(~inputs.mask[:, :, None, None], -torch.inf))

    def object_logits(self, outputs: Outputs, row: Tensor, first: Tensor, last: Tensor) -> Tensor:
        """Logits [N, L, C, 2] of the objects of subjects [N], each with its text."""
        residual = outputs.residual[row]
        place = torch.arange(len(row), device=row.device)
        condition = torch.cat([residual[place, first], residual[place, last]], -1)
        hidden = self.dropout(self.norm(residual, condition[:, None]))
        logits = self.objects(hidden).unflatten(-1, (self.labels, 2))
        return logits.masked_fill(outputs.subjects[row].isinf(), -torch.inf)

    def loss(self, outputs: Outputs, batch: Batch) -> Tensor:
        """Cross-entropy of starts and ends a token: mean of the two, objects summed over predicates; a scalar."""
        mask = batch.inputs.mask
        one, other = batch.gold.reshape(-1, 2, 5).unbind(1)
        spans_ = torch.column_stack([one[:, 0], torch.zeros_like(one[:, 0]), one[:, 3:]])
        subjects = _tags(spans_, outputs.subjects)
        loss = _mean(power_bce(outputs.subjects, subjects, SUBJECT_POWER), mask)
        row, first, last = _drawn(subjects[:, :, 0])
        if not len(row):
            return loss
        logits = self.object_logits(outputs, row, first, last)
        order = torch.full((len(mask),), -1, device=row.device)
        order[row] = torch.arange(len(row), device=row.device)
        mine = order[one[:, 0]]  # the drawn subject of each triple's text
        same = (mine >= 0) & (first[mine] == one[:, 3]) & (last[mine] == one[:, 4])
        objects = _tags(torch.column_stack([mine, other[:, 2:]])[same], logits)
        return loss + _mean(power_bce(logits, objects, OBJECT_POWER), mask[row]) * mask[row].sum() / mask.sum()

    def set_threshold(self, threshold: float) -> None:
        raise IEError(f"--threshold: {self.task} has several thresholds; set them in training, with --set")

    def decode(self, outputs: Outputs, mask: Tensor) -> list[list[TokenLink]]:
        """The links of each row; their probability is the least of the four that they rest on."""
        settings = self.codec.settings
        found, sure = spans(outputs.subjects, SUBJECT_POWER, settings.start_threshold, settings.end_threshold)
        rows: list[list[TokenLink]] = [[] for _ in range(mask.shape[0])]
        kept = top_per_row(found[:, 0], sure, settings.max_subjects)
        if len(kept) < len(found):
            self.codec.dropped["subjects of windows that have more than model.max_subjects"] += len(found) - len(kept)
        for some in kept.split(SUBJECTS_AT_ONCE):
            row, _, first, last = found[some].unbind(1)
            logits = self.object_logits(outputs, row, first, last)
            objects, other = spans(logits, OBJECT_POWER, settings.start_threshold, settings.end_threshold)
            least = torch.minimum(other, sure[some][objects[:, 0]]).tolist()
            for (i, label, start, end), score in zip(objects.tolist(), least, strict=True):
                head = tuple(found[some[i], 2:].tolist())
                rows[int(row[i])].append(TokenLink(label, head, (start, end), score))
        return rows


def _tags(cells: Tensor, logits: Tensor) -> Tensor:
    """Starts and ends of spans [N, 4] (row, label, first, last), True in the shape of the logits."""
    tags = torch.zeros_like(logits, dtype=torch.bool)
    row, label, first, last = cells.unbind(1)
    tags[row, first, label, 0] = True
    tags[row, last, label, 1] = True
    return tags


def _mean(losses: Tensor, mask: Tensor) -> Tensor:
    """Mean over starts and ends, sum over labels, mean over the tokens of all texts."""
    return losses.mean(-1).sum(-1)[mask].sum() / mask.sum().clamp_min(1)


def _drawn(tags: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """A start of each text that has one, and one of the ends at or behind it, both by chance: rows, firsts, lasts.

    Args:
        tags: [B, L, 2] starts and ends of the gold subjects.
    """
    row = tags.any(1).all(1).nonzero().squeeze(1)
    if not len(row):
        return row, row, row
    starts, ends = tags[row].float().unbind(2)
    first = torch.multinomial(starts, 1)
    behind = torch.arange(tags.shape[1], device=tags.device) >= first
    return row, first[:, 0], torch.multinomial(ends * behind, 1)[:, 0]
