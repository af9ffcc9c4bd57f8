"""What jieba (github.com/fxsjy/jieba) knows of a text, as integers a character.

Two views: the words that jieba cuts the text into, and every dictionary word that occurs in it,
cut that way or not, with its part of speech. The second tells a model trained on a few thousand
sentences which strings are known names of people, places and organisations.
"""

from __future__ import annotations

import functools
import logging
import os
import re
from pathlib import Path

BEGIN, MIDDLE, END, SINGLE = 1, 2, 3, 4  # 0 is padding
LONGEST = 6  # longer words count as this long
# jieba's parts of speech that tell entities apart; all others are one class, 0
CLASSES = {
    tag: i for i, tag in enumerate(("n", "nr", "nrt", "ns", "nt", "nz", "v", "vn", "i", "l", "m", "a", "t", "j"), 1)
}

SIZES = {  # feature -> how many values it has
    "words": 1 + SINGLE,
    "begins": 2 + (LONGEST - 1) * (len(CLASSES) + 1),
    "ends": 2 + (LONGEST - 1) * (len(CLASSES) + 1),
    "covers": 2 + LONGEST,
}


# No word of the dictionary has one of these characters, so a text can be cut behind them.
_PIECE = re.compile(r".{1,1000}[^。！？；\n]*[。！？；\n]?", re.DOTALL)


def features(text: str) -> dict[str, list[int]]:
    """One value a character for each feature of `SIZES`; 0 is padding, 1 is "no word".

    A long text is read piece by piece: the graph of its words would take a kilobyte a character.
    """
    out: dict[str, list[int]] = {name: [] for name in SIZES}
    for piece in _PIECE.findall(text):
        for name, values in ({"words": boundaries(piece)} | _dictionary_words(piece)).items():
            out[name] += values
    return out


def boundaries(text: str) -> list[int]:
    """Where in its word each character stands: begin, middle, end or a word of its own."""
    out: list[int] = []
    for word in _segmenter().cut(text):
        size = len(word)
        out += [SINGLE] if size == 1 else [BEGIN, *[MIDDLE] * (size - 2), END]
    return out


def _dictionary_words(text: str) -> dict[str, list[int]]:
    """The longest dictionary word (of two characters and more) that begins at, ends at, covers each character."""
    size, classes = len(text), _classes()
    begins, ends, covers = [1] * size, [1] * size, [1] * size
    reach = [1] * size  # longest word so far that ends at a character
    for first, lasts in _segmenter().get_DAG(text).items():
        for last in lasts:
            length = last - first + 1
            if length == 1:
                continue
            kind = _value(length, classes.get(text[first : last + 1], 0))
            begins[first] = kind  # the ends come in ascending order, so the longest stays
            if length > reach[last]:
                reach[last], ends[last] = length, kind
            cover = 1 + min(length, LONGEST)
            for i in range(first, last + 1):
                covers[i] = max(covers[i], cover)
    return {"begins": begins, "ends": ends, "covers": covers}


def _value(length: int, kind: int) -> int:
    return 2 + (min(length, LONGEST) - 2) * (len(CLASSES) + 1) + kind


@functools.cache
def _segmenter():
    import jieba

    jieba.setLogLevel(logging.CRITICAL)  # it logs what it loads, and tracebacks where it cannot keep its cache
    segmenter = jieba.Tokenizer()
    segmenter.tmp_dir = _cache()
    segmenter.initialize()
    return segmenter


def _cache() -> str | None:
    """A folder of the user's own for jieba's cache, which it would else read from a /tmp that all can write to."""
    try:
        place = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ie_cli"
        place.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # RuntimeError: a user without a home, as in many containers
        return None
    return str(place)


@functools.cache
def _classes() -> dict[str, int]:
    """Class of every word of jieba's dictionary whose part of speech has one."""
    found = {}
    with _segmenter().get_dict_file() as lines:
        for line in lines:
            word, _, tag = line.decode().split()
            if kind := CLASSES.get(tag):
                found[word] = kind
    return found
