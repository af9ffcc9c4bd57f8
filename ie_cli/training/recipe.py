"""What a training run is made of; `ie train x.yaml` fills it from a file, flags and --set override."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ie_cli import config
from ie_cli.errors import IEError
from ie_cli.training import settings
from ie_cli.training.settings import Train
from ie_cli.zoo.encoders import EncoderSettings


@dataclass
class Data:
    """Where the records are.

    Attributes:
        train: JSONL files of records.
        dev: JSONL files to choose the best epoch on; empty splits `dev_share` off the training records.
        dev_share: share of the texts split off; by their hash, so of few texts it may be none. 0 learns all texts:
            there is no dev score, and the last epoch is kept.
        split_seed: seed of that split.
    """

    train: list[str] = field(default_factory=list)
    dev: list[str] = field(default_factory=list)
    dev_share: float = 0.1
    split_seed: int = 1

    @property
    def unscored(self) -> bool:
        """Whether no record is kept from training to score the epochs."""
        return not self.dev and not self.dev_share


@dataclass
class Recipe:
    """Everything that decides the result of `ie train`.

    Attributes:
        task: a module of ie_cli.tasks; null is taken from the records.
        encoder: see `EncoderSettings`.
        model: settings of the task's head.
        data, train: see `Data` and `Train`.
    """

    task: str | None = None
    encoder: EncoderSettings = field(default_factory=EncoderSettings)
    model: dict[str, Any] = field(default_factory=dict)
    data: Data = field(default_factory=Data)
    train: Train = field(default_factory=Train)


RANGES = {"data.dev_share": lambda x: 0 <= x < 1} | settings.RANGES


def check(recipe: Recipe) -> None:
    """Check the ranges; what is left open is for `ie_cli.training.defaults`.

    Raises:
        IEError: a number out of its range, a word that is none of the choices, or patience without a dev score.
    """
    config.check(recipe, RANGES, settings.CHOICES)
    if recipe.data.unscored and recipe.train.patience:
        raise IEError("train.patience waits for a better dev score, but with data.dev_share=0 there is none")
