"""What a pre-training run is made of; `ie pretrain x.yaml` fills it from a file, flags and --set override."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from ie_cli import config
from ie_cli.errors import IEError
from ie_cli.training import settings
from ie_cli.training.settings import Train
from ie_cli.zoo.encoders import AUTO, BUILT_IN, CHAR, EncoderSettings


@dataclass
class Texts:
    """Where the texts are.

    Attributes:
        files: one paragraph a line, blank lines between documents; of .jsonl files the `text` of each record.
        length: tokens of a row; paragraphs that follow each other are packed into rows.
        share: of the rows that is used, chosen by their text.
        held_out: rows kept for evaluation: at most this many, and at most a tenth.
    """

    files: list[str] = field(default_factory=list)
    length: int = 128
    share: float = 1.0
    held_out: int = 256


@dataclass
class Masking:
    """Which tokens must be guessed (Devlin et al. 2019; whole words: Cui et al. 2021, arXiv 1906.08101).

    Attributes:
        share: of the tokens.
        unit: what is masked as a whole: "character", jieba's "word", or an "ngram" of one to four words
            (MacBERT, arXiv 2004.13922: 40, 30, 20, 10%).
        mask, other: share of the chosen that becomes the mask, and another token; the rest stays.
    """

    share: float = 0.15
    unit: str = "word"
    mask: float = 0.8
    other: float = 0.1


@dataclass
class Student:
    """Changes to the encoder before it is trained.

    Attributes:
        layers: numbers of the layers that it keeps, from 0 (layer-skip initialisation); empty keeps all.
        vocabulary: read single characters, so many: the most frequent of the texts, then others that the encoder
            knows. Known ones keep their vectors. 0 leaves its vocabulary.
        feed_forward: units that the feed-forward part of each layer keeps (see `narrowing`); 0 keeps all.
    """

    layers: list[int] = field(default_factory=list)
    vocabulary: int = 0
    feed_forward: int = 0


@dataclass
class Teacher:
    """An encoder that is learned from (distillation).

    Attributes:
        name: as for `encoder.name`; null is none.
        layer: which layer's output is learned, from 1; 0 is the last one's.
        hidden: weight of the mean squared error of its standardised hidden states, at all tokens; the student
            reads them masked, the teacher does not.
        relations: weight of the divergence of the query, key and value relations of that layer (MiniLMv2,
            arXiv 2012.15828).
        heads: relation heads.
        guess: weight of the loss of the masked tokens beside it.
    """

    name: str | None = None
    layer: int = 0
    hidden: float = 1.0
    relations: float = 0.0
    heads: int = 12
    guess: float = 1.0


@dataclass
class Recipe:
    """Everything that decides the result of `ie pretrain`.

    Attributes:
        encoder: see `EncoderSettings`; one of the zoo goes on, a built-in starts from scratch.
        texts, masking, student, teacher: see there.
        steps: updates of the weights; 0 is one pass over the texts.
        save_every: steps between two checkpoints, at each of which the held-out rows are measured.
        train: see `ie_cli.training.settings.Train`; `epochs`, `max_length`, `patience` and the methods for heads
            have no part, and are refused.
    """

    encoder: EncoderSettings = field(default_factory=EncoderSettings)
    texts: Texts = field(default_factory=Texts)
    masking: Masking = field(default_factory=Masking)
    student: Student = field(default_factory=Student)
    teacher: Teacher = field(default_factory=Teacher)
    steps: int = 0
    save_every: int = 500
    train: Train = field(default_factory=Train)


RANGES = settings.RANGES | {
    "texts.length": lambda x: x >= 2,
    "texts.share": lambda x: 0 < x <= 1,
    "texts.held_out": lambda x: x >= 1,
    "masking.share": lambda x: 0 < x < 1,
    "masking.mask": lambda x: 0 <= x <= 1,
    "masking.other": lambda x: 0 <= x <= 1,
    "student.vocabulary": lambda x: x >= 0,
    "student.feed_forward": lambda x: x >= 0,
    "teacher.layer": lambda x: x >= 0,
    "teacher.hidden": lambda x: 0 <= x < math.inf,
    "teacher.relations": lambda x: 0 <= x < math.inf,
    "teacher.heads": lambda x: x >= 1,
    "teacher.guess": lambda x: 0 <= x < math.inf,
    "steps": lambda x: x >= 0,
    "save_every": lambda x: x >= 1,
}
INSTEAD = {"epochs": "set steps", "max_length": "set texts.length", "patience": "leave it out"}  # of `train`
CHOICES = {"masking.unit": ("character", "word", "ngram")} | settings.CHOICES


def complete(recipe: Recipe) -> None:
    """Check the ranges and fill in what is left open.

    Raises:
        IEError: a number out of its range, a word that is none of the choices, or a setting without a part here.
    """
    config.check(recipe, RANGES, CHOICES)
    for name, advice in INSTEAD.items():
        if getattr(recipe.train, name) != getattr(Train, name):
            raise IEError(f"train.{name} has no part in pre-training; {advice}")
    if recipe.encoder.name == AUTO:
        recipe.encoder.name = CHAR
    recipe.train.batch = recipe.train.batch or 32
    lr = 1e-3 if recipe.encoder.name in BUILT_IN else 3e-4
    settings.fill_in(recipe.train, lr=lr, least_head_lr=1e-3)
