"""FGM, the fast gradient method: training on texts whose embeddings are moved to where the loss is higher.

Miyato et al. 2017 (arXiv 1605.07725); the perturbation of the whole embedding matrix by its gradient is
that of kexue.fm/archives/7234.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import torch
from torch import nn

from ie_cli.errors import IEError
from ie_cli.training.settings import Adversarial


@contextlib.contextmanager
def perturbed(weight: nn.Parameter, epsilon: float) -> Iterator[None]:
    """Add epsilon g / |g| to an embedding matrix, g its gradient and |g| the norm over all of it, for a while.

    Afterwards the weights are what they were, to the last bit.
    """
    before = weight.detach().clone()
    with torch.no_grad():
        weight += epsilon * weight.grad / (weight.grad.norm() + 1e-8)
    try:
        yield
    finally:
        with torch.no_grad():
            weight.copy_(before)


class FGM:
    """Gradients of perturbed texts.

    Args:
        model: whose encoder has `token_embedding`.

    Raises:
        IEError: the embeddings are frozen, so that they have no gradient to follow.
    """

    def __init__(self, model: nn.Module, settings: Adversarial):
        self.model, self.settings = model, settings
        if not self.weight.requires_grad:
            raise IEError("train.fgm follows the gradient of the embeddings, which train.freeze takes away; choose one")

    @property
    def weight(self) -> nn.Parameter:
        """The matrix of the token embeddings."""
        return self.model.encoder.token_embedding.weight

    def __call__(self, backward: Callable[[], float]) -> float:
        """Run `backward`, which adds a batch's gradients, on the clean and on the perturbed text.

        Dropout is drawn anew, as in the published scripts, and so are CasRel's subjects; what a batch is made
        of is not.

        Returns:
            The loss of the clean text.
        """
        loss = backward()
        with perturbed(self.weight, self.settings.epsilon):
            if self.settings.variant == "adversarial":
                self.model.zero_grad()
            backward()
        return loss
