"""When two strings count as one: the rules that compare strings and not places."""

from __future__ import annotations

import unicodedata

_HAN = (  # the blocks that BERT's tokenizer splits into single characters
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF),
    (0x2A700, 0x2CEAF), (0x2F800, 0x2FA1F),
)  # fmt: skip


def tokens(text: str) -> tuple[str, ...]:
    """The words and characters that BERT's basic tokenizer makes: lower case, no accents, no control characters.

    Two strings have the same word pieces, compared as strings, if and only if these are the same:
    pieces only cut words further. So no vocabulary is needed, and characters outside of any stay
    what they are. White space does not count, except that it parts two words of letters.
    """
    spaced = []
    for char in unicodedata.normalize("NFD", text.lower()):
        category = unicodedata.category(char)
        if char in " \t\n\r" or category == "Zs":
            spaced.append(" ")
        elif category not in ("Mn", "Cc", "Cf") and char != "\ufffd":
            spaced.append(f" {char} " if _alone(char, category) else char)
    return tuple(word for word in "".join(spaced).split(" ") if word)


def plain(text: str) -> str:
    """The string as Baidu's scorers compare it: lower case, without one pair of title marks around all of it."""
    text = text.lower()
    return text[1:-1] if text.startswith("《") and text.endswith("》") else text


def _alone(char: str, category: str) -> bool:
    """Whether a character is a token of its own: Han, punctuation, or an ASCII symbol."""
    code = ord(char)
    symbol = code < 128 and not char.isalnum()
    return symbol or category.startswith("P") or any(first <= code <= last for first, last in _HAN)
