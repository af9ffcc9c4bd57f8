"""Classes of error by hand, and that every item is in one of them."""

import pytest
from random_records import RULES, pairs

from ie_cli.analysis.cases import MISSED, RIGHT, SPURIOUS
from ie_cli.analysis.error_analysis import EXAMPLES, Errors, analysis_for, empty_analyses
from ie_cli.errors import IEError
from ie_cli.records import Argument, Entity, Event, Link, Record, Relation, Span
from ie_cli.scoring import counts_for, score_all

TEXT = "零一二三四五六七八九"
# The rules whose items are those that errors are counted in.
SAME = [pair for pair in RULES if pair[0] in ("ner", "relations")]
SAME += [("events", None), ("events", "argument"), ("links", None), ("links", "end_to_end")]


def entities(*items) -> Record:
    """A record of (start, end, type), or (None, text, type) for a value."""
    made = [Entity(s, e, t, TEXT[s:e]) if s is not None else Entity(None, None, t, e) for s, e, t in items]
    return Record(TEXT, "1", made)


def analysed(scorer: str, some, rule: str | None = None, **more) -> Errors:
    found, counted = empty_analyses(scorer, rule, **more), counts_for(scorer, rule)
    for gold, pred in some:
        counted.add(gold, pred)
        for one in found:
            one.add(gold, pred)
    return analysis_for(counted.score(), found)


def classes(errors: Errors) -> dict[str, int]:
    return {name: n for name, n in errors.counts.items() if n}


@pytest.mark.parametrize(
    ("gold", "pred", "expected"),
    [
        ([(0, 2, "A")], [(0, 2, "A")], {RIGHT: 1}),
        ([(0, 2, "A")], [], {MISSED: 1}),
        ([], [(0, 2, "A")], {SPURIOUS: 1}),
        ([(0, 2, "A")], [(0, 2, "B")], {"wrong type": 1}),
        ([(0, 2, "A")], [(1, 3, "A")], {"wrong boundary": 1}),
        ([(0, 2, "A")], [(1, 3, "B")], {"wrong both": 1}),
        ([(0, 2, "A")], [(2, 4, "A")], {MISSED: 1, SPURIOUS: 1}),  # touching is not overlapping
        ([(0, 4, "A")], [(0, 2, "A"), (2, 4, "A")], {"wrong boundary": 1, SPURIOUS: 1}),  # each in one case
        ([(0, 4, "A"), (0, 2, "A")], [(0, 2, "A")], {RIGHT: 1, MISSED: 1}),  # what is right is no longer free
        ([(0, 2, "A")], [(0, 2, "B"), (0, 3, "A")], {"wrong type": 1, SPURIOUS: 1}),  # the same span comes first
        ([(0, 2, "A")], [(1, 3, "B"), (1, 4, "A")], {"wrong boundary": 1, SPURIOUS: 1}),
        ([(0, 2, "A"), (0, 2, "B")], [(0, 2, "B"), (0, 2, "C")], {RIGHT: 1, "wrong type": 1}),
        ([(0, 2, "A")] * 2, [(0, 2, "A")] * 3, {RIGHT: 1}),  # a set
        ([(None, "x", "A")], [(None, "x", "B")], {"wrong type": 1}),
        ([(None, "零", "A")], [(0, 1, "A")], {MISSED: 1, SPURIOUS: 1}),
    ],
)
def test_entities_by_hand(gold, pred, expected):
    assert classes(analysed("ner", [(entities(*gold), entities(*pred))])) == expected


def test_the_closest_are_paired():
    some = [(entities((0, 4, "A"), (4, 6, "A")), entities((1, 4, "A"), (3, 6, "A")))]
    errors = analysed("ner", some, keep=1)
    found = [(case.gold.place, case.pred.place) for case in errors.kept[True][0].cases]
    assert found == [((0, 4), (1, 4)), ((4, 6), (3, 6))]


def relation(predicate, subject, object_, **slots) -> Relation:
    def span(i):
        return Span(i, i + 1, None, TEXT[i])

    return Relation(predicate, span(subject), span(object_), {name: span(i) for name, i in slots.items()})


@pytest.mark.parametrize(
    ("pred", "expected"),
    [
        (relation("P", 0, 1, at=2), {RIGHT: 1}),
        (relation("P", 0, 1, at=3), {"wrong slots": 1}),
        (relation("Q", 0, 1, at=2), {"wrong predicate": 1}),
        (relation("P", 0, 4), {"wrong object": 1}),
        (relation("P", 4, 1), {"wrong subject": 1}),
        (relation("P", 1, 0), {MISSED: 1, SPURIOUS: 1}),
    ],
)
def test_relations_by_hand(pred, expected):
    gold = Record(TEXT, relations=[relation("P", 0, 1, at=2)])
    assert classes(analysed("relations", [(gold, Record(TEXT, relations=[pred]))])) == expected


