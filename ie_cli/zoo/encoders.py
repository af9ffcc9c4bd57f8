"""Encoders by name: a built-in, a local folder, a friendly name, a hub id, or that of a trained model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ie_cli.errors import IEError
from ie_cli.registry import load
from ie_cli.text.encoding import Tokenizer
from ie_cli.writing import whole_folder
from ie_cli.zoo import catalogue, manifest

if TYPE_CHECKING:
    from torch import nn  # `ie models` lists the names without loading torch

CHAR = "char-bilstm"
BUILT_IN = (CHAR,)
AUTO = "auto"


@dataclass
class EncoderSettings:
    """Which encoder reads the text.

    Attributes:
        name: a built-in, a folder, a friendly name of `ie models`, a hub id (which is downloaded), or a trained model,
            whose encoder it then is; "auto" is for `ie train` to choose by the number of texts, and for `ie pretrain`
            the built-in.
        mode: "characters", "pieces" or "auto", which takes characters wherever the vocabulary has them.
        options: settings of a built-in's own (dimensions, layers, dropout), or `positions` of a pretrained one.
        begin: folder of `ie pretrain` whose vocabulary, shape and weights a built-in begins with, or of a model whose
            encoder any encoder begins with.
    """

    name: str = AUTO
    mode: str = "auto"
    options: dict[str, Any] = field(default_factory=dict)
    begin: str | None = None


@dataclass
class TextEncoder:
    """A tokenizer and its encoder module, with the settings that made them."""

    tokenizer: Tokenizer
    module: nn.Module
    settings: EncoderSettings


def family(name: str) -> ModuleType:
    """The module that makes and opens encoders of this name."""
    return load("ie_cli.zoo", "char" if name in BUILT_IN else "pretrained")


def create(settings: EncoderSettings, texts: Callable[[], Iterable[str]]) -> TextEncoder:
    """A new encoder for training; `texts` gives the training texts, for a built-in's vocabulary.

    Raises:
        IEError: it is not there, is damaged, or does not fit the settings.
    """
    wanted = settings.begin or settings.name
    if model := manifest.look_for(wanted):
        return load("ie_cli.zoo", "learned").create(settings, model)
    if settings.begin and not Path(settings.begin).is_dir():
        raise IEError(
            f"{settings.begin}: the encoder began with this folder, which is gone; put it back, or start anew"
        )
    place = settings.begin or catalogue.resolve(settings.name)
    if (Path(place) / catalogue.CARD).is_file():  # a built-in that `ie pretrain` has made
        return load("ie_cli.zoo", "char").load(settings, Path(place))
    return family(settings.name).create(settings, texts)


def write(encoder: TextEncoder, folder: Path, *, bits: int = 32) -> None:
    """Write an encoder with its weights, so that its folder can be named where an encoder is asked for."""
    with whole_folder(folder) as part:
        family(encoder.settings.name).write(encoder, part, bits)


def save(encoder: TextEncoder, folder: Path) -> None:
    """Write all but the weights."""
    family(encoder.settings.name).save(encoder, folder)


def open_encoder(folder: Path, settings: EncoderSettings) -> TextEncoder:
    """Read what `save` wrote; the weights are those of a new module."""
    return family(settings.name).open(folder, settings)
