"""An encoder that guesses masked tokens and, beside a teacher, learns what that one sees in the unmasked text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ie_cli.nn.distillation import relation_divergence, standardised
from ie_cli.nn.masked import MaskedHead
from ie_cli.pretraining.corpus import STARTS, TEACHER
from ie_cli.pretraining.masking import Masked, choose, corrupt
from ie_cli.pretraining.settings import Masking
from ie_cli.pretraining.teacher import EncoderView, Guide
from ie_cli.tasks._model import TaskModel
from ie_cli.text.batch import Inputs, pad
from ie_cli.zoo.encoders import TextEncoder


class Pretraining(TaskModel):
    """What `ie_cli.training.step` trains: the encoder, the head of its guesses, and what it shows the teacher.

    Args:
        guide: the teacher, which is no part of the weights; None for none.
        guess: weight of the loss of the guesses.
    """

    mean_over, task, codec = "tokens", "pretrain", None

    def __init__(self, text_encoder: TextEncoder, masking: Masking, guide: Guide | None = None, guess: float = 1.0):
        super().__init__(text_encoder.module)
        self.text_encoder, self.masking, self.guess = text_encoder, masking, guess
        self.head = MaskedHead(text_encoder.module.width, text_encoder.module.token_embedding)
        self._guide = (guide,)  # in a tuple, so that its weights are neither trained nor saved
        if guide and guide.hidden:
            self.shown = nn.Linear(text_encoder.module.width, guide.width)

    def collate(self, rows: Sequence[dict[str, Any]]) -> Masked:
        """Rows of the corpus as a batch, masked anew each time."""
        inputs = pad(rows)
        features = dict(inputs.features)
        starts, teacher = features.pop(STARTS), features.pop(TEACHER, None)
        inputs = Inputs(features, inputs.mask)
        chosen = choose(starts, inputs.mask, self.masking)
        hidden = corrupt(inputs, chosen, self.text_encoder.tokenizer.mask_id, self.masking)
        return Masked(hidden, features["ids"], chosen, teacher)

    def forward(self, inputs: Inputs) -> EncoderView:
        guide = self._guide[0]
        if guide is None:
            return EncoderView(self.encoder(inputs.features, inputs.mask))
        return guide.look(self.encoder, inputs.features, inputs.mask)

    def loss(self, seen: EncoderView, batch: Masked) -> Tensor:
        """Cross-entropy of the guesses, and what the student lacks of the teacher."""
        loss = 0.0
        if self.guess:
            loss = self.guess * nn.functional.cross_entropy(self._scores(seen, batch), batch.ids[batch.chosen])
        guide = self._guide[0]
        return loss if guide is None else loss + self._apart(guide, seen, batch)

    def _scores(self, seen: EncoderView, batch: Masked) -> Tensor:
        """Scores of the vocabulary at the chosen tokens, [N, V]."""
        return self.head(seen.hidden[batch.chosen], self.encoder.token_embedding).float()

    def _apart(self, guide: Guide, seen: EncoderView, batch: Masked) -> Tensor:
        theirs, mask = guide.see(batch), batch.inputs.mask
        apart = seen.hidden.new_zeros((), dtype=torch.float32)
        if guide.hidden:
            target = standardised(theirs.hidden, mask)
            apart = apart + guide.hidden * nn.functional.mse_loss(self.shown(seen.hidden[mask]).float(), target)
        for ours, other in zip(seen.attention, theirs.attention, strict=True):
            apart = apart + guide.relations / 3 * relation_divergence(ours, other, mask, guide.heads)
        return apart

    @torch.no_grad()
    def guessed(self, batch: Masked) -> tuple[int, int]:
        """How many masked tokens are guessed right, and how many there are."""
        seen = EncoderView(self.encoder(batch.inputs.features, batch.inputs.mask))
        right = self._scores(seen, batch).argmax(-1) == batch.ids[batch.chosen]
        return int(right.sum()), len(right)
