"""Word features of jieba (github.com/fxsjy/jieba), as integers a character."""

from __future__ import annotations

import functools
import logging

BEGIN, MIDDLE, END, SINGLE = 1, 2, 3, 4  # 0 is padding


@functools.cache
def _segmenter():
    import jieba

    jieba.setLogLevel(logging.WARNING)
    segmenter = jieba.Tokenizer()
    segmenter.initialize()
    return segmenter


def boundaries(text: str) -> list[int]:
    """Where in its word each character stands: begin, middle, end or a word of its own."""
    out: list[int] = []
    for word in _segmenter().cut(text):
        size = len(word)
        out += [SINGLE] if size == 1 else [BEGIN, *[MIDDLE] * (size - 2), END]
    return out
