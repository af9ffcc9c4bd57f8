"""Keys of the data set, labels and annotatedness that a format cannot hold: none goes, or changes, without a word."""

import io
import json
from dataclasses import replace

import pytest
from same_events import load, read, through

from ie_cli.errors import Report
from ie_cli.formats import brat
from ie_cli.records import Argument, Entity, Event, Link, Record, Relation, Span

TEXT = "队夺冠"
OPTIONS = {"ccks_clinical": {"variant": "2019"}}
KEY = {"own": 1}
RECORD = Record(
    TEXT, "r",
    entities=[Entity(0, 1, "ORG", "队", extra=KEY | {"value": "球队", "candidates": []})],
    relations=[
        Relation("r", Span(0, 1, "ORG", "队", extra=KEY), Span(0, 1, "ORG", "队"),
                 {"a": Span(1, 2, "X", "夺")}, extra=KEY)
    ],
    events=[
        Event("夺冠", Span(1, 3, "V", "夺冠", extra=KEY),
              [Argument(0, 1, "ORG", "队", role="主体", extra=KEY)], extra=KEY)
    ],
    extra=KEY | {"located": "nearest", "value": 2, "enum": 3},
)  # fmt: skip
OF_RECORD = {f"key '{key}' of a record" for key in ("own", "value", "enum")}
OF_ENTITY, OF_TRIGGER = "key 'own' of an entity", "key 'own' of a trigger"
OF_EVENT = {"key 'own' of an event", "key 'own' of an argument", OF_TRIGGER}
OF_RELATION = {"key 'own' of a relation", "key 'own' of a relation's span", "slot"}
TYPES = {"type of a trigger", "type of an argument"}
LOST = [
    ("brat", OF_RECORD | OF_EVENT | OF_RELATION | {OF_ENTITY, "type of a trigger"}),
    ("ccks2019_el", {"relation", "event"}),
    ("ccks2020_el", {"relation", "event"}),
    ("ccks_clinical", {"relation", "event", OF_ENTITY}),
    ("ccks_event_entity", OF_RECORD | OF_EVENT | {"entity", "relation", "trigger"}),
    ("cluener", {"relation", "event", OF_ENTITY}),
    ("cmeee", OF_RECORD | {"relation", "event", OF_ENTITY}),
    ("cmeie", {"entity", "event", "key 'own' of a relation's span"}),
    ("conll", OF_RECORD | {"relation", "event", OF_ENTITY}),
    ("doccano", OF_EVENT | OF_RELATION | {OF_ENTITY, "type of a trigger"}),
    ("duee", TYPES | {"entity", "relation", OF_TRIGGER}),
    ("duee_fin", TYPES | {"entity", "relation", OF_TRIGGER}),
    ("duie1", {"entity", "event", "slot", "key 'own' of a relation's span"}),
    ("duie2", {"entity", "event", "key 'own' of a relation's span"}),
    ("fewfc", TYPES | {"entity", "relation"}),
    ("jsonl", set()),
    ("label_studio", OF_EVENT | OF_RELATION | {OF_ENTITY, "type of a trigger"}),
    ("text", OF_RECORD | {"entity", "relation", "event"}),
]


def again(name, record, tmp_path):
    """The record after being written and read, and the report of both."""
    (after,), report = through(load(name), [record], tmp_path, **OPTIONS.get(name, {}))
    return after, report


@pytest.mark.parametrize(("name", "lost"), LOST)
def test_own_keys_are_kept_or_lost_with_a_word(name, lost, tmp_path):
    after, report = again(name, RECORD, tmp_path)
    assert report.reasons == {("lost", f"{what} in this format"): 1 for what in lost}
    gone = RECORD.extra.keys() - after.extra.keys() - {"located"}
    assert gone == {what.split("'")[1] for what in lost & OF_RECORD}


