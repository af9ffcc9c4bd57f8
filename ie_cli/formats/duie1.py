"""DuIE 1.0 (LIC2019), relations: triples of strings, without offsets.

    {"text": "《夜航》是陆时雨的小说", "postag": [{"word": "《", "pos": "w"}], "spo_list": [{"predicate": "作者",
      "subject": "夜航", "subject_type": "书籍", "object": "陆时雨", "object_type": "人物"}]}

- A record of a test file, without `spo_list`, has no `relations`. `postag` stays with the record.
- `--schema FILE` (`all_50_schemas`) reports a triple whose predicate is not in it as lost, reports types
  that differ from it, and fills in a type that is missing where the schema leaves no choice.
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
    """Records of a DuIE 1.0 file, checked against a schema if one is named."""
    return _triples.read(path, report, slots=False, encoding=encoding, schema=schema)


def write(records: Iterable[Record], out: BinaryIO, report: Report) -> None:
    """Write JSON lines, for training and for submission."""
    _triples.write(records, out, report, slots=False)
