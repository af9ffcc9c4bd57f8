"""CCKS2019 entity linking: mentions with the ids of a knowledge base, NIL where it has none.

    {"text_id": "1", "text": "青禾科技在梁溪", "mention_data": [
      {"kb_id": "10001", "mention": "青禾科技", "offset": "0"}, {"kb_id": "NIL", "mention": "梁溪", "offset": "5"}]}

- `offset` is a number written as a string; it counts every character, a U+200B or U+FEFF at the start of
  a text, too. Mentions may overlap.
- A mention that is not where its offset says is lost. A row without `mention_data` (test files) becomes a
  record without `entities`.
- NIL becomes a link whose `kb_id` is null. Written is this form, which is the submission form: it has no
  place for a NIL type.
- The knowledge base itself (`kb_data`) is for `ie kb build`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from ie_cli.errors import Report
from ie_cli.formats import _mentions
from ie_cli.records import Record


def read(path: str, report: Report, *, encoding: str | None = None) -> Iterator[Record]:
    """Records of a CCKS2019 file, `-` for standard input."""
    return _mentions.read(path, report, encoding=encoding)


def write(records: Iterable[Record], out: BinaryIO, report: Report) -> None:
    """Write JSON lines, for training and for submission."""
    _mentions.write(records, out, report, nil_types=False)
