"""What a training run is made of; `ie train x.yaml` fills it from a file, flags and --set override."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ie_cli.errors import IEError
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
class Train:
    """The optimisation.

    Attributes:
        epochs: passes over the training records.
        batch: texts (windows) in a step.
        lr: highest learning rate of the encoder; null picks the encoder family's default.
        head_lr: that of the head and whatever else starts untrained; null likewise.
        weight_decay: AdamW's, on matrices only.
        warm_up: share of the steps in which the rate climbs; then it falls linearly to 0.
        clip: largest norm of the gradient.
        average: decay of the exponential moving average of the weights that is evaluated and saved;
            0 is off. It needs many steps (kexue.fm/archives/6575).
        length: longest window in tokens; longer texts are read in several.
        patience: stop after so many epochs without a better dev score; 0 never stops early.
        seed: of initial weights, dropout and the order of the texts.
        half: store the weights in 16 bits.
    """

    epochs: int = 10
    batch: int = 32
    lr: float | None = None
    head_lr: float | None = None
    weight_decay: float = 0.01
    warm_up: float = 0.1
    clip: float = 5.0
    average: float = 0.0
    length: int = 256
    patience: int = 0
    seed: int = 1
    half: bool = False


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
    "train.lr": lambda x: x is None or 0 < x < math.inf,
    "train.head_lr": lambda x: x is None or 0 < x < math.inf,
    "train.weight_decay": lambda x: 0 <= x < math.inf,
    "train.warm_up": lambda x: 0 <= x <= 1,
    "train.clip": lambda x: 0 < x <= math.inf,
    "train.average": lambda x: 0 <= x < 1,
    "train.length": lambda x: x >= 1,
    "train.patience": lambda x: x >= 0,
}


def complete(recipe: Recipe) -> None:
    """Check the ranges and fill in what depends on the encoder, so that the recipe that is kept is whole.

    Raises:
        IEError: a number out of its range.
    """
    for name, fits in RANGES.items():
        part, key = name.split(".")
        value = getattr(getattr(recipe, part), key)
        if not fits(value):
            raise IEError(f"the setting '{name}' cannot be {value}")
    scratch = recipe.encoder.name in BUILT_IN
    if recipe.train.lr is None:
        recipe.train.lr = 2e-3 if scratch else 5e-5
    if recipe.train.head_lr is None:
        recipe.train.head_lr = recipe.train.lr if scratch else max(1e-3, recipe.train.lr)
