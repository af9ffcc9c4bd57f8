"""DuEE 1.0, events in sentences: triggers and arguments with offsets.

    {"text": "梁溪队在决赛中夺冠", "id": "a1", "event_list": [{"event_type": "竞赛行为-夺冠",
      "trigger": "夺冠", "trigger_start_index": 7, "class": "竞赛行为",
      "arguments": [{"argument_start_index": 0, "role": "冠军", "argument": "梁溪队", "alias": []}]}]}

- A record of a test file, without `event_list`, has no `events`.
- An argument may begin with a space. A string that is not where its offset says stays without a place.
- `class` stays with the event, `alias` with the argument.
- With `--schema FILE`, an event schema, types and roles that are not in it are lost.
- Written is this form. It is the submission form, too: that is `id`, `event_list`, `event_type`,
  `arguments`, `role` and `argument`, and the other keys are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import BinaryIO

from ie_cli.errors import Report
from ie_cli.formats import _duee, _event_schema
from ie_cli.formats._reading import read_json
from ie_cli.formats._writing import drafts, write_json_lines
from ie_cli.records import Record


def read(path: str, report: Report, *, encoding: str | None = None, schema: str | None = None) -> Iterator[Record]:
    """Records of a DuEE file, checked against a schema if one is named."""
    build = partial(_duee.record, schema=_event_schema.load(schema) if schema else None)
    return read_json(path, report, build, encoding=encoding)


def write(records: Iterable[Record], out: BinaryIO, report: Report) -> None:
    """Write JSON lines, for training and for submission."""
    write_json_lines((_duee.row(draft, offsets=True) for draft in drafts(records, report)), out)
