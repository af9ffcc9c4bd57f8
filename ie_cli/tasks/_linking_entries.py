"""What a model reads of an entity: its tokens, and what a text shares with its description."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from ie_cli.locate import Place, fold, occurrences
from ie_cli.nn.ranking import SHARED
from ie_cli.tasks._linking_base import LinkingBase
from ie_cli.tasks._linking_codec import Context
from ie_cli.text import jieba_words
from ie_cli.text.encoding import Tokenizer

READ = 4  # characters that are tokenised at most, for each token that is read
LONGEST_OBJECT = 10  # characters, as published
MOST = 4000  # characters of a description in which a text's words are looked for
KEPT = 8192  # entities of which this is kept
TEXTS_KEPT = 512  # texts whose words are kept, as many as are predicted together; a long one takes half a megabyte


class Described(NamedTuple):
    """An entity, and the text that is left out of its description (see `OwnCounts.text`)."""

    kb_id: str
    without: str | None


class Contents(NamedTuple):
    """Of a description: its text as strings are compared, its letters and digits, and the objects of its facts."""

    text: str
    characters: frozenset[str]
    objects: frozenset[str]


class Entries:
    """The entities of a base as a model needs them.

    Args:
        tokenizer: the encoder's.
    """

    def __init__(self, base: LinkingBase, tokenizer: Tokenizer, settings: Any):
        self.base, self.tokenizer, self.settings = base, tokenizer, settings
        self.features = lru_cache(KEPT)(self._features)
        self._contents = lru_cache(KEPT)(self._read)

    def clear(self) -> None:
        """Keep nothing."""
        self.features.cache_clear()
        self._contents.cache_clear()

    def _features(self, entity: Described) -> dict[str, list[int]]:
        """The features of the tokens that are read: names, types, description."""
        entry = self.base.entity(*entity)
        limit = self.settings.description_length
        names = "、".join((entry.name, *entry.aliases))[: READ * limit // 2]
        text = "。".join(filter(None, (names, "、".join(entry.types), entry.description)))
        return self.tokenizer(text[: READ * limit]).window(0, limit)

    def _read(self, entity: Described) -> Contents:
        entry = self.base.entity(*entity)
        text = fold(entry.description[:MOST])
        objects = (fold(value) for _, value in entry.facts if 1 < len(value) <= LONGEST_OBJECT)
        return Contents(text, frozenset(filter(str.isalnum, text)), frozenset(objects))

    def shared(self, here: Context, entity: Described, length: int) -> list[list[float]]:
        """[length, SHARED]: which characters, words and objects the tokens have from the description."""
        contents, text = self._contents(entity), fold(here.text)
        columns = (
            [character in contents.characters for character in text],
            _marked(len(text), [place for place in words(here.text) if text[slice(*place)] in contents.text]),
            _marked(len(text), [place for value in contents.objects for place in occurrences(text, value)]),
        )
        rows = [[float(column[at]) for column in columns] for at in here.starts]
        return rows + [[0.0] * SHARED] * (length - len(rows))


@lru_cache(TEXTS_KEPT)
def words(text: str) -> tuple[Place, ...]:
    """Where jieba's words of two characters and more are."""
    places = list(enumerate(jieba_words.boundaries(text)))
    begins = [i for i, place in places if place == jieba_words.BEGIN]
    ends = [i + 1 for i, place in places if place == jieba_words.END]
    return tuple(zip(begins, ends, strict=True))


def _marked(length: int, places: Sequence[Place]) -> list[bool]:
    marks = [False] * length
    for start, end in places:
        marks[start:end] = [True] * (end - start)
    return marks
