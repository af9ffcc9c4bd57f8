"""Windows over a text that is longer than the encoder reads at once; nothing is cut off."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from operator import itemgetter

from ie_cli.errors import IEError
from ie_cli.text.encoding import Encoding

SENTENCE_END = frozenset("。！？!?；;\n…")

Window = tuple[int, int]  # tokens [first, stop)


def windows(text: str, encoding: Encoding, limit: int, overlap: int) -> list[Window]:
    """Windows of at most `limit` tokens that cover the text, cut behind a sentence where one ends.

    Neighbours share about `overlap` tokens, so that a span on a boundary is whole in one of them.

    Raises:
        IEError: `limit` is below 1.
    """
    if limit < 1:
        raise IEError(f"a window needs room for at least 1 token, not {limit}")
    overlap = max(0, min(overlap, limit // 2))
    found, first, size = [], 0, len(encoding)
    while size - first > limit:
        earliest = first + limit - limit // 4
        stop = _sentence_start(text, encoding, earliest, first + limit, last=True) or first + limit
        found.append((first, stop))
        first = _sentence_start(text, encoding, stop - overlap, stop - overlap // 2, last=False) or stop - overlap
    found.append((first, size))
    return found


def _sentence_start(text: str, encoding: Encoding, low: int, high: int, *, last: bool) -> int | None:
    """A token in [low, high] that follows the end of a sentence: the last such token or the first."""
    order = range(high, low - 1, -1) if last else range(low, high + 1)
    return next((i for i in order if i > 0 and text[encoding.ends[i - 1] - 1] in SENTENCE_END), None)


def holds(window: Window, first: int, last: int) -> bool:
    """Whether a window has all of the tokens first..last."""
    return window[0] <= first and last < window[1]


def owner(windows: Sequence[Window], size: int, first: int, last: int) -> int | None:
    """The window that decides on the span of tokens first..last: the one that sees most around it.

    Args:
        windows: of a text of `size` tokens.

    Returns:
        An index into `windows`, or None where no window holds the whole span.
    """
    best, margin = None, -1
    # Both ends of the windows ascend, so those that hold the span stand together.
    for i in range(bisect_right(windows, last, key=itemgetter(1)), bisect_right(windows, first, key=itemgetter(0))):
        low, high = windows[i]
        left = first - low if low > 0 else size
        right = high - 1 - last if high < size else size
        if min(left, right) > margin:
            best, margin = i, min(left, right)
    return best
