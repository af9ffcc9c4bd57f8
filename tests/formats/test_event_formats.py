"""Events in the formats: round trips, defects, schemas, and what each format cannot hold."""

import io
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from same_events import events, load, read, through

from ie_cli.commands.convert import located
from ie_cli.errors import Report
from ie_cli.formats import brat, doccano, duee, duee_fin, fewfc, jsonl, label_studio
from ie_cli.formats._writing import record_keys
from ie_cli.locate import PlaceChoice
from ie_cli.records import Argument, Entity, Event, Record, Span

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
WITH_EVENTS = ["brat", "ccks_event_entity", "doccano", "duee", "duee_fin", "fewfc", "jsonl", "label_studio"]


@pytest.mark.parametrize("name", WITH_EVENTS)
def test_events_of_a_sample_are_written_and_read_again(name, tmp_path):
    before = list(load("jsonl").read(str(SAMPLES / name / "records.jsonl"), Report()))
    after, report = through(load(name), before, tmp_path)
    assert not report.counts
    after = list(located(after, PlaceChoice.nearest, report, Counter()))
    assert sum(len(record.events or ()) for record in before) > 0
    assert [events(r) for r in after] == [events(r) for r in before]
    assert [(r.entities, r.relations) for r in after] == [(r.entities, r.relations) for r in before]
    if name != "brat":  # the order of its files
        assert [*map(record_keys, after)] == [*map(record_keys, before)]


# --- Any events ----------------------------------------------------------------------------------

characters = st.one_of(
    st.sampled_from("🏆𠮷\ufeff\u2028\x85　\t ,|;:\"'\ufffdＡa0"), st.characters(exclude_categories=["Cs"])
)
texts = st.text(st.one_of(characters, st.sampled_from("\r\n")), min_size=1, max_size=30)
names = st.sampled_from(["竞赛行为-夺冠", "财经/交易-出售/收购", "a:b", "x2"])
roles = st.sampled_from(["时间", "冠军", "质押股票/股份数量", "a:b", "trigger"])


@st.composite
def with_events(draw):
    body = draw(texts)

    def place():
        start = draw(st.integers(0, len(body) - 1))
        end = draw(st.integers(start + 1, min(len(body), start + 5)))
        return start, end, None, body[start:end]

    found = [
        Event(
            draw(names), Span(*place()), [Argument(*place(), role=draw(roles)) for _ in range(draw(st.integers(0, 3)))]
        )
        for _ in range(draw(st.integers(1, 3)))
    ]
    return Record(body, "a", events=found)


@given(batch=st.lists(with_events(), min_size=1, max_size=3))
def test_any_events_go_through(batch, tmp_path_factory):
    for module in (duee, duee_fin, fewfc, doccano, label_studio, jsonl):
        before = batch
        if module is duee_fin:
            before = [without_places(record) for record in batch]
        after, report = through(module, before, tmp_path_factory.mktemp("x"))
        assert not report.counts
        assert [(r.text, r.entities, r.relations) for r in after] == [(r.text, None, None) for r in batch]
        assert [events(r) for r in after] == [events(r) for r in before]


@given(record=with_events())
def test_any_events_go_through_brat(record, tmp_path_factory):
    def held(span):
        return span.text.strip("\n") == span.text

    record.events = [event for event in record.events if held(event.trigger)] or None
    for event in record.events or ():
        event.arguments = [argument for argument in event.arguments if held(argument)]
    (after,), report = through(brat, [record], tmp_path_factory.mktemp("x"))
    assert not report.counts
    assert (after.text, events(after)) == (record.text, events(record))


def without_places(record):
    out = []
    for event in record.events:
        arguments = [Argument(None, None, None, a.text, role=a.role) for a in event.arguments]
        out.append(Event(event.type, Span(None, None, None, event.trigger.text), arguments))
    return Record(record.text, record.id, events=out)


# --- Defects -------------------------------------------------------------------------------------

DUEE = {"text": "队夺冠", "event_list": []}


def duee_row(**event):
    return {**DUEE, "event_list": [{"event_type": "夺冠", **event}]}


def duee_argument(**argument):
    return duee_row(arguments=[argument])


CASES = [
    ("duee", {**DUEE, "event_list": {}}, "skipped", "'event_list' is no list"),
    ("duee", {**DUEE, "event_list": [3]}, "lost", "no 'event_type'"),
    ("duee", duee_row(event_type=""), "lost", "no 'event_type'"),
    ("duee", duee_row(arguments=3), "skipped", "'arguments' is no list"),
    ("duee", duee_row(trigger=3), "lost", "no string"),
    ("duee", duee_row(trigger="夺冠", trigger_start_index=2), "mended", "'夺冠' is not at 2"),
    ("duee", duee_row(trigger="夺冠", trigger_start_index="1"), "mended", "'夺冠' is not at 1"),
    ("duee", duee_row(trigger="夺冠", trigger_start_index=-1), "mended", "'夺冠' is not at -1"),
    ("duee", duee_argument(role="冠军", argument=""), "lost", "夺冠, 冠军: no string"),
    ("duee", duee_argument(role="冠军"), "lost", "夺冠, 冠军: no string"),
    ("duee", duee_argument(argument="队"), "lost", "has no role: '队'"),
    ("duee", duee_row(arguments=["队"]), "lost", "has no role"),
    ("duee", duee_argument(role="冠军", argument="队", start=5), "lost", "'start' has another meaning"),
    ("duee", duee_row(score=1), "lost", "'score' has another meaning"),
    ("fewfc", {"content": "好", "events": 1}, "skipped", "'events' is no list"),
    ("fewfc", {"text": "好"}, "skipped", "no string under 'content'"),
    ("fewfc", {"content": "好", "events": [{"type": "x", "mentions": ["好"]}]}, "skipped", "'mentions' is no object"),
    ("fewfc", {"content": "好", "events": [{"mentions": []}]}, "lost", "no 'type'"),
    (
        "fewfc",
        {"content": "好人", "events": [{"type": "x", "mentions": [{"word": "好", "span": [1, 2], "role": "r"}]}]},
        "mended",
        "'好' is not at [1, 2], where the text has '人'",
    ),
]