@pytest.mark.parametrize(
    ("type_", "role", "start", "expected"),
    [
        ("X", "买", 0, {RIGHT: 1}),
        ("X", "卖", 0, {"wrong role": 1}),
        ("Y", "买", 0, {"wrong event type": 1}),
        ("X", "买", 1, {"wrong boundary": 1}),
        ("X", "卖", 1, {MISSED: 1, SPURIOUS: 1}),
        ("X", "买", 5, {MISSED: 1, SPURIOUS: 1}),
    ],
)
def test_arguments_by_hand(type_, role, start, expected):
    def record(type_, role, start):
        return Record(
            TEXT, events=[Event(type_, None, [Argument(start, start + 2, None, TEXT[start:][:2], role=role)])]
        )

    some = [(record("X", "买", 0), record(type_, role, start))]
    assert classes(analysed("events", some, "argument")) == expected


@pytest.mark.parametrize(
    ("start", "kb_id", "expected"),
    [
        (0, "a", {RIGHT: 1}),
        (0, None, {"wrong id": 1}),
        (1, "a", {"wrong boundary": 1}),
        (1, "b", {MISSED: 1, SPURIOUS: 1}),
    ],
)
def test_links_by_hand(start, kb_id, expected):
    def record(start, kb_id):
        return Record(TEXT, entities=[Entity(start, start + 2, None, TEXT[start:][:2], link=Link(kb_id))])

    assert classes(analysed("links", [(record(0, "a"), record(start, kb_id))])) == expected


@pytest.mark.parametrize(("scorer", "rule"), SAME)
def test_right_is_what_the_scorer_calls_right_and_every_item_is_in_one_class(scorer, rule):
    some = pairs(31, 40)
    errors, total = (
        analysed(scorer, some, rule),
        score_all(counts_for(scorer, rule), *zip(*some, strict=True)).total,
    )
    near = sum(errors.counts[name] for name in errors.kind.near)
    assert errors.counts[RIGHT] == total.tp
    assert errors.counts[RIGHT] + errors.counts[MISSED] + near == total.n_gold
    assert errors.counts[RIGHT] + errors.counts[SPURIOUS] + near == total.n_pred
    assert sum(errors.confusion.values()) == sum(errors.counts.values())
    for split in errors.splits:
        tallies = [tally for _, tally in errors.ordered(split)]
        assert len(tallies) == len(errors.splits[split])
        sums = [sum(getattr(tally, name) for tally in tallies) for name in ("tp", "n_pred", "n_gold")]
        assert sums == [total.tp, total.n_pred, total.n_gold]


def test_the_order_in_the_file_does_not_matter():
    some = pairs(32, 40)
    for gold, pred in some:
        forward = analysed("ner", [(gold, pred)])
        back = [Record(TEXT, "1", side.entities[::-1]) for side in (gold, pred)]
        assert analysed("ner", [back]).confusion == forward.confusion


def test_nesting_is_that_of_the_scorer():
    right_and_crossing = entities((0, 2, "A")), entities((0, 2, "A"), (1, 3, "B"))
    for gold, pred in [*pairs(33, 40), right_and_crossing]:
        parts = score_all(counts_for("ner"), [gold], [pred]).parts
        found = analysed("ner", [(gold, pred)]).splits["nesting"]
        assert {name: found[name] for name in parts} == parts


def test_groups_by_hand():
    gold = entities((0, 2, "A"), (3, 4, "B"), (5, 9, "A"))
    pred = entities((0, 2, "A"), (3, 4, "A"))
    train = [entities((0, 2, "A"), (3, 4, "B"))]
    errors = analysed("ner", [(gold, pred)], train=train)
    shown = {split: {name: (t.tp, t.n_pred, t.n_gold) for name, t in errors.ordered(split)} for split in errors.splits}
    assert shown == {
        "types in the record": {"2": (1, 2, 3)},
        "entities in the record": {"3": (1, 2, 3)},
        "characters": {"1": (0, 1, 1), "2": (1, 1, 1), "4": (0, 0, 1)},
        "nesting": {"flat": (1, 2, 3)},
        "surface in training": {"seen": (1, 1, 2), "seen as another type": (0, 1, 0), "unseen": (0, 0, 1)},
    }


def test_examples_and_records_that_are_kept_are_few():
    wrong, right = (entities((0, 2, "A")), entities()), (entities((0, 2, "A")), entities((0, 2, "A")))
    errors = analysed("ner", [right, wrong] * 20, keep=8)
    assert {name: len(some) for name, some in errors.examples.items()} == {MISSED: EXAMPLES}
    assert (len(errors.kept[True]), len(errors.kept[False])) == (8, 2)


def test_the_rule_of_relations_follows_the_gold():
    gold, pred = (Record(TEXT, relations=[relation("P", 0, i)]) for i in (1, 2))
    assert analysed("relations", [(gold, pred)]).kind.rule == "strict(start,end)"
    gold.extra["located"] = {}
    assert analysed("relations", [(gold, pred)]).kind.rule == "text(tokens)"


def test_training_records_without_such_items_are_refused():
    with pytest.raises(IEError, match="the training records have no relations"):
        empty_analyses("relations", None, [entities((0, 2, "A"))])
