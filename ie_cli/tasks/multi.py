"""Several models on one encoder, trained together: entities, relations and events in one pass over a text.

    {"text": "《活着》的作者是余华", "entities": [{"start": 1, "end": 3, "type": "图书", "text": "活着"}, …],
     "relations": [{"predicate": "作者", …}], "events": [{"type": …}, …]}

Hard parameter sharing (Caruana 1997, doi 10.1023/A:1007379606734). The parts are the models of the
other modules with their own heads and losses. A record is learned by those parts alone for which it is
annotated: where it has no `relations`, nobody has looked for any, so it says nothing about them. So records
of several data sets can be trained on together.

The loss is the weighted sum of the parts' losses, each summed over its annotated texts and divided by
all texts of the batch: every annotated text counts the same, whatever it is batched with. (CasRel's is a mean over
tokens: there it holds for texts of one length.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ie_cli import config
from ie_cli.registry import load
from ie_cli.scoring import BETWEEN
from ie_cli.tasks._codec import Batch, Example
from ie_cli.tasks._model import TaskModel
from ie_cli.tasks._multi import KINDS, Codec, cells_column
from ie_cli.tasks._multi import Labels as Labels
from ie_cli.tasks._multi_batch import LentEncoder, SharedInputs, View, view_states
from ie_cli.tasks._multi_settings import Settings, complete
from ie_cli.text.batch import Inputs, pad
from ie_cli.text.encoding import Tokenizer


class Outputs(NamedTuple):
    """The encoder's output [B, L, width], and by part what its model gives."""

    hidden: Tensor
    parts: dict[str, Any]


class Model(TaskModel):
    """The encoder, and by task the models that share it.

    Args:
        encoder: as the parts need it, with `residual` for CasRel.
        tokenizer: its tokenizer.
        settings: completed here: parts, all their settings, weights.

    Raises:
        IEError: a part that cannot be one, or that has nothing to learn.
    """

    kind = BETWEEN.join(KINDS.values())  # of a model with all parts

    def __init__(self, encoder: nn.Module, tokenizer: Tokenizer, labels: Labels, settings: Settings):
        super().__init__(encoder)
        made = complete(settings, labels)
        self.kind = BETWEEN.join(KINDS[name] for name in made)
        self.lent = LentEncoder(encoder)
        self.parts = nn.ModuleDict(
            {task: _part(task, self.lent, tokenizer, getattr(labels, name), settings) for name, task in made.items()}
        )
        codecs = {name: self.parts[task].codec for name, task in made.items()}
        self.codec = Codec(tokenizer, labels, settings, encoder.limit, codecs)
        self.columns = {task: cells_column(name) for name, task in made.items()}
        self.needs_residual = any(part.needs_residual for part in self.members())
        self.rates = {
            f"parts.{task}.{prefix}": factor
            for task, part in self.parts.items()
            for prefix, factor in part.rates.items()
        }

    def members(self) -> list[TaskModel]:
        """The parts."""
        return [*self.parts.values()]

    def set_threshold(self, threshold: float) -> None:
        for part in self.members():
            part.set_threshold(threshold)

    def collate(self, examples: Sequence[Example]) -> Batch:
        """One batch for the encoder, with a view of it for each part that has annotated texts in it."""
        columns = set(self.columns.values())
        plain = [{name: x for name, x in example.items() if name not in columns} for example in examples]
        inputs, views = pad(plain), {}
        for task, part in self.parts.items():
            cells = [example[self.columns[task]] for example in examples]
            if rows := [i for i, some in enumerate(cells) if some is not None]:
                views[task] = View(torch.tensor(rows), part.collate([plain[i] | {"cells": cells[i]} for i in rows]))
        return Batch(SharedInputs(inputs.features, inputs.mask, views), torch.zeros(0, 5, dtype=torch.long))

    def forward(self, inputs: Inputs) -> Outputs:
        """What the parts give, from one pass of the encoder.

        Args:
            inputs: of a batch of `collate`, each part then sees its own texts; else all parts see all.
        """
        encoder = self.encoder
        given = inputs.features, inputs.mask
        states = encoder.residual(*given) if self.needs_residual else (encoder(*given),)
        found = {}
        for task, part in self.parts.items():
            if not isinstance(inputs, SharedInputs):
                mine, seen = inputs, states
            elif view := inputs.views.get(task):
                mine, seen = view.batch.inputs, view_states(states, view)
            else:
                continue
            with self.lent.lending(seen):
                found[task] = part(mine)
        return Outputs(states[0], found)

    def weighted_batches(self, batch: Batch) -> Iterator[tuple[str, float, Batch]]:
        """Of each part that has something to learn: its task, the factor of its mean loss, its batch."""
        for task, view in batch.inputs.views.items():
            share = len(view.rows) / len(batch.inputs.mask)
            yield task, self.codec.settings.weights[task] * share, view.batch

    def loss(self, outputs: Outputs, batch: Batch, *targets: Any) -> Tensor:
        """The weighted sum of the parts' losses, averaged over texts: a scalar, 0 if no text is annotated."""
        losses = [
            factor * self.parts[task].loss(outputs.parts[task], mine, *targets)
            for task, factor, mine in self.weighted_batches(batch)
        ]
        return sum(losses) if losses else 0 * outputs.hidden.float().sum()

    def decode(self, outputs: Outputs, mask: Tensor) -> list[tuple[Any, ...]]:
        """What each part finds in each row, in the order of the parts."""
        return list(zip(*(part.decode(outputs.parts[task], mask) for task, part in self.parts.items()), strict=True))


def _part(task: str, encoder: nn.Module, tokenizer: Tokenizer, labels: Any, settings: Settings) -> TaskModel:
    module = load("ie_cli.tasks", task)
    return module.Model(encoder, tokenizer, labels, config.build(module.Settings, settings.settings[task]))
