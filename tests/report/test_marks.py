"""Spans of any kind as a tree: the text stays whole, and each span is where it was."""

from hypothesis import given
from hypothesis import strategies as st

from ie_cli.analysis.cases import MISSED, RIGHT, Case
from ie_cli.analysis.error_analysis import AnalysedRecord
from ie_cli.analysis.items import Item
from ie_cli.records import Record, Span
from ie_cli.report.marks import Mark, sides, tree

TEXT = "零一二三四五六七八九"
spans = st.tuples(st.integers(0, 9), st.integers(1, 5)).map(lambda s: (s[0], min(s[0] + s[1], 10)))


def mark(start, end, label) -> Mark:
    return Mark(start, end, label, "A", "right")


def flat(parts) -> str:
    return "".join(part if isinstance(part, str) else flat(part.parts) for part in parts)


def shown(parts) -> str:
    return "".join(part if isinstance(part, str) else f"[{shown(part.parts)}]{part.label}" for part in parts)


def characters(parts, at=0, around=()):
    """Each character with the marks it is in."""
    for part in parts:
        inner = [part] if isinstance(part, str) else part.parts
        marks = around if isinstance(part, str) else (*around, part)
        if isinstance(part, str):
            yield from ((char, marks) for char in part)
        else:
            yield from characters(inner, at, marks)


def test_by_hand():
    assert shown(tree("零一二三四", [mark(1, 3, "a")])) == "零[一二]a三四"
    assert shown(tree("零一二三四", [mark(0, 4, "a"), mark(1, 2, "b")])) == "[零[一]b二三]a四"
    assert shown(tree("零一二三四", [mark(0, 3, "a"), mark(2, 5, "b")])) == "[零一[二]b]a[三四]"  # crossing
    assert shown(tree("零一", [mark(0, 2, "a"), mark(0, 2, "b")])) == "[[零一]b]a"
    assert tree("零一", []) == ["零一"]


@given(st.lists(spans, max_size=6))
def test_every_character_is_in_as_many_marks_as_spans(places):
    parts = tree(TEXT, [mark(start, end, str(i)) for i, (start, end) in enumerate(places)])
    assert flat(parts) == TEXT
    for i, (_, around) in enumerate(characters(parts)):
        assert len(around) == sum(start <= i < end for start, end in places)


def test_a_span_that_is_right_for_one_item_and_wrong_for_another_is_shown_as_wrong():
    span = Span(0, 1, None, "零")
    item = Item("P", "key", None, "零", ((span, "P·S"),))
    cases = [Case(RIGHT, item, item), Case(MISSED, item, None), Case(RIGHT, item, item)]
    gold, pred = sides(AnalysedRecord(Record(TEXT), cases))
    assert (gold[0].case, pred[0].case) == (MISSED, RIGHT)
    assert shown(gold) == shown(pred) == f"[零]P·S{TEXT[1:]}"


@given(st.lists(spans, max_size=6))
def test_every_label_is_shown_once_where_its_span_starts(places):
    parts = tree(TEXT, [mark(start, end, str(i)) for i, (start, end) in enumerate(places)])
    first = {}
    for i, (_, around) in enumerate(characters(parts)):
        for one in around:
            if one.label:
                first.setdefault(one.label, i)
    assert first == {str(i): start for i, (start, _) in enumerate(places)}
