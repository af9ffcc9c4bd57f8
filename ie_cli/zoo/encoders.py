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
MADE_WITH = ("positions", "min_count", "min_bigram_count")  # options that decide only how a new encoder is made


@dataclass
class EncoderSettings:
    """Which encoder reads the text.

    Attributes:
        name: a built-in, a friendly name of `ie models`, a folder (one of such a name is ./NAME), a hub id (which is
            downloaded), or a trained model, whose encoder it then is; "auto" is for `ie train` to choose by the
            number of texts, and for `ie pretrain` the built-in.
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
    if start := start_of(settings):
        module = "learned" if (start / manifest.MANIFEST).is_file() else "char"
        return load("ie_cli.zoo", module).begin(settings, start)
    if settings.begin:
        raise _no_start(settings.begin)
    return family(settings.name).create(settings, texts)


def start_of(settings: EncoderSettings) -> Path | None:
    """The folder that an encoder begins with, a model's or that of a built-in by `ie pretrain`; None for all others."""
    if not settings.begin and (settings.name in BUILT_IN or catalogue.is_known(settings.name)):
        return None  # whatever folders are here
    wanted = settings.begin or settings.name
    if model := manifest.look_for(wanted):
        return model
    place = Path(catalogue.resolve(wanted))
    return place if (place / catalogue.CARD).is_file() else None


def _no_start(place: str) -> IEError:
    if not Path(place).is_dir():
        return IEError(f"{place}: the encoder began with this folder, which is gone; put it back, or start anew")
    return IEError(
        f"encoder.begin: {place} is neither a model nor a built-in of `ie pretrain`; "
        "a pretrained encoder is named by encoder.name"
    )


def with_options(own: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The options of an encoder that is there already, some of them set anew.

    Raises:
        IEError: one of them says how it was made, which cannot be changed any more.
    """
    for name in MADE_WITH:
        if name in given and given[name] != own.get(name):
            raise IEError(
                f"encoder.options.{name}: says how an encoder is made, and this one is there already; leave it out"
            )
    return own | given


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
