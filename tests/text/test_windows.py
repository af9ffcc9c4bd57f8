from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ie_cli.errors import IEError
from ie_cli.text.encoding import Encoding
from ie_cli.text.windows import owner, windows

# Long on purpose: of its own accord hypothesis takes short texts, which need no windows.
texts = st.integers(0, 60).flatmap(lambda size: st.text("张三。！\n a", min_size=size, max_size=size))
limits = st.integers(1, 20)
overlaps = st.integers(-3, 30)


def encode(text: str, size: int = 1) -> Encoding:
    """Tokens of `size` characters each."""
    starts = list(range(0, len(text), size))
    return Encoding({"ids": [1] * len(starts)}, starts, [min(s + size, len(text)) for s in starts])


def cut(text: str, limit: int, overlap: int) -> list[str]:
    return [text[first:stop] for first, stop in windows(text, encode(text), limit, overlap)]


@given(texts, st.integers(1, 3), limits, overlaps)
def test_windows_cover_every_token_within_the_limit(text, size, limit, overlap):
    encoding = encode(text, size)
    found = windows(text, encoding, limit, overlap)
    assert all(stop - first <= limit for first, stop in found)
    assert found[0][0] == 0 and found[-1][1] == len(encoding)
    assert all(first < stop for first, stop in found) or not text
    shared = max(0, min(overlap, limit // 2))
    for (first, stop), (later, _) in pairwise(found):
        assert first < later  # the next window always goes on
        assert shared // 2 <= stop - later <= shared


@given(texts, limits, overlaps)
def test_a_span_has_exactly_the_owner_that_sees_most_around_it(text, limit, overlap):
    size = len(text)
    found = windows(text, encode(text), limit, overlap)
    for first in range(size):
        for last in range(first, min(size, first + limit)):
            holders = [i for i, (low, high) in enumerate(found) if low <= first and last < high]
            chosen = owner(found, size, first, last)
            assert (chosen in holders) if holders else chosen is None
            if len(holders) > 1 and found[holders[0]][0] > 0 and found[holders[-1]][1] < size:
                margins = [min(first - found[i][0], found[i][1] - 1 - last) for i in holders]
                assert margins[holders.index(chosen)] == max(margins)


@given(texts, limits, st.integers(0, 30))
def test_a_span_no_longer_than_half_the_overlap_is_in_some_window(text, limit, overlap):
    found = windows(text, encode(text), limit, overlap)
    most = min(overlap, limit // 2) // 2
    for first in range(len(text) - most + 1 if most else 0):
        assert owner(found, len(text), first, first + most - 1) is not None


@pytest.mark.parametrize(
    ("text", "limit", "overlap", "expected"),
    [
        ("", 4, 2, [""]),
        ("张三李四", 4, 2, ["张三李四"]),
        ("一二三四五六七八九", 4, 0, ["一二三四", "五六七八", "九"]),
        ("一二三四五六七八九", 4, -3, ["一二三四", "五六七八", "九"]),
        ("一二三四五六七八九", 4, 2, ["一二三四", "三四五六", "五六七八", "七八九"]),
        ("一二三四五六。八九十", 8, 0, ["一二三四五六。", "八九十"]),  # behind the sentence
        ("一二三。五六七八九十", 8, 0, ["一二三。五六七八", "九十"]),  # that one would waste half of the window
        ("一二三四五。七八九十", 8, 4, ["一二三四五。", "三四五。七八九十"]),
        ("一二三四。六七八九十", 8, 4, ["一二三四。六七八", "六七八九十"]),  # the next begins behind a sentence, too
    ],
)
def test_where_windows_are_cut(text, limit, overlap, expected):
    assert cut(text, limit, overlap) == expected


def test_the_first_and_the_last_window_lose_nothing_at_the_edge_of_the_text():
    found = [(0, 6), (2, 8)]
    assert owner(found, 8, 2, 2) == 0  # 2 tokens before it, but the text begins there
    assert owner(found, 8, 5, 5) == 1
    assert owner(found, 8, 1, 6) is None
    assert owner(found, 8, 2, 6) == 1  # the first window ends before the span does


@pytest.mark.parametrize("limit", [0, -1])
def test_a_window_without_room_is_an_error_and_no_endless_loop(limit):
    with pytest.raises(IEError, match=f"a window needs room for at least 1 token, not {limit}"):
        windows("张三", encode("张三"), limit, 0)
