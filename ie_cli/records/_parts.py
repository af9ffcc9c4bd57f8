"""The parts of a record that a model makes, and the record without them."""

from __future__ import annotations

from dataclasses import replace

from ie_cli.records._types import Record

PARTS = ("entities", "relations", "events")


def without_annotation(record: Record) -> Record:
    """The record as if nobody had looked: its id, its text and its unknown keys."""
    return replace(record, entities=None, relations=None, events=None)
