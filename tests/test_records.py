"""The record: what is read, what is refused, and that it comes out as it went in."""

import gzip
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ie_cli import records
from ie_cli.errors import FormatError, IEError, Report
from ie_cli.records import Argument, Entity, Event, Link, Record, Relation, Span

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
names = words.filter(bool)
scores = st.none() | st.floats(0, 1)
extras = st.dictionaries(
    st.sampled_from(["source", "注", "x"]), words | st.integers() | st.lists(words, max_size=2), max_size=2
)


@st.composite
def full_records(draw):
    text = draw(names)

    def place():
        if draw(st.booleans()):
            return None, None, draw(names)
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        return start, end, text[start:end]

    def span(kind=Span, **more):
        start, end, surface = place()
        return kind(start=start, end=end, type=draw(st.none() | words), text=surface, extra=draw(extras), **more)

    def entity():
        link = Link(draw(st.none() | words), draw(scores), draw(st.none() | words), draw(extras))
        return span(Entity, score=draw(scores), link=draw(st.sampled_from([None, link])))

    def relation():
        slots = {name: span() for name in draw(st.sets(words, max_size=2))}
        return Relation(draw(names), span(), span(), slots, draw(scores), draw(extras))

    def event():
        arguments = [span(Argument, role=draw(names), score=draw(scores)) for _ in range(draw(st.integers(0, 2)))]
        trigger = span() if draw(st.booleans()) else None
        return Event(draw(names), trigger, arguments, draw(scores), draw(extras))

    def some(build):
        return draw(st.none() | st.just([])) if draw(st.booleans()) else [build()]

    ident = draw(st.none() | words | st.integers())
    return Record(text, ident, some(entity), some(relation), some(event), draw(extras))


@given(record=full_records())
def test_json_round_trip(record):
    assert records.loads(records.dumps(record)) == record
    assert records.loads(records.dumps(record).encode()) == record


def test_keys_come_in_their_order_and_absent_parts_stay_absent():
    line = records.dumps(Record("文", 1, [Entity(0, 1, "T", "文", extra={"z": 1})], extra={"a": 1}))
    assert (
        line
        == '{"id": 1, "text": "文", "entities": [{"start": 0, "end": 1, "type": "T", "text": "文", "z": 1}], "a": 1}'
    )
    assert records.dumps(Record("文")) == '{"text": "文"}'
    assert records.dumps(Record("文", entities=[])) == '{"text": "文", "entities": []}'


def entity(**changed):
    return {"text": "文字", "entities": [{"start": 0, "end": 1, "type": "T", "text": "文"} | changed]}


