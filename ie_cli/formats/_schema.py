"""What schemas of relations and of events share: their rows, read whole or not at all.

Any defect is a `FormatError` with its line, because half a schema misleads.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from ie_cli import files
from ie_cli.errors import strict_report


def rows(path: str | os.PathLike) -> Iterator[tuple[int, Any]]:
    """(line, row) of a schema: JSON lines, or one array on one line or many."""
    for line, _, row in files.json_rows(path, strict_report()):
        yield line, row


def string(item: Any, key: str) -> str:
    """The string under a key.

    Raises:
        ValueError: there is none, or it is empty.
    """
    if not isinstance(item, dict) or not isinstance(item.get(key), str) or not item[key]:
        raise ValueError(f"no string under '{key}'")
    return item[key]
