"""Strings to offsets: every slice is its span, nothing is moved, and what is nowhere is told."""

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ie_cli import files, locate, records
from ie_cli.locate import MOST_PAIRS, NOWHERE, PlaceChoice, nearest, pairs, places
from ie_cli.records import Argument, Entity, Event, Record, Relation, Span

NEAREST, FIRST, ALL = PlaceChoice.nearest, PlaceChoice.first, PlaceChoice.all
CASE, SPACE, MARKS = "in other case or width", "without the white space around it", "without 《》"
PLACES = [
    ("一二一二一", "一二一", [(0, 3), (2, 5)], ""),
    ("aaa", "a", [(0, 1), (1, 2), (2, 3)], ""),
    ("OPPO和oppo", "oppo", [(5, 9)], ""),  # as it is comes before folded
    ("OPPO和Oppo", "oppo", [(0, 4), (5, 9)], CASE),
    ("ＱＨ影业（１）", "QH影业(1)", [(0, 7)], CASE),
    ("İstanbul的Xu", "xu", [(9, 11)], CASE),  # İ is two characters in lower case
    ("Straße的Xu", "xu", [(7, 9)], CASE),  # ß is two characters when folded
    ("ﬁle的Xu", "xu", [(4, 6)], CASE),  # ﬁ is two characters in NFKC
    ("STRASSE", "straße", [], ""),
    ("一 二", "\u3000二 ", [(2, 3)], SPACE),
    ("一 Ab", "ab ", [(2, 4)], CASE),
    ("电影夜航", "《夜航》", [(2, 4)], MARKS),
    ("电影《夜航》", "夜航", [(3, 5)], ""),
    ("电影《夜航》", "《夜航", [(2, 5)], ""),
    ("电影Ab", "《AB》 ", [(2, 4)], CASE),
    ("🎬𠮷野\ue001家", "𠮷野\ue001", [(1, 4)], ""),
    ("一二", "三", [], ""),
    ("一 二", " ", [(1, 2)], ""),
    ("一二", " ", [], ""),
    ("一二", "《》", [], ""),
    ("一二", "", [], ""),
    ("", "一", [], ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value", "found", "how"), PLACES)
def test_places(text, value, found, how):
    assert places(text, value) == (found, how)


few = st.text(st.sampled_from("ab一"), max_size=12)
# Case and width of every kind; letters whose other case has another length; spaces; title marks.
tricky = st.one_of(st.sampled_from("aAｂＢİıſßẞﬁǅΣς①²㎏Å 　\u200b《》🙂𠮷\ufeff\ue001"), st.characters())
texts = st.text(tricky, max_size=20)


@given(few, few.filter(bool))
def test_every_occurrence_is_found(text, value):
    expected = [(i, i + len(value)) for i in range(len(text)) if text[i : i + len(value)] == value]
    assert locate.occurrences(text, value) == expected


@given(texts)
def test_folding_moves_no_character(text):
    assert len(locate.fold(text)) == len(text)
    assert [locate.fold(c) for c in text] == list(locate.fold(text))


@given(st.data(), texts.filter(bool))
def test_what_is_found_is_the_string_but_for_case_width_and_edges(data, text):
    start = data.draw(st.integers(0, len(text) - 1))
    value = data.draw(st.sampled_from([str, str.swapcase, locate.fold, " {} ".format]))(text[start : start + 4])
    found = places(text, value)
    for start, end in found.places:
        assert 0 <= start < end <= len(text)
        assert locate.fold(text[start:end]) in locate.fold(value)
        assert found.how or text[start:end] == value


@given(st.data(), texts.filter(bool))
def test_a_slice_is_found_however_it_is_written(data, text):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    assert (start, end) in places(text, text[start:end]).places
    other = locate.fold(text[start:end])
    assert other.isspace() or not other.strip().strip("《》").strip() or places(text, f" 《{other}》 ").places


A, B = [(0, 2), (10, 12), (30, 32)], [(13, 14), (28, 29)]
PAIRS = [
    (A, B, NEAREST, [((10, 12), (13, 14))]),  # of equal gaps the earlier
    (A, B, FIRST, [((0, 2), (13, 14))]),
    (A[1:], B, ALL, [((10, 12), (13, 14)), ((30, 32), (28, 29)), ((10, 12), (28, 29)), ((30, 32), (13, 14))]),
    ([(0, 4), (20, 24)], [(0, 2), (9, 11)], NEAREST, [((0, 4), (9, 11))]),  # beside comes before inside
    ([(0, 4), (20, 24)], [(0, 2), (9, 11)], ALL, [((0, 4), (9, 11)), ((20, 24), (9, 11)), ((20, 24), (0, 2))]),
    ([(0, 4)], [(0, 2)], NEAREST, [((0, 4), (0, 2))]),  # unless there is nothing else
    ([(0, 2), (5, 7)], [(0, 2), (5, 7)], NEAREST, [((0, 2), (5, 7))]),  # subject and object alike
    ([], B, ALL, [(None, (13, 14))]),
    (A, [], NEAREST, [((0, 2), None)]),
    ([], [], FIRST, [(None, None)]),
]


@pytest.mark.parametrize(("subjects", "objects", "choice", "expected"), PAIRS)
def test_pairs(subjects, objects, choice, expected):
    assert pairs(subjects, objects, choice) == expected


@given(few, few, few)
def test_the_nearest_pair_is_the_nearest_of_all(text, subject, object_):
    a, b = places(text, subject).places, places(text, object_).places
    chosen = pairs(a, b, NEAREST)
    if a and b:
        assert chosen == [min(((x, y) for x in a for y in b), key=locate._rank)]
        assert nearest(a[0], b) == min(b, key=lambda place: locate._rank((a[0], place)))


@given(st.text("ab", max_size=12), st.sampled_from(["a", "aa"]), st.sampled_from(["b", "ab", "a"]))
def test_of_many_pairs_the_nearest_are_taken(text, subject, object_):
    a, b = places(text, subject).places, places(text, object_).places
    every = sorted(((x, y) for x in a for y in b), key=locate._rank)
    apart = [(x, y) for x, y in every if x[1] <= y[0] or y[1] <= x[0]]
    with mock.patch.object(locate, "MOST_PAIRS", 3):
        assert not every or pairs(a, b, ALL) == (apart or every)[:3]


def test_one_place_has_as_many_pairs_as_are_taken():
    assert len(pairs([(0, 1)], [(i, i + 1) for i in range(1, 202, 2)], ALL)) == MOST_PAIRS


def test_very_many_pairs_are_bounded_and_told():
    relation = Relation("r", Span(None, None, None, "一"), Span(None, None, None, "二"))
    found = locate.locate(Record("一二" * 20_000, relations=[relation]), ALL)
    assert len(found.record.relations) == MOST_PAIRS
    assert all(abs(r.subject.start - r.object.start) == 1 for r in found.record.relations)
    assert found.notes == [
        ("'r' has 400000000 pairs of places; the 100 nearest are taken", "more pairs of places than are taken")
    ]


# --- Records -------------------------------------------------------------------------------------


def string(text, **extra):
    return Span(None, None, "X", text, extra=extra)


TEXT = "夜航：陆时雨写《夜航》，陆时雨演《夜航》，ＡＢ"


def triple(**parts):
    return Relation("作者", **{"subject": string("夜航"), "object": string("陆时雨")} | parts)


def where(relation):
    return [(s.start, s.text) for s in (relation.subject, relation.object, *relation.slots.values())]


def test_the_choice_of_places():
    record = Record(TEXT, relations=[triple(slots={"in": string("夜航")})])
    first, near, every = (locate.locate(record, choice) for choice in (FIRST, NEAREST, ALL))
    assert where(first.record.relations[0]) == [(0, "夜航"), (3, "陆时雨"), (0, "夜航")]
    assert where(near.record.relations[0]) == [(0, "夜航"), (3, "陆时雨"), (0, "夜航")]
    assert len(every.record.relations) == 6
    assert where(every.record.relations[1]) == [(8, "夜航"), (3, "陆时雨"), (0, "夜航")]
    assert [found.record.extra["located"] for found in (first, near, every)] == ["first", "nearest", "all"]
    assert [found.placed for found in (first, near, every)] == [3, 3, 3]
    assert locate.locate(record, PlaceChoice.none) == (record, 0, [])


def test_a_span_with_a_place_is_never_moved():
    record = Record(TEXT, relations=[triple(subject=Span(17, 19, "X", "夜航"))], entities=[Entity(8, 10, "X", "夜航")])
    found = locate.locate(record, ALL).record
    assert [where(relation) for relation in found.relations] == [
        [(17, "夜航"), (12, "陆时雨")],
        [(17, "夜航"), (3, "陆时雨")],
    ]
    assert found.entities == record.entities
    whole = Record(TEXT, entities=record.entities)
    assert locate.locate(whole) == (whole, 0, [])


def test_what_the_text_spells_otherwise_keeps_the_given_string():
    found = locate.locate(Record(TEXT, relations=[triple(object=string("《ab》", note=1))]))
    span = found.record.relations[0].object
    assert (span.start, span.end, span.text, span.extra) == (21, 23, "ＡＢ", {"value": "《ab》", "note": 1})
    assert (locate.given(span), locate.given(found.record.relations[0].subject)) == ("《ab》", "夜航")
    assert found.notes == [("relations[0].object: '《ab》' is 'ＡＢ' in the text", f"string found {CASE}")]


def test_what_is_nowhere_stays_and_is_told():
    record = Record(TEXT, relations=[triple(object=string("周小满"), slots={"in": string("写")})])
    found = locate.locate(record)
    assert where(found.record.relations[0]) == [(0, "夜航"), (None, "周小满"), (6, "写")]
    assert found.notes == [("relations[0].object: '周小满' is not in the text; kept without a place", NOWHERE)]
    nothing = Record("无", relations=record.relations)
    assert locate.locate(nothing).record is nothing  # nothing was placed, so nothing is marked


def test_entities_get_their_first_place_or_every_one():
    record = Record(TEXT, entities=[Entity(None, None, "作品", "夜航", score=0.5)])
    assert locate.locate(record).record.entities == [Entity(0, 2, "作品", "夜航", score=0.5)]
    assert [e.start for e in locate.locate(record, ALL).record.entities] == [0, 8, 17]


def test_arguments_are_near_their_trigger():
    def argument(text, **extra):
        return Argument(None, None, None, text, role="r", extra=extra)

    def starts(trigger, choice=NEAREST):
        event = Event("t", trigger, [argument("夜航"), argument("陆时雨"), argument("写", enum=True)])
        found = locate.locate(Record(TEXT, events=[event]), choice)
        assert not found.notes
        event = found.record.events[0]
        return event.trigger and event.trigger.start, *(a.start for a in event.arguments)

    assert starts(string("演")) == (15, 17, 12, None)
    assert starts(Span(6, 7, None, "写")) == (6, 8, 3, None)
    assert starts(None) == (None, 0, 3, None)
    assert starts(string("演"), FIRST) == (15, 0, 3, None)


spans = st.builds(lambda text: Span(None, None, "X", text), texts.filter(bool))
relations = st.builds(lambda subject, object_, slot: Relation("r", subject, object_, {"s": slot}), spans, spans, spans)


@given(texts, st.lists(relations, max_size=3), st.sampled_from(PlaceChoice))
def test_any_record_can_be_located(text, found, choice):
    record = Record(text, relations=found, entities=[Entity(None, None, "X", r.subject.text) for r in found])
    after, placed, _ = locate.locate(record, choice)
    if not files.has_lone_surrogate(text):
        records.check(after)
    assert all(text[s.start : s.end] == s.text for _, s in records.spans(after) if s.start is not None)
    given = {(r.predicate, *map(locate.given, (r.subject, r.object, r.slots["s"]))) for r in after.relations}
    assert given == {(r.predicate, r.subject.text, r.object.text, r.slots["s"].text) for r in found}
    assert ("located" in after.extra) == bool(placed)
    assert locate.locate(after, choice).placed == 0
