"""The encoder that is trained: one of the zoo, smaller or with another vocabulary if that is asked for."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable

from torch import nn
from transformers import PreTrainedTokenizerFast

from ie_cli.errors import IEError
from ie_cli.nn.pretrained import PretrainedEncoder
from ie_cli.pretraining.narrowing import narrow
from ie_cli.pretraining.settings import Student
from ie_cli.text.character_tokenizer import SPECIALS, character_tokenizer
from ie_cli.text.pretrained import CharacterPieces, unknown_id, wrap
from ie_cli.zoo.encoders import TextEncoder

METASPACE = "▁"  # what SentencePiece writes for a space
NAMES = [f"student.{field.name}" for field in dataclasses.fields(Student)]


def change(encoder: TextEncoder, settings: Student, texts: Callable[[], Iterable[str]]) -> TextEncoder:
    """The encoder as the settings ask for it; what is changed of it is changed in place.

    Args:
        texts: of which the vocabulary is made, and that the units of the feed-forward part are watched on.

    Raises:
        IEError: the encoder is a built-in, or has no such layers or parts.
    """
    if settings == Student():
        return encoder
    if not isinstance(encoder.module, PretrainedEncoder):
        raise IEError(f"{', '.join(NAMES)}: only a pretrained encoder can be cut; use encoder.options")
    if settings.layers:
        encoder.module.keep(settings.layers)
    if settings.vocabulary:
        encoder = _read_characters(encoder, _characters(encoder, texts())[: settings.vocabulary - len(SPECIALS)])
    if settings.feed_forward:
        narrow(encoder, settings.feed_forward, texts())
    return encoder


def _characters(encoder: TextEncoder, texts: Iterable[str]) -> list[str]:
    """The characters of the texts, the frequent ones first, then those that the encoder knows besides."""
    counts = Counter(c for text in texts for c in text)
    vocabulary = encoder.tokenizer.inner.get_vocab()
    known = sorted((token for token in vocabulary if len(token) == 1 and token != METASPACE), key=vocabulary.get)
    return list(dict.fromkeys([*sorted(counts, key=lambda c: (-counts[c], c)), *known]))


def _read_characters(encoder: TextEncoder, characters: list[str]) -> TextEncoder:
    """The encoder over single characters; known ones keep their vectors, new ones get the mean of all."""
    old, inner = CharacterPieces(encoder.tokenizer.inner), encoder.module.inner
    table = inner.get_input_embeddings().weight.detach()
    new = table.mean(0).repeat(len(SPECIALS) + len(characters), 1)
    tokenizer = character_tokenizer(characters)
    for special, name in SPECIALS.items():
        if (known := _special(old.inner, special)) is not None:
            new[tokenizer.convert_tokens_to_ids(name)] = table[known]
    for i, character in enumerate(characters, len(SPECIALS)):
        (known,) = old(character).features["ids"]
        if known != unknown_id(old.inner):
            new[i] = table[known]
    inner.set_input_embeddings(nn.Embedding.from_pretrained(new, freeze=False, padding_idx=tokenizer.pad_token_id))
    inner.config.vocab_size, inner.config.pad_token_id = len(new), tokenizer.pad_token_id
    module = encoder.module
    module.first, module.last, module.pad = (
        tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id
    )  # fmt: skip
    return TextEncoder(wrap(tokenizer, "characters"), module, dataclasses.replace(encoder.settings, mode="characters"))


def _special(old: PreTrainedTokenizerFast, name: str) -> int | None:
    """The id of a special token, or of what some families have in its place."""
    stand_in = {"cls_token": "bos_token_id", "sep_token": "eos_token_id"}.get(name)
    own = getattr(old, f"{name}_id")
    return getattr(old, stand_in) if own is None and stand_in else own
