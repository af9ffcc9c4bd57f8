"""Where names of the base and words of jieba begin and end: features of tokens for finding mentions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ie_cli.kb.entry import key
from ie_cli.matching import leftmost_longest
from ie_cli.tasks._linking_base import LinkingBase
from ie_cli.tasks._linking_labels import MOSTLY, NEW, NOTHING_OWN, OwnCounts
from ie_cli.text import jieba_words
from ie_cli.text.encoding import Encoding, Tokenizer
from ie_cli.text.jieba_words import BEGIN, END, MIDDLE, SINGLE

# Feature -> how many values it has; 0 is no name, or padding.
SIZES = {"opens": 1 + 2 * MOSTLY, "closes": 1 + 2 * MOSTLY, "words": jieba_words.SIZES["words"]}


class Named(NamedTuple):
    """A match by its tokens, and its class in the features."""

    first: int
    last: int
    kind: int


@dataclass(frozen=True)
class Matching:
    """A tokenizer whose tokens also tell of names and words.

    "opens" and "closes" are the class (NEW to MOSTLY; NEW without `annotation_rate`) of the longest name that
    begins or ends there, MOSTLY higher if the name is a leftmost-longest match. "words" is the place in
    jieba's word.
    """

    inner: Tokenizer
    base: LinkingBase
    settings: Any

    @property
    def mode(self) -> str:
        return self.inner.mode

    def __call__(self, text: str, own: OwnCounts = NOTHING_OWN) -> Encoding:
        encoding = self.inner(text)
        opens, closes, widths = ([0] * len(encoding) for _ in range(3))
        for first, last, kind in self._named(text, encoding, own):
            opens[first] = kind  # longer names come later
            if last - first >= widths[last]:
                widths[last], closes[last] = last - first, kind
        names = {"opens": opens, "closes": closes}
        return Encoding(encoding.features | words(text, encoding) | names, encoding.starts, encoding.ends)

    def _named(self, text: str, encoding: Encoding, own: OwnCounts) -> Iterator[Named]:
        """The names in the order of the text, shorter ones first."""
        found = self.base.matches(text, own)
        chosen = {match[:2] for match in leftmost_longest(found)}
        for match in found:
            if tokens := encoding.token_span(match.start, match.end):
                kind = self._kind(text[match.start : match.end], own)
                yield Named(*tokens, kind + MOSTLY * (match[:2] in chosen))

    def _kind(self, name: str, own: OwnCounts) -> int:
        return self.base.labels.annotation_class(key(name), own) if self.settings.annotation_rate else NEW


def words(text: str, encoding: Encoding) -> dict[str, list[int]]:
    """Where in jieba's word each token stands; the built-in tokenizer knows it already."""
    if "words" in encoding.features:
        return {}
    places = jieba_words.boundaries(text)
    codes = {(True, False): BEGIN, (False, True): END, (True, True): SINGLE, (False, False): MIDDLE}
    sides = zip(encoding.starts, encoding.ends, strict=True)
    return {"words": [codes[places[a] in (BEGIN, SINGLE), places[b - 1] in (END, SINGLE)] for a, b in sides]}
