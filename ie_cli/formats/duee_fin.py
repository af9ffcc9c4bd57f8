"""DuEE-fin, events in financial documents: strings without offsets, a title beside the text.

    {"text": "据悉，青禾科技今日挂牌。", "id": "f1", "title": "青禾科技上市", "event_list": [
      {"event_type": "公司上市", "trigger": "挂牌", "arguments": [{"role": "上市公司", "argument": "青禾科技"},
       {"role": "环节", "argument": "正式上市"}]}]}

- `title` stays with the record. A string that is only in the title has no place in the text and stays
  a value without offsets.
- A role with choices (环节) names one of them, which is not looked for in the text: its argument is
  marked `enum`. Which roles these are is read from `--schema FILE`, else known for the published schema.
- A training file leaves `event_list` out where there are no events, a test file everywhere. So a record
  without it has no events if the file has events within its first 1000 records, else nobody looked for any;
  `--variant labelled` or `test` settles it.
- With `--schema`, types and roles that are not in it are lost; another choice than its own is only reported.
- Written is this form; the submission is its `id` and `event_list`, and the other keys are not looked at.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, BinaryIO

from ie_cli import files
from ie_cli.errors import Report, UsageError
from ie_cli.formats import _duee, _event_schema
from ie_cli.formats._reading import Row, build_records, rows
from ie_cli.formats._writing import Draft, drafts, write_json_lines
from ie_cli.records import Record
from ie_cli.registry import unknown

VARIANTS = ("labelled", "test")
CHOICES = {"公司上市": {"环节": ["筹备上市", "暂停上市", "正式上市", "终止上市"]}}
_AHEAD = 1000  # records looked at to detect a test file; in the published training data every eighth has no events


def read(
    path: str, report: Report, *, encoding: str | None = None, variant: str | None = None, schema: str | None = None
) -> Iterator[Record]:
    """Records of a DuEE-fin file, checked against a schema if one is named."""
    if variant not in (None, *VARIANTS):
        raise UsageError(unknown("variant", variant, VARIANTS))
    known = _event_schema.load(schema) if schema else None
    found = rows(files.json_rows(path, report, encoding=encoding), path, report)
    return build_records(_without_events(found, variant), partial(_duee.record, schema=known, choices=CHOICES))


def _without_events(found: Iterator[Row], variant: str | None) -> Iterator[Row]:
    """The rows; in a labelled file those without `event_list` get an empty one."""
    held = []
    for row in found if variant is None else ():
        held.append(row)
        if "event_list" in row.data or len(held) == _AHEAD:
            break
    labelled = variant == "labelled" or any("event_list" in row.data for row in held)
    for row in itertools.chain(held, found):
        if labelled:
            row.data.setdefault("event_list", [])
        elif "event_list" in row.data and variant is None:
            reason = "the first event, so the file is no test file as it seemed; --variant labelled settles it"
            row.mended(reason, cause="labelled file read as a test file")
            labelled = True
        yield row


def write(records: Iterable[Record], out: BinaryIO, report: Report) -> None:
    """Write JSON lines, for training and for submission."""
    write_json_lines(_written(drafts(records, report)), out)


def _written(found: Iterable[Draft]) -> Iterator[dict[str, Any]]:
    """The rows; where there are both, those that nobody looked at are written as those without events."""
    looked_at, before = False, []  # before: those that nobody looked at, as far as reading looks ahead
    for draft in found:
        if draft.record.events is not None:
            for other in before if len(before) < _AHEAD else ():
                _tell_misread(other)
            looked_at, before = True, []
        elif looked_at:
            _tell_misread(draft)
        elif len(before) < _AHEAD:
            before.append(draft)
        yield _duee.row(draft, offsets=False)


def _tell_misread(draft: Draft) -> None:
    reason = "has no `events`, but other records have; it is read again as one without events"
    draft.mended(reason, cause="not looked at, among records with events")
