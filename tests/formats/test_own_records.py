"""Records that people write themselves: what is left out is filled in and told."""

import json

import pytest

from ie_cli.errors import Report
from ie_cli.formats import jsonl

TEXT = "𠮷田在北京"
WHOLE = {
    "text": TEXT,
    "entities": [{"start": 0, "end": 2, "type": "人", "text": "𠮷田"}],
    "relations": [
        {
            "predicate": "在",
            "subject": {"start": 0, "end": 2, "text": "𠮷田"},
            "object": {"start": 3, "end": 5, "text": "北京"},
            "slots": {"谁": {"start": 0, "end": 1, "text": "𠮷"}},
        }
    ],
    "events": [
        {
            "type": "到",
            "trigger": {"start": 2, "end": 3, "text": "在"},
            "arguments": [{"role": "地点", "start": 3, "end": 5, "text": "北京"}],
        }
    ],
}


def without_texts(value):
    if isinstance(value, list):
        return [without_texts(item) for item in value]
    if isinstance(value, dict):
        return {key: without_texts(item) for key, item in value.items() if key != "text"}
    return value


def read(tmp_path, *rows):
    path, seen = tmp_path / "own.jsonl", []
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return list(jsonl.read(str(path), Report(lambda problem: seen.append(str(problem))))), seen


def test_spans_without_their_text_get_what_stands_there(tmp_path):
    (bare, whole), told = read(tmp_path, without_texts(WHOLE) | {"text": TEXT}, WHOLE)
    assert bare == whole
    assert told == [f"{tmp_path}/own.jsonl:1: spans without 'text': 6, filled in with what stands there"]


@pytest.mark.parametrize(
    ("entities", "reason"),
    [
        ([{"start": 3, "end": 9, "type": "人"}], "9"),
        ([{"start": 3, "end": 2, "type": "人"}], "3"),
        ([{"start": True, "end": 2, "type": "人"}], "'start' must be an integer"),
        ([{"start": 1, "type": "人"}], "come together"),
        (["人"], "must be an object"),
        (7, "must be a list"),
    ],
)
def test_places_that_are_none_are_still_told(tmp_path, entities, reason):
    found, told = read(tmp_path, {"text": TEXT, "entities": entities})
    assert not found
    assert reason in told[-1] and "own.jsonl:1" in told[-1]


@pytest.mark.parametrize("row", [{"entities": [{"start": 0, "end": 1}]}, ["text"], {"text": 3}])
def test_what_is_no_record_is_skipped(tmp_path, row):
    found, told = read(tmp_path, row)
    assert not found and len(told) == 1
