"""The record: one JSON object a line, the form that every command reads and writes.

    {"id": "…", "text": "…",
     "entities":  [{"start": 0, "end": 3, "type": "人物", "text": "张三丰", "score": 0.98}],
     "relations": [{"predicate": "作者", "subject": SPAN, "object": SPAN, "slots": {"inWork": SPAN}}],
     "events":    [{"type": "竞赛行为-夺冠", "trigger": SPAN, "arguments": [{"role": "冠军", …SPAN}]}]}

Offsets count Unicode code points of `text`, end exclusive, and `text[start:end] == span.text` holds
on reading and on writing. `entities` that is absent (None) means nobody looked; an empty list means
there are none. Keys that this module does not know pass through untouched.
"""

from __future__ import annotations

from ie_cli.records._checks import check, span_error, spans
from ie_cli.records._from_json import from_json
from ie_cli.records._keys import PlaceOrText, place_or_text, span_key
from ie_cli.records._lines import dumps, loads, read, write
from ie_cli.records._pairing import Pairs, pairs
from ie_cli.records._parts import PARTS, without_annotation
from ie_cli.records._placed import Placed, placed, read_placed
from ie_cli.records._to_json import to_json
from ie_cli.records._types import CANDIDATES, Argument, Entity, Event, Link, Record, Relation, Span

__all__ = [
    "CANDIDATES", "PARTS", "Argument", "Entity", "Event", "Link", "Pairs", "PlaceOrText", "Placed", "Record",
    "Relation", "Span", "check", "dumps", "from_json", "loads", "pairs", "place_or_text", "placed", "read",
    "read_placed", "span_error", "span_key", "spans", "to_json", "without_annotation", "write",
]  # fmt: skip
