"""The settings of the optimisation, `train:` in a recipe. Every method is off unless it is asked for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Adversarial:
    """FGM, adversarial training on the token embeddings (Miyato et al. 2017, arXiv 1605.07725).

    Attributes:
        epsilon: length of the perturbation; 0 is off, 0.5 the example of kexue.fm/archives/7234. A step
            takes twice as long.
        variant: "adversarial" steps on the gradient of the perturbed text alone, as the article does;
            "both" adds that of the clean text, as the common PyTorch code does.
    """

    epsilon: float = 0.0
    variant: str = "adversarial"


@dataclass
class Lookahead:
    """Slow weights that the fast ones are set back to (Zhang et al. 2019, arXiv 1907.08610).

    Attributes:
        steps: k, after so many steps; 0 is off, 5 usual.
        alpha: how far the slow weights go towards the fast ones then.
    """

    steps: int = 0
    alpha: float = 0.5


@dataclass
class Smoothing:
    """Label smoothing through soft ZLPR (kexue.fm/archives/9064), for pointer heads.

    Attributes:
        gold: what the target of a gold cell lacks to 1; 0.1 holds its probability at 0.9.
        rest: target of all other cells. A text has thousands, which together outweigh its few gold
            cells unless this is tiny: 1e-6, not 0.01.
    """

    gold: float = 0.0
    rest: float = 0.0


@dataclass
class Freeze:
    """Weights of the encoder that stay as they are.

    Attributes:
        embeddings: its embeddings.
        layers: its first n layers.
    """

    embeddings: bool = False
    layers: int = 0


@dataclass
class Train:
    """The optimisation.

    Attributes:
        epochs: passes over the training records; null goes by the number of texts and the encoder.
        batch: texts (windows) that one process takes at once; null goes by the number of texts.
        accumulate: batches that make one step; their gradients are those of one batch as large as all, but for
            pre-training and for CasRel as one of several parts: there means over tokens are averaged.
        lr: highest learning rate of the encoder; null goes by the encoder.
        head_lr: that of the head and whatever else starts untrained; null likewise.
        layer_decay: rate of each layer of the encoder as a share of that of the layer above it; the top
            one has `lr`, the embeddings come last (Howard & Ruder 2018, arXiv 1801.06146). 1 is off.
        weight_decay: AdamW's, on matrices only.
        warmup: share of the steps in which the rate climbs; then it falls linearly to 0.
        max_grad_norm: largest norm of the gradient; a longer one is shortened to it.
        lazy_embeddings: rows of embeddings without a gradient in a step are not changed by it, although their moments
            are (kexue.fm/archives/6869, LazyOptimizer).
        precision: of the forward pass: "float32", "bfloat16", or "float16" with scaled losses (Micikevicius et
            al. 2018, arXiv 1710.03740); "auto" is bfloat16 where the device computes in it, else float32.
            Weights and losses are in float32 always.
        checkpointing: make activations again in the backward pass rather than keep them (Chen et al. 2016,
            arXiv 1604.06174): less memory, a third more time. Pretrained encoders only.
        ema: decay of the exponential moving average of the weights that is evaluated and saved; 0 is off
            (kexue.fm/archives/6575). After t steps it is t / (t + 9) at most, so the average lags up to a tenth
            of the run behind: it hurts where the score still climbs at the end, in short runs and on little data.
        lookahead, fgm, smoothing, freeze: see there.
        r_drop: weight of R-Drop (Liang et al. 2021, arXiv 2106.14448), two passes that must agree under dropout,
            with the divergence for pointers of kexue.fm/archives/9039. 0 is off.
        max_length: longest window in tokens; longer texts are read in several.
        patience: stop after so many epochs without a better dev score; 0 never stops early.
        seed: of initial weights, dropout and the order of the texts.
        bits: of a weight in the model's file: 32, 16 or 8. What `ie pretrain` writes for transformers has 16 at least.
    """

    epochs: int | None = None
    batch: int | None = None
    accumulate: int = 1
    lr: float | None = None
    head_lr: float | None = None
    layer_decay: float = 1.0
    weight_decay: float = 0.01
    warmup: float = 0.1
    max_grad_norm: float = 1.0
    lazy_embeddings: bool = False
    precision: str = "float32"
    checkpointing: bool = False
    ema: float = 0.0
    lookahead: Lookahead = field(default_factory=Lookahead)
    fgm: Adversarial = field(default_factory=Adversarial)
    r_drop: float = 0.0
    smoothing: Smoothing = field(default_factory=Smoothing)
    freeze: Freeze = field(default_factory=Freeze)
    max_length: int = 256
    patience: int = 0
    seed: int = 1
    bits: int = 32


# What `config.check` takes, for every recipe with these settings as its `train`.
RANGES: dict[str, Callable[[Any], bool]] = {
    "train.epochs": lambda x: x is None or x >= 1,
    "train.batch": lambda x: x is None or x >= 1,
    "train.accumulate": lambda x: x >= 1,
    "train.lr": lambda x: x is None or 0 < x < math.inf,
    "train.head_lr": lambda x: x is None or 0 < x < math.inf,
    "train.layer_decay": lambda x: 0 < x <= 1,
    "train.weight_decay": lambda x: 0 <= x < math.inf,
    "train.warmup": lambda x: 0 <= x <= 1,
    "train.max_grad_norm": lambda x: 0 < x <= math.inf,
    "train.ema": lambda x: 0 <= x < 1,
    "train.lookahead.steps": lambda x: x >= 0,
    "train.lookahead.alpha": lambda x: 0 < x <= 1,
    "train.fgm.epsilon": lambda x: 0 <= x < math.inf,
    "train.r_drop": lambda x: 0 <= x < math.inf,
    "train.smoothing.gold": lambda x: 0 <= x < 1,
    "train.smoothing.rest": lambda x: 0 <= x < 1,
    "train.freeze.layers": lambda x: x >= 0,
    "train.max_length": lambda x: x >= 1,
    "train.patience": lambda x: x >= 0,
    "train.bits": lambda x: x in (8, 16, 32),
}
CHOICES = {
    "train.precision": ("float32", "bfloat16", "float16", "auto"),
    "train.fgm.variant": ("adversarial", "both"),
}


def fill_in(train: Train, *, lr: float, least_head_lr: float) -> None:
    """Fill in what is left open: the precision, and the rates, of which the head's is at least `least_head_lr`."""
    if train.lr is None:
        train.lr = lr
    if train.head_lr is None:
        train.head_lr = max(least_head_lr, train.lr)
    if train.precision == "auto":
        from ie_cli.nn.device import best_device  # torch, for which `ie train --help` need not wait
        from ie_cli.nn.precision import choose

        train.precision = str(choose("auto", best_device())).removeprefix("torch.")
