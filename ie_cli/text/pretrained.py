"""Tokenizers of pretrained encoders, in two modes."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from ie_cli.errors import IEError
from ie_cli.registry import unknown
from ie_cli.text.encoding import Encoding, identity

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

MODES = ("auto", "characters", "pieces")
PROBE = (  # common characters, letters and digits that a vocabulary of single characters has
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下"
    "过子说产种面而方后多定行学法所民得经abcxyz0189，。"
)


class PieceTokenizer:
    """The encoder's own pieces, with the offsets of its fast tokenizer.

    White space that a vocabulary glues to a piece is not part of the piece's characters.
    """

    mode = "pieces"

    def __init__(self, inner: PreTrainedTokenizerBase):
        if not inner.is_fast:
            raise IEError(f"{type(inner).__name__} gives no offsets, so pieces cannot be used; use mode 'characters'")
        self.inner, self.mask_id = inner, mask_id(inner)

    @property
    def identity(self) -> str:
        return identity(self.inner.get_vocab())

    def __call__(self, text: str) -> Encoding:
        # verbose=False: a long text is cut into windows later, the library need not warn of it
        out = self.inner(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        ids, starts, ends = [], [], []
        for token, (start, end) in zip(out["input_ids"], out["offset_mapping"], strict=True):
            while start < end - 1 and text[start].isspace():
                start += 1
            if start < end:  # a piece that stands for no character (a prefix mark) has no place
                ids.append(token)
                starts.append(max(start, starts[-1] if starts else 0))
                ends.append(max(end, ends[-1] if ends else 0))
        return Encoding({"ids": ids}, starts, ends)


class CharacterPieces:
    """Each code point is one token of a pretrained vocabulary; no span can fall inside a token.

    A character that is not in the vocabulary is looked up again half-width and in lower case, then
    becomes the unknown token: it keeps its place either way.
    """

    mode = "characters"

    def __init__(self, inner: PreTrainedTokenizerBase):
        self.inner, self.mask_id = inner, mask_id(inner)
        self._ids: dict[str, int] = {}

    @property
    def identity(self) -> str:
        return identity(self.inner.get_vocab())

    def __call__(self, text: str) -> Encoding:
        ids = [self._ids[c] if c in self._ids else self._look_up(c) for c in text]
        return Encoding({"ids": ids}, list(range(len(text))), list(range(1, len(text) + 1)))

    def _look_up(self, character: str) -> int:
        folded = unicodedata.normalize("NFKC", character)
        forms = (character, folded, folded.lower())
        found = (single_id(self.inner, form) for form in forms)
        self._ids[character] = next((i for i in found if i is not None), unknown_id(self.inner))
        return self._ids[character]


def unknown_id(inner: PreTrainedTokenizerBase) -> int:
    """The id that stands for a character outside the vocabulary."""
    return next(i for i in (inner.unk_token_id, inner.mask_token_id, inner.pad_token_id, 0) if i is not None)


def mask_id(inner: PreTrainedTokenizerBase) -> int:
    """The id that stands for a hidden token; the unknown one where the vocabulary has none."""
    return unknown_id(inner) if inner.mask_token_id is None else inner.mask_token_id


def single_id(inner: PreTrainedTokenizerBase, character: str) -> int | None:
    """The one known id of a character, or None where the vocabulary needs several or has none."""
    ids = inner(character, add_special_tokens=False, verbose=False)["input_ids"]
    if len(ids) == 2 and not inner.convert_ids_to_tokens(ids[0]).strip("▁"):
        ids = ids[1:]  # SentencePiece puts its word mark before a first character
    return ids[0] if len(ids) == 1 and ids[0] != inner.unk_token_id else None


def default_mode(inner: PreTrainedTokenizerBase) -> str:
    """ "characters" where common Chinese characters, letters and digits are single tokens, else "pieces"."""
    known = sum(single_id(inner, c) is not None for c in PROBE)
    return "characters" if known >= 0.95 * len(PROBE) else "pieces"


def wrap(inner: PreTrainedTokenizerBase, mode: str) -> PieceTokenizer | CharacterPieces:
    """The tokenizer for a mode in `MODES`.

    Raises:
        IEError: no such mode, or the vocabulary gives no offsets for "pieces".
    """
    if mode not in MODES:
        raise IEError(unknown("encoder.mode", mode, MODES))
    mode = default_mode(inner) if mode == "auto" else mode
    return PieceTokenizer(inner) if mode == "pieces" else CharacterPieces(inner)
