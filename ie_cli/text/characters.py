"""The built-in tokenizer: characters, character bigrams and jieba's words."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ie_cli.errors import IEError
from ie_cli.text import jieba_words
from ie_cli.text.encoding import Encoding, identity
from ie_cli.text.pretrained import CharacterPieces

UNKNOWN = 1  # 0 is padding
EDGE = "\0"  # stands before the first and behind the last character in a bigram


def vocabulary_form(character: str) -> str:
    """One character as the vocabulary has it: half-width and lower case, always one character.

    `ie_cli.locate.fold` makes strings comparable and goes further (casefold); this one is fixed by the ids of
    the models that are trained.
    """
    folded = unicodedata.normalize("NFKC", character).lower()
    return folded if len(folded) == 1 else character


@dataclass(frozen=True)
class Vocabulary:
    """Known characters and bigrams; ids 0 and 1 are padding and unknown."""

    characters: list[str]
    bigrams: list[str]


def build_vocabulary(texts: Iterable[str], *, min_count: int, min_bigram_count: int) -> Vocabulary:
    """The characters and bigrams seen at least so often, the frequent ones first.

    What is rarer becomes the unknown symbol, which is thereby trained.
    """
    characters: Counter[str] = Counter()
    bigrams: Counter[str] = Counter()
    for text in texts:
        folded = [vocabulary_form(c) for c in text]
        characters.update(folded)
        bigrams.update(_bigrams(folded))
    return Vocabulary(_frequent(characters, min_count), _frequent(bigrams, min_bigram_count))


def _frequent(counts: Counter[str], least: int) -> list[str]:
    return [s for s, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if n >= least]


def _bigrams(folded: list[str]) -> list[str]:
    """The bigram that ends at each character."""
    return [a + b for a, b in zip([EDGE, *folded], folded, strict=False)]


class WithWords:
    """A tokenizer of characters whose tokens have jieba's features, too.

    Raises:
        IEError: its tokens are not characters.
    """

    def __init__(self, plain: CharacterPieces):
        if plain.mode != "characters":
            raise IEError("encoder.options.words: only for tokens that are characters; try encoder.mode=characters")
        self._plain, self.inner, self.mode = plain, plain.inner, plain.mode
        self.mask_id = plain.mask_id

    @property
    def identity(self) -> str:
        return self._plain.identity

    def __call__(self, text: str) -> Encoding:
        plain = self._plain(text)
        return Encoding(plain.features | jieba_words.features(text), plain.starts, plain.ends)


class CharacterTokenizer:
    """Each code point is a token with "ids", "bigrams" (of it and the one before) and jieba's features."""

    mode, mask_id = "characters", UNKNOWN

    def __init__(self, vocabulary: Vocabulary):
        self.vocabulary = vocabulary
        self._characters = {c: i for i, c in enumerate(vocabulary.characters, 2)}
        self._bigrams = {b: i for i, b in enumerate(vocabulary.bigrams, 2)}

    @property
    def identity(self) -> str:
        return identity([self.vocabulary.characters, self.vocabulary.bigrams])

    def __call__(self, text: str) -> Encoding:
        folded = [vocabulary_form(c) for c in text]
        features = {
            "ids": [self._characters.get(c, UNKNOWN) for c in folded],
            "bigrams": [self._bigrams.get(b, UNKNOWN) for b in _bigrams(folded)],
        } | jieba_words.features(text)
        return Encoding(features, list(range(len(text))), list(range(1, len(text) + 1)))