BAD = [
    ([], "expected a JSON object, found a list"),
    ({}, "the key 'text' is missing"),
    ({"text": 1}, "'text' must be a string, found an integer"),
    ({"text": "文", "id": True}, "'id' must be"),
    ({"text": "文", "id": 1.5}, "'id' must be"),
    ({"text": "文", "entities": {}}, "'entities' must be a list"),
    ({"text": "文", "entities": [1]}, "entities[0]: it must be an object"),
    (entity(end=3), "entities[0]: offsets [0, 3) are outside a text of 2 characters"),
    (entity(start=-1, text=""), "offsets [-1, 1)"),
    (entity(end=0, text=""), "offsets [0, 0)"),
    (entity(end=None), "'start' and 'end' come together"),
    (entity(start=0.0), "'start' must be an integer"),
    (entity(start=False), "'start' must be an integer"),
    (entity(text="字"), "text[0:1] is '文', not '字'"),
    (entity(score="0.5"), "'score' must be a number"),
    (entity(link={}), "'link' needs 'kb_id'"),
    ({"text": "文", "relations": [{"predicate": "p", "subject": {"text": "文"}}]}, "the key 'object' is missing"),
    (
        {"text": "文", "relations": [{"predicate": "p", "subject": {"text": ""}, "object": {"text": "文"}}]},
        "relations[0].subject: has neither offsets nor text; give its string or leave it out",
    ),
    (
        {"text": "文", "relations": [{"predicate": "", "subject": {"text": "文"}, "object": {"text": "文"}}]},
        "relations[0]: 'predicate' is empty",
    ),
    ({"text": "文", "events": [{"type": ""}]}, "events[0]: 'type' is empty"),
    (
        {"text": "文", "events": [{"type": "t", "arguments": [{"role": "", "text": "文"}]}]},
        "arguments[0]: 'role' is empty",
    ),
    (
        {"text": "文", "events": [{"type": "t", "arguments": [{"text": "文"}]}]},
        "arguments[0]: the key 'role' is missing",
    ),
    ({"text": "\ud83d"}, "half a surrogate pair"),
    ({"text": "文", "注": ["\ud83d"]}, "half a surrogate pair"),
]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"text": "文", "score": NaN}', "NaN, which is no JSON"),
        ('{"text": "文", "score": -Infinity}', "-Infinity, which is no JSON"),
        ('{"text": "文", "score": 1e999}', "the number 1e999 is too large"),
        ('{"text": "文", "id": ' + "1" * 5000 + "}", "a number of 5000 digits"),
        ('{"text": "文", "text": "武"}', "the key 'text' is there twice"),
    ],
)
def test_json_that_could_not_be_written_again(line, reason):
    with pytest.raises(FormatError, match=rf"x\.jsonl:7: {reason}"):
        records.loads(line, "x.jsonl", 7)


@pytest.mark.parametrize(("data", "reason"), BAD)
def test_what_is_refused(data, reason):
    with pytest.raises(FormatError) as error:
        records.loads(json.dumps(data), "x.jsonl", 7)
    assert str(error.value).startswith("x.jsonl:7: ")
    assert reason in error.value.reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "not JSON"),
        (b'{"a": 1,\n', r"\(character 9\)"),
        (b'{"text": "\xff"}', "not UTF-8"),
        (b"[" * 100_000, "nested too deep"),
    ],
)
def test_lines_that_are_no_json(line, reason):
    with pytest.raises(FormatError, match=reason):
        records.loads(line)


def test_read_goes_on_after_a_bad_line_and_passes_over_empty_ones():
    problems = []
    lines = [b'\xef\xbb\xbf{"text": "a"}\r\n', b"\n", b"{\n", b'{"text": "b"}']
    found = list(records.read(lines, "x", Report(problems.append)))
    assert [record.text for record in found] == ["a", "b"]
    assert [(p.kind, p.line) for p in problems] == [("skipped", 3)]


@pytest.mark.parametrize(
    "record", [Record("文", entities=[Entity(0, 1, "T", "字")]), Record("\ud83d"), Record("", "\ud83d")]
)
def test_a_broken_record_is_not_written(record):
    with pytest.raises(IEError, match="cannot be written"):
        records.write([record], io.BytesIO())


def test_the_first_line_says_what_the_file_may_be_instead():
    problems = []
    for first in (b'[{"text": "a"}]\n', b"[\n", gzip.compress(b'{"text": "a"}'), b"\xb0\xa1"):
        list(records.read([first, first], "f", Report(problems.append)))
    hints = [problem.reason.partition("; ")[2][:16] for problem in problems]
    assert hints == ["records are one ", "", "records are one ", "", "this is gzip: un", "", "records are UTF-", ""]


def test_broken_lines_are_counted_together():
    report = Report()
    list(records.read([b"{\n", b"{oops\n", b"\xff\n", b"x\xff\n"], "f", report))
    assert report.reasons == {("skipped", "not JSON"): 2, ("skipped", "not UTF-8"): 2}


def test_a_score_that_is_no_number_is_not_written():
    """JSON has no NaN, and no reader of ours takes it."""
    with pytest.raises(IEError, match="record 'a' cannot be written"):
        records.dumps(Record("文", "a", [Entity(0, 1, "X", "文", score=float("nan"))]))


def test_every_name_of_the_interface_is_there():
    assert [name for name in records.__all__ if not hasattr(records, name)] == []
