"""Pretrained encoders: any BERT-like `AutoModel`, from a folder, a friendly name or the hub.

What was trained is opened without transformers where it is BERT, as most are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from torch import nn

from ie_cli import config
from ie_cli.errors import IEError
from ie_cli.nn.hybrid import HybridEncoder
from ie_cli.nn.pretrained import PretrainedEncoder
from ie_cli.text.characters import WithWords
from ie_cli.text.pretrained import wrap
from ie_cli.zoo import _bert, catalogue, char, tensors
from ie_cli.zoo.encoders import EncoderSettings, TextEncoder

if TYPE_CHECKING:  # takes seconds to import, which a model of BERT does not need
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from ie_cli.nn.bert import Bert
    from ie_cli.text.tokenizer_file import TokenizerFile


@dataclass
class Options:
    """What can be changed in a pretrained encoder.

    Attributes:
        positions: how long a text may become, in tokens with the special ones, by hierarchical
            position embeddings (`ie_cli.nn.positions`); null leaves the encoder as it is. The encoder
            was not trained with them: measure against windows.
        log_n: scale attention by log n / log of this number, n the length of the text (kexue.fm/archives/8823);
            usual is 512. Made for encoders that were pre-trained with it; with any other this is an untested
            change: measure. null leaves attention as it is.
        words: size of each direction of a BiLSTM on top, which reads what jieba knows of the words beside the
            encoder's output, as `char-bilstm` does; 0 is none.
        dropout: before that BiLSTM.
    """

    positions: int | None = None
    log_n: int | None = None
    words: int = 0
    dropout: float = 0.3


RANGES = {  # of `positions`, which depend on the encoder, `_transformers` says what they may be
    "log_n": lambda x: x is None or x >= 2,
    "words": lambda x: x >= 0,
    "dropout": lambda x: 0 <= x < 1,
}


def create(settings: EncoderSettings, texts: Callable[[], Iterable[str]]) -> TextEncoder:
    """Load a pretrained encoder with its weights; the texts are not needed.

    Raises:
        IEError: nothing of that name is here or on the hub, or it is no encoder.
    """
    place = catalogue.resolve(settings.name)
    if place == settings.name and not Path(place).is_dir() and not _may_be_hub_id(place):
        raise IEError(f"no encoder '{place}': not a folder, not a name of `ie models`, not a hub id (OWNER/NAME)")
    options = config.build(Options, settings.options, "encoder.options")
    from ie_cli.zoo import _transformers

    try:
        tokenizer, inner = _transformers.load(place, options.positions)
    except (OSError, ValueError, ImportError) as error:
        reason, way = _first_line(error).rstrip("."), "name a folder that holds it, or ie-small-zh, which ships"
        raise IEError(f"cannot load the encoder '{settings.name}': {reason}; {way}") from None
    return _assemble(settings, tokenizer, inner)


def _may_be_hub_id(name: str) -> bool:
    """OWNER/NAME, where OWNER is no folder here: a mistyped path is never asked for on the network."""
    return name.count("/") == 1 and not name.startswith((".", "/", "~")) and not Path(name).parent.is_dir()


def save(encoder: TextEncoder, folder: Path) -> None:
    """Write the tokenizer's files and the architecture."""
    encoder.tokenizer.inner.save_pretrained(folder / catalogue.ENCODER_FOLDER)
    encoder.module.inner.config.save_pretrained(folder / catalogue.ENCODER_FOLDER)


def write(encoder: TextEncoder, folder: Path, bits: int) -> None:
    """Write a folder as the hub has them: config.json, the tokenizer's files, model.safetensors."""
    inner = encoder.module.inner
    inner.config.save_pretrained(folder)
    encoder.tokenizer.inner.save_pretrained(folder)
    weights = tensors.stored(inner.state_dict(), max(bits, 16))  # others that open the folder know nothing of ours
    tensors.write(weights, folder / "model.safetensors", {"format": "pt"})


def open(folder: Path, settings: EncoderSettings, *, light: bool = True) -> TextEncoder:
    """Read what `save` wrote; the weights are new.

    Args:
        light: without transformers where it is BERT, which then does what prediction needs.
    """
    place = folder / catalogue.ENCODER_FOLDER
    try:
        tokenizer, inner = (light and _bert.open(place)) or _open_other(place)
    except (OSError, ValueError, ImportError) as error:
        raise IEError(f"{place}: cannot be opened: {_first_line(error)}") from None
    return _assemble(settings, tokenizer, inner)


def _open_other(place: Path) -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
    from ie_cli.zoo import _transformers

    return _transformers.open(place)


def _assemble(
    settings: EncoderSettings, tokenizer: PreTrainedTokenizerBase | TokenizerFile, inner: PreTrainedModel | Bert
) -> TextEncoder:
    wrapped = wrap(tokenizer, settings.mode)
    first = tokenizer.cls_token_id if tokenizer.cls_token_id is not None else tokenizer.bos_token_id
    last = tokenizer.sep_token_id if tokenizer.sep_token_id is not None else tokenizer.eos_token_id
    specials = (first is not None) + (last is not None)
    limit = _positions(inner.config)
    options = config.build(Options, settings.options, "encoder.options")
    config.check(options, RANGES, {}, "encoder.options")
    pad, room = tokenizer.pad_token_id or 0, limit and limit - specials
    module: nn.Module = PretrainedEncoder(inner, first=first, last=last, pad=pad, limit=room, base=options.log_n)
    if options.words:
        wrapped = WithWords(wrapped)
        words = char.of_words(char.Options())
        module = HybridEncoder(module, words, hidden=options.words, dropout=options.dropout)
    return TextEncoder(wrapped, module, dataclasses.replace(settings, mode=wrapped.mode))


def _positions(shape) -> int | None:
    """How many tokens the encoder has positions for; RoBERTa's begin behind the padding id."""
    positions = getattr(shape, "max_position_embeddings", None)
    if positions is None or positions <= 0:
        return None
    offset = shape.pad_token_id + 1 if shape.model_type in catalogue.POSITIONS_AFTER_PADDING else 0
    return positions - offset


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
