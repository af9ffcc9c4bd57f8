"""Text files as they are published: encodings, line ends, JSON in its layouts, CSV. No torch, nothing printed.

A line ends at \\n, with or without a \\r before it; U+2028, U+0085 and the like are characters of the
text. The path `-` is standard input. What cannot be decoded becomes U+FFFD and is reported.
"""

from __future__ import annotations

from ie_cli.files._csv import csv_row, csv_rows
from ie_cli.files._encodings import CHUNK, detect, named_encoding
from ie_cli.files._json import Value, json_rows, json_values
from ie_cli.files._lines import BOM, first_line, lines, text
from ie_cli.files._streams import is_read_once, opened, stem
from ie_cli.files._surrogates import (
    LONE_SURROGATE,
    encoded,
    has_lone_surrogate,
    join_surrogates,
    replace_lone_surrogates,
)

__all__ = [
    "BOM", "CHUNK", "LONE_SURROGATE", "Value",
    "csv_row", "csv_rows", "detect", "encoded", "first_line", "has_lone_surrogate", "is_read_once", "join_surrogates",
    "json_rows", "json_values", "lines", "named_encoding", "opened", "replace_lone_surrogates", "stem", "text",
]  # fmt: skip
