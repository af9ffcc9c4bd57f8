"""Text files as they are published: encodings, line ends, JSON in its layouts. No torch, nothing printed.

A line ends at \\n, with or without a \\r before it; U+2028, U+0085 and the like are characters of the
text. The path `-` is standard input. What cannot be decoded becomes U+FFFD and is reported.
"""

from __future__ import annotations

from ie_cli.files._encodings import CHUNK, detect, named_encoding
from ie_cli.files._halves import HALF, has_half, join_halves, without_halves
from ie_cli.files._json import Value, json_rows, json_values
from ie_cli.files._lines import BOM, first_line, lines, text
from ie_cli.files._streams import opened, stem

__all__ = [
    "BOM", "CHUNK", "HALF", "Value",
    "detect", "first_line", "has_half", "join_halves", "json_rows", "json_values", "lines", "named_encoding", "opened",
    "stem", "text", "without_halves",
]  # fmt: skip
