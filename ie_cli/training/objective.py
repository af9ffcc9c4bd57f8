"""What is minimised: the loss of a batch, plain, smoothed or with R-Drop, in the precision that is asked for."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ie_cli.errors import IEError
from ie_cli.nn.divergence import span_divergence
from ie_cli.nn.zlpr import HARD, Targets
from ie_cli.tasks._codec import Batch
from ie_cli.tasks.multi import Model as Multi
from ie_cli.training.settings import Train


class Objective(nn.Module):
    """A model and its loss as one module, of which `forward` is all that training calls.

    Raises:
        IEError: the settings need a pointer head, which the model has not.
    """

    def __init__(self, model: nn.Module, settings: Train):
        super().__init__()
        self.model, self.r_drop = model, settings.r_drop
        self.dtype = getattr(torch, settings.precision)
        targets = Targets(1 - settings.smoothing.gold, settings.smoothing.rest)
        self.targets = (targets,) if targets != HARD else ()
        others = [one.task for one in model.members() if not one.has_pointers]
        for name, wanted in {"r_drop": self.r_drop, "smoothing": self.targets}.items():
            if wanted and others:
                raise IEError(f"train.{name} needs a pointer head, which {others[0]} has not; try a pointer model")

    def forward(self, batch: Batch) -> Tensor:
        """The loss of a batch, a float32 scalar or wider; the losses themselves widen what they are given."""
        with torch.autocast(batch.inputs.mask.device.type, self.dtype, enabled=self.dtype != torch.float32):
            outputs, loss = self._pass(batch)
            return self._agreement(batch, outputs, loss) if self.r_drop else loss

    def _pass(self, batch: Batch) -> tuple[Any, Tensor]:
        outputs = self.model(batch.inputs)
        return outputs, self.model.loss(outputs, batch, *self.targets)

    def _agreement(self, batch: Batch, outputs: Any, loss: Tensor) -> Tensor:
        """R-Drop (Liang et al. 2021): mean loss of two passes + weight / 2 * the two Kullback-Leibler divergences.

        The divergence is summed over heads and averaged over texts, as the loss is.
        """
        others, again = self._pass(batch)
        return (loss + again) / 2 + self.r_drop / 2 * _apart(self.model, batch, outputs, others)


def _apart(model: nn.Module, batch: Batch, outputs: Any, others: Any) -> Tensor | float:
    """The divergence of two passes; of a model of several parts it is weighted as their losses are."""
    if isinstance(model, Multi):
        return sum(
            factor * _apart(model.parts[task], mine, outputs.parts[task], others.parts[task])
            for task, factor, mine in model.weighted_batches(batch)
        )
    pairs = zip(*map(model.pointer_scores, (outputs, others)), model.cells(batch.inputs.mask), strict=True)
    return sum(span_divergence(*pair).mean() for pair in pairs)
