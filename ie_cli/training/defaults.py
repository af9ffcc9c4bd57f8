"""What a recipe leaves open, chosen by how many texts there are to train on, and by the encoder.

Few texts want an encoder that knows the language already, and small batches, so that there are steps enough; many
teach the faster one from scratch all that it needs. The measurements are in data/results/training.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ie_cli.training import batches, settings
from ie_cli.training.diagnosis import Notice
from ie_cli.training.settings import Train
from ie_cli.zoo import folder
from ie_cli.zoo.encoders import AUTO, BUILT_IN, CHAR, EncoderSettings, TextEncoder

FEW = 5000  # texts
EPOCHS = (5, 50)  # least and most
SMALL = 50e6  # weights of an encoder for which ELECTRA-small's rate is better than BERT-base's (arXiv 2003.10555)


class Family(NamedTuple):
    """What a kind of encoder wants: rates, the head's at least as given, and epochs for so many steps."""

    lr: float
    least_head_lr: float
    steps: int


SCRATCH = Family(2e-3, 0.0, 4000)
SMALL_PRETRAINED = Family(3e-4, 2e-3, 1000)
PRETRAINED = Family(5e-5, 1e-3, 1000)


def choose_encoder(wanted: EncoderSettings, texts: int) -> Iterator[Notice]:
    """Name the encoder where none is asked for; options alone are those of the built-in one."""
    if wanted.name != AUTO or wanted.begin:
        return
    if texts >= FEW or wanted.options:
        wanted.name = CHAR
        return
    wanted.name, wanted.options = "ie-small-zh", {"words": 256}
    yield Notice(
        f"of few texts ({texts}) the pretrained ie-small-zh with jieba's words learns more, so it was taken; "
        f"-e {CHAR} predicts twice as fast"
    )


def fill_in(train: Train, encoder: TextEncoder, texts: int, lengths: Sequence[int], processes: int) -> None:
    """Fill in rates, batch, and epochs, of which each has all windows of the texts; `lengths` are theirs."""
    family = _family(encoder)
    settings.fill_in(train, lr=family.lr, least_head_lr=family.least_head_lr)
    if train.batch is None:
        train.batch = 8 if texts < FEW else 32
    if train.epochs is None:
        least, most = EPOCHS
        enough = math.ceil(family.steps / batches.steps(lengths, train, processes))
        train.epochs = min(most, max(least, enough))


def _family(encoder: TextEncoder) -> Family:
    if encoder.settings.name in BUILT_IN:
        return SCRATCH
    return SMALL_PRETRAINED if folder.parameters(encoder.module) < SMALL else PRETRAINED