PLAIN = Record(
    TEXT, "r",
    entities=[Entity(0, 1, "ORG", "队")],
    relations=[Relation("r", Span(None, None, "X", "队"), Span(None, None, "X", "队"))],
    events=[Event("夺冠", Span(1, 3, None, "夺冠"), [Argument(0, 1, None, "队", role="主体")])],
)  # fmt: skip
TAKEN = [
    ("cluener", {"label": "财经"}), ("ccks_clinical", {"originalText": "别的"}),
    ("doccano", {"label": "财经", "labels": 3}), ("duee", {"event_list": 1}), ("duie2", {"spo_list": 1}),
    ("fewfc", {"content": "别的"}), ("ccks2020_el", {"text_id": "9", "mention_data": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "extra"), TAKEN)
def test_a_key_of_the_record_never_takes_the_place_of_what_the_format_has(name, extra, tmp_path):
    """`"content": "别的"` is not the text of a FewFC row."""
    expected, _ = again(name, PLAIN, tmp_path / "a")
    found, report = again(name, replace(PLAIN, extra=extra), tmp_path / "b")
    assert found == expected
    assert report.reasons["lost", "key that the format has"] == len(extra)


ITEMS = [
    ("duee", "events", {"event_type": "x", "arguments": 1}), ("fewfc", "events", {"mentions": "x"}),
    ("duie1", "relations", {"subject": "x", "object_type": 1}),
    ("ccks2019_el", "entities", {"offset": "9", "mention": "x"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "part", "extra"), ITEMS)
def test_nor_does_a_key_of_an_item(name, part, extra, tmp_path):
    expected, _ = again(name, PLAIN, tmp_path / "a")
    items = [replace(item, extra=extra) for item in getattr(PLAIN, part)]
    found, report = again(name, replace(PLAIN, **{part: items}), tmp_path / "b")
    assert found == expected
    assert report.reasons["lost", "key that the format has"] == len(extra)


@pytest.mark.parametrize(("name", "key"), [("duee", "argument"), ("fewfc", "word")])
def test_nor_does_a_key_of_an_argument(name, key, tmp_path):
    expected, _ = again(name, PLAIN, tmp_path / "a")
    (event,) = PLAIN.events
    event = replace(event, arguments=[replace(event.arguments[0], extra={key: "x"})])
    found, report = again(name, replace(PLAIN, events=[event]), tmp_path / "b")
    assert found == expected
    assert report.reasons["lost", "key that the format has"] == 1


# --- Records that are read again as something else -----------------------------------------------

ORG, RELATION = Entity(0, 1, "ORG", "队"), Relation("r", Span(0, 1, "ORG", "队"), Span(1, 3, "V", "夺冠"))
WHAT = [
    (Record(TEXT, "r", [ORG], [RELATION]), {"span that becomes an entity": 1}),
    (Record(TEXT, "r", None, [RELATION]), {"entities nobody looked for": 1}),
    (Record(TEXT, "r", [Entity(0, 1, "event:X", "队")]), {"label of an event": 1}),
    (
        Record(TEXT, "r", [ORG], None,
               [Event("夺冠", Span(1, 3, None, "夺冠"), [Argument(0, 1, "ORG", "队", role="甲")])]),
        {},
    ),
    (
        Record(TEXT, "r", [Entity(0, 1, "argument", "队")], None,
               [Event("夺冠", Span(1, 3, None, "夺冠"), [Argument(0, 1, None, "队", role="甲")])]),
        {"label of an argument": 1},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("record", "causes"), WHAT)
@pytest.mark.parametrize("name", ["doccano", "label_studio"])
def test_what_is_read_again_as_something_else_is_told(name, record, causes, tmp_path):
    (after,), report = through(load(name), [record], tmp_path)
    assert report.reasons == {("mended", cause): n for cause, n in causes.items()}
    assert (after.entities == record.entities) == (not causes)


def test_each_slot_counts():
    report = Report()
    relation = Relation("r", Span(0, 1, "X", "队"), Span(0, 1, "X", "队"), {n: Span(1, 2, "X", "夺") for n in "abc"})
    load("doccano").write([Record(TEXT, "r", [Entity(0, 1, "X", "队")], [relation])], io.BytesIO(), report)
    assert report.reasons == {("lost", "slot in this format"): 3}


def test_a_slot_never_takes_the_place_of_the_object():
    out, report = io.BytesIO(), Report()
    relation = Relation("r", Span(0, 1, "X", "队"), Span(0, 1, "X", "队"), {"@value": Span(1, 2, "X", "夺")})
    load("duie2").write([Record(TEXT, "r", relations=[relation])], out, report)
    assert json.loads(out.getvalue())["spo_list"][0]["object"] == {"@value": "队"}
    assert report.reasons == {("lost", "slot in this format"): 1}


def test_an_entity_counts_as_said_by_a_triple_only_with_its_type():
    report = Report()
    relation = Relation("r", Span(0, 1, "组织", "队"), Span(1, 3, "V", "夺冠"))
    entities = [Entity(0, 1, "ORG", "队"), Entity(1, 3, "V", "夺冠"), Entity(1, 3, "V", "夺冠", link=Link("1"))]
    load("duie1").write([Record(TEXT, "r", entities, [relation])], io.BytesIO(), report)
    assert report.reasons == {("lost", "entity in this format"): 2}


def test_an_id_that_means_nil_is_told(tmp_path):
    entities = [Entity(0, 1, None, "队", link=Link("NIL_X")), Entity(0, 1, None, "队", link=Link("1", nil_type="X"))]
    _, report = through(load("ccks2020_el"), [Record(TEXT, "r", entities)], tmp_path)
    assert report.reasons == {("mended", "id that means NIL"): 1, ("lost", "NIL type in this format"): 1}


def test_odd_ids_of_test_rows_are_no_crash():
    """`asked_type` and `ids` of other data sets may be anything."""
    out, report = io.BytesIO(), Report()
    record = Record(
        TEXT, "r", events=[Event("夺冠", None, extra={"ids": 5})], extra={"asked_type": 3, "ids_without_event": "x"}
    )
    load("ccks_event_entity").write([record], out, report)
    assert out.getvalue().decode() == '"r","队夺冠","夺冠","NaN"\n'
    assert report.counts == {"lost": 3}


NONE = [
    ("brat", {"relations", "events"}),
    ("ccks2019_el", {"relations", "events"}),
    ("ccks_clinical", {"relations", "events"}),
    ("ccks_event_entity", {"entities", "relations"}),
    ("cluener", {"relations", "events"}),
    ("cmeee", {"relations", "events"}),
    ("conll", {"relations", "events"}),
    ("doccano", {"events"}),
    ("duee", {"entities", "relations"}),
    ("duie1", {"entities", "events"}),
    ("duie2", {"entities", "events"}),
    ("fewfc", {"entities", "relations"}),
    ("jsonl", set()),
    ("label_studio", {"relations", "events"}),
    ("text", {"entities", "relations", "events"}),
]


@pytest.mark.parametrize(("name", "parts"), NONE)
def test_that_there_is_none_is_told_where_the_format_cannot_say_it(name, parts, tmp_path):
    (after,), report = through(load(name), [Record(TEXT, "r", [], [], [])], tmp_path, **OPTIONS.get(name, {}))
    assert {cause for _, cause in report.reasons} == {f"that there are no {part}" for part in parts}
    assert {part for part in ("entities", "relations", "events") if getattr(after, part) is None} == parts


@pytest.mark.parametrize("name", ["brat", "doccano", "label_studio"])
def test_that_there_is_none_beside_events_is_told(name, tmp_path):
    event = Event("夺冠", Span(1, 3, None, "夺冠"))
    (after,), report = through(load(name), [Record(TEXT, "r", [], [], [event])], tmp_path)
    assert report.reasons == {("lost", f"that there are no {part}"): 1 for part in ("entities", "relations")}
    assert (after.entities, after.relations, len(after.events)) == (None, None, 1)


# --- Reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize("ident", [1.5, True, ["a"], {}])
def test_an_id_that_is_none_is_told(ident, tmp_path):
    (found,), problems = read("cluener", [{"id": ident, "text": TEXT}], tmp_path)
    assert found.id == "x-1"
    assert [(p.kind, p.line) for p in problems] == [("mended", 1)]
    assert read("cluener", [{"id": None, "text": TEXT}], tmp_path) == ([found], [])


def test_brat_spans_across_an_empty_line(tmp_path):
    record = Record("一\n\n二三", "r", [Entity(0, 4, "X", "一\n\n二")])
    (after,), report = through(brat, [record], tmp_path)
    assert (after.entities, report.counts) == (record.entities, {})


def test_brat_keeps_the_second_of_two_with_one_id(tmp_path):
    (tmp_path / "x.txt").write_text("一二三", encoding="utf-8")
    lines = ["T1\tX 0 1\t一", "T1\tY 1 2\t二", "T2\tZ 2 3\t三", "R1\tr Arg1:T1 Arg2:T2", "E1\tZ:T2 a:T1", "E1\tZ:T2"]
    (tmp_path / "x.ann").write_text("\n".join(lines), encoding="utf-8")
    problems = []
    (found,) = brat.read(str(tmp_path), Report(problems.append))
    assert [e.text for e in found.entities] == ["一", "二"]
    assert (found.relations[0].subject.text, [len(e.arguments) for e in found.events]) == ("一", [1, 0])
    assert [(p.kind, p.line) for p in problems] == [("mended", 2), ("mended", 6)]


def test_relations_mean_the_first_of_two_spans_with_one_id(tmp_path):
    spans = [{"id": 7, "label": name, "start_offset": i, "end_offset": i + 1} for i, name in enumerate("AB")]
    row = {"text": TEXT, "entities": spans, "relations": [{"from_id": 7, "to_id": 7, "type": "r"}]}
    (found,), problems = read("doccano", [row], tmp_path)
    assert ([e.type for e in found.entities], found.relations[0].object.type) == (["A", "B"], "A")
    assert [p.kind for p in problems] == ["mended"]
    regions = [
        {"id": "s", "type": "labels", "value": {"start": i, "end": i + 1, "text": TEXT[i], "labels": [name]}}
        for i, name in enumerate("AB")
    ]
    regions.append({"type": "relation", "from_id": "s", "to_id": "s", "labels": ["r"]})
    regions.append({"type": "relation", "labels": ["no ends"]})
    (found,), problems = read(
        "label_studio", [{"data": {"text": TEXT}, "annotations": [{"result": regions}]}], tmp_path
    )
    assert ([e.type for e in found.entities], found.relations[0].object.type) == (["A", "B"], "A")
    assert [p.kind for p in problems] == ["mended", "lost"]


@pytest.mark.parametrize("value", ["", None])
def test_a_trigger_that_has_only_a_place_is_lost(value, tmp_path):
    event = {"event_type": "夺冠", "trigger": value, "trigger_start_index": 1, "arguments": []}
    (found,), problems = read("duee", [{"text": TEXT, "event_list": [event]}], tmp_path)
    assert (found.events[0].trigger, [p.kind for p in problems]) == (None, ["lost"])
    mention = {"word": value, "span": [1, 3], "role": "trigger"}
    (found,), problems = read("fewfc", [{"content": TEXT, "events": [{"type": "x", "mentions": [mention]}]}], tmp_path)
    assert (found.events[0].trigger, [p.kind for p in problems]) == (None, ["lost"])
