"""CMeIE (CHIP2020, CBLUE), medical relations: triples of strings, without offsets.

    {"text": "甲型流感@多数患者有高热。", "spo_list": [{"Combined": false, "predicate": "临床表现",
      "subject": "甲型流感", "subject_type": "疾病", "object": {"@value": "高热"}, "object_type": {"@value": "症状"}}]}

- As `duie2`. `Combined`, whether the triple joins several sentences, stays with the relation; a prediction
  has none and is written without it.
- A record of a test file, without `spo_list`, has no `relations`.
- `--schema FILE` (`53_schemas.json`) does what it does for `duie1`.
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
    """Records of a CMeIE file, checked against a schema if one is named."""
    return _triples.read(path, report, slots=True, encoding=encoding, schema=schema)


def write(records: Iterable[Record], out: BinaryIO, report: Report) -> None:
    """Write JSON lines, for training and for submission."""
    _triples.write(records, out, report, slots=True)
