"""What a training run is made of; `ie train x.yaml` fills it from a file, flags and --set override."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ie_cli import config
from ie_cli.training.settings import Train
from ie_cli.zoo.encoders import BUILT_IN, EncoderSettings


@dataclass
class Data:
    """Where the records are.

    Attributes:
        train: JSONL files of records.
        dev: JSONL files to choose the best epoch on; empty splits `dev_share` off the training records.
        dev_share: share split off, at least one record.
        split_seed: seed of that split.
    """

    train: list[str] = field(default_factory=list)
    dev: list[str] = field(default_factory=list)
    dev_share: float = 0.1
    split_seed: int = 1


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


RANGES: dict[str, Callable[[Any], bool]] = {
    "data.dev_share": lambda x: 0 < x < 1,
    "train.epochs": lambda x: x >= 1,
    "train.batch": lambda x: x >= 1,
    "train.accumulate": lambda x: x >= 1,
    "train.lr": lambda x: x is None or 0 < x < math.inf,
    "train.head_lr": lambda x: x is None or 0 < x < math.inf,
    "train.layer_decay": lambda x: 0 < x <= 1,
    "train.weight_decay": lambda x: 0 <= x < math.inf,
    "train.warm_up": lambda x: 0 <= x <= 1,
    "train.clip": lambda x: 0 < x <= math.inf,
    "train.average": lambda x: 0 <= x < 1,
    "train.lookahead.steps": lambda x: x >= 0,
    "train.lookahead.alpha": lambda x: 0 < x <= 1,
    "train.fgm.epsilon": lambda x: 0 <= x < math.inf,
    "train.r_drop": lambda x: 0 <= x < math.inf,
    "train.smoothing.gold": lambda x: 0 <= x < 1,
    "train.smoothing.rest": lambda x: 0 <= x < 1,
    "train.freeze.layers": lambda x: x >= 0,
    "train.length": lambda x: x >= 1,
    "train.patience": lambda x: x >= 0,
    "train.bits": lambda x: x in (8, 16, 32),
}
CHOICES = {
    "train.precision": ("float32", "bfloat16", "float16"),
    "train.fgm.variant": ("adversarial", "both"),
}


def complete(recipe: Recipe) -> None:
    """Check the ranges and fill in what depends on the encoder, so that the recipe that is kept is whole.

    Raises:
        IEError: a number out of its range, or a word that is none of the choices.
    """
    config.check(recipe, RANGES, CHOICES)
    scratch = recipe.encoder.name in BUILT_IN
    if recipe.train.lr is None:
        recipe.train.lr = 2e-3 if scratch else 5e-5
    if recipe.train.head_lr is None:
        recipe.train.head_lr = recipe.train.lr if scratch else max(1e-3, recipe.train.lr)
