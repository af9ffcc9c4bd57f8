"""DuIE 2.0 (LIC2020, LIC2021), relations: triples of strings whose objects have slots, without offsets.

    {"text": "陆时雨在《夜航》中饰演船长", "spo_list": [{"predicate": "饰演", "subject": "陆时雨",
      "subject_type": "娱乐人物", "object": {"@value": "船长", "inWork": "夜航"},
      "object_type": {"@value": "人物", "inWork": "影视作品"}}]}

- `@value` is the relation's object, the others are its slots. An object or a type that is a plain string is
  read as its `@value` and reported as mended.
- A record of a test file, without `spo_list`, has no `relations`.
- `--schema FILE` (`duie_schema.json`) does what it does for `duie1`.
- Written is this form, which is the submission form: scorers look at `text` and `spo_list` only. Relations
  that differ in nothing but their places are written once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from ie_cli.errors import Report
from ie_cli.formats import _triples
from ie_cli.records import Record


def read(path: str, report: Report, *, encoding: str | None = None, schema: str | None = None) -> Iterator[Record]:
    """Records of a DuIE 2.0 file, checked against a schema if one is named."""
    return _triples.read(path, report, slots=True, encoding=encoding, schema=schema)


def write(records: Iterable[Record], out: BinaryIO, report: Report) -> None:
    """Write JSON lines, for training and for submission."""
    _triples.write(records, out, report, slots=True)
