"""What a tokenizer returns: features for the encoder and the characters that each token covers."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Encoding:
    """The tokens of one text, without special tokens.

    Attributes:
        features: feature name -> one integer a token; "ids" is always there.
        starts: first character of each token.
        ends: character after the last of each token. Both never decrease; pieces of one character
            (byte-level vocabularies) share their character.
    """

    features: dict[str, list[int]]
    starts: list[int]
    ends: list[int]

    def __len__(self) -> int:
        return len(self.starts)

    def token_span(self, start: int, end: int) -> tuple[int, int] | None:
        """First and last token of the characters [start, end), or None where a boundary is inside a token."""
        first = bisect_left(self.starts, start)
        last = bisect_right(self.ends, end) - 1
        if first >= len(self) or last < first or self.starts[first] != start or self.ends[last] != end:
            return None
        return first, last

    def window(self, first: int, stop: int) -> dict[str, list[int]]:
        """The features of tokens [first, stop)."""
        return {name: values[first:stop] for name, values in self.features.items()}


class Tokenizer(Protocol):
    """The one interface that tasks see.

    Attributes:
        mode: "characters" (every code point is a token, no span can be lost) or "pieces" (the
            encoder's own subwords).
        mask_id: the id that stands for a hidden token in pre-training.
        identity: hash of its vocabulary: another one gives other ids.
    """

    mode: str
    mask_id: int
    identity: str

    def __call__(self, text: str) -> Encoding: ...


def identity(vocabulary: Any) -> str:
    """Hash of plain data that say which id each symbol has: 16 hex digits of SHA-256."""
    return hashlib.sha256(json.dumps(vocabulary, sort_keys=True).encode()).hexdigest()[:16]