CASES += [
    (
        "fewfc",
        {"content": "好人", "events": [{"type": "x", "mentions": [{"word": "好", "span": span, "role": "r"}]}]},
        "mended",
        "its place is taken as not known",
    )
    for span in ([0, "1"], ["0", 1], [0], [1, 0], [0, 9], "0-1")
]


@pytest.mark.parametrize(("name", "row", "kind", "reason"), CASES)
def test_defect(name, row, kind, reason, tmp_path):
    found, problems = read(name, [row], tmp_path)
    assert [(p.kind, p.line) for p in problems] == [(kind, 1)]
    assert reason in problems[0].reason
    assert len(found) == (kind != "skipped")


def test_a_string_that_is_not_at_its_place_is_kept(tmp_path):
    (record,), _ = read("duee", [duee_row(trigger="夺冠", trigger_start_index=0)], tmp_path)
    assert record.events[0].trigger == Span(None, None, None, "夺冠")


def test_a_second_trigger_stays_an_argument(tmp_path):
    mentions = [{"word": "买", "span": [0, 1], "role": "trigger"}, {"word": "卖", "span": [1, 2], "role": "trigger"}]
    (record,), _ = read("fewfc", [{"content": "买卖", "events": [{"type": "x", "mentions": mentions}]}], tmp_path)
    assert (record.events[0].trigger.text, record.events[0].arguments[0].role) == ("买", "trigger")


# --- What a format cannot hold -------------------------------------------------------------------

UNPLACED = Argument(None, None, None, "某地", role="地点")
PLACED = Argument(0, 1, None, "队", role="冠军", extra={"alias": ["球队"]})
HARD = Record(
    "队夺冠",
    "r",
    entities=[Entity(0, 1, "ORG", "队")],
    events=[
        Event("夺冠", Span(1, 3, None, "夺冠"), [PLACED, UNPLACED], extra={"class": "竞赛"}),
        Event("夺冠", None, [PLACED]),
        Event("夺冠", Span(None, None, None, "胜出")),
    ],
)
SPANS = {"event without a place": 2, "no place": 1, "key 'alias' of an argument in this format": 1,
         "key 'class' of an event in this format": 1}  # fmt: skip
HELD = [
    ("duee", {"entity in this format": 1}),
    ("duee_fin", {"entity in this format": 1}),
    ("fewfc", {"entity in this format": 1, "no place": 2}),
    ("doccano", SPANS),
    ("label_studio", SPANS),
    (
        "ccks_event_entity",
        {"entity in this format": 1, "trigger in this format": 2, "role but 主体 in this format": 3,
         "key 'alias' of an argument in this format": 2, "key 'class' of an event in this format": 1},
    ),
    ("cmeee", {"event in this format": 3}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "causes"), HELD)
def test_what_a_format_cannot_hold_is_counted(name, causes):
    report = Report()
    load(name).write([HARD], io.BytesIO(), report)
    assert {cause: n for (_, cause), n in report.reasons.items()} == causes


def test_brat_counts_what_it_cannot_hold(tmp_path):
    text = "一\n二 三"
    hard = Event(
        "a b", Span(2, 3, None, "二"), [Argument(0, 2, None, "一\n", role="r"), Argument(0, 1, None, "一", role="r")]
    )
    numbers = Event("x", Span(2, 3, None, "二"), [Argument(0, 1, None, "一", role=role) for role in ("r", "r2")])
    lost = Event("x", Span(1, 3, None, "\n二"))
    report = Report()
    brat.write_folder([Record(text, "r", events=[hard, numbers, lost])], tmp_path / "out", report)
    assert {cause: n for (_, cause), n in report.reasons.items()} == {
        "span that begins or ends with a line end": 2,
        "label with characters the format cannot hold": 2,  # of the span and of the event
        "event that lost arguments": 1,
        "event without its trigger": 1,
        "role with a number": 1,
    }
    assert "E1\ta_b:T1 r:T3\n" in (tmp_path / "out" / "r.ann").read_text()


def test_duee_is_its_submission(tmp_path):
    """The submission's keys are there, with the strings of the data set."""
    row = duee_row(trigger="夺冠", trigger_start_index=1, arguments=[{"role": "冠军", "argument": "队"}])
    found, _ = read("duee", [row], tmp_path)
    out = io.BytesIO()
    duee.write(found, out, Report())
    written = json.loads(out.getvalue())["event_list"][0]
    assert (written["event_type"], written["arguments"]) == ("夺冠", [{"role": "冠军", "argument": "队", "alias": []}])
    assert fewfc.TRIGGER == "trigger"
