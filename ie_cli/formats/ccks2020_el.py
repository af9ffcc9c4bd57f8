"""CCKS2020 short-text linking: mentions with the ids of a knowledge base, NIL with the type of the mention.

    {"text_id": "1", "text": "青禾科技在梁溪", "mention_data": [{"kb_id": "10001", "mention": "青禾科技",
      "offset": "0"}, {"kb_id": "NIL_Location", "mention": "梁溪", "offset": "5"}]}

- As CCKS2019 (`ccks2019_el`), but for NIL: `NIL_Location` becomes a link whose `kb_id` is null and whose
  `nil_type` is Location. It is written back so; a NIL without a type is written as `NIL`.
- The mentions of a test file, without `kb_id`, become entities without a link.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from ie_cli.errors import Report
from ie_cli.formats import _mentions
from ie_cli.records import Record


def read(path: str, report: Report, *, encoding: str | None = None) -> Iterator[Record]:
    """Records of a CCKS2020 file, `-` for standard input."""
    return _mentions.read(path, report, encoding=encoding)


def write(records: Iterable[Record], out: BinaryIO, report: Report) -> None:
    """Write JSON lines, for training and for submission."""
    _mentions.write(records, out, report, nil_types=True)
