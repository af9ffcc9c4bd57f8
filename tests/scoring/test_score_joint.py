"""Several kinds scored in one pass: each as alone, and their mean."""

import pytest

from ie_cli.records import Entity, Record, Relation, Span
from ie_cli.scoring import JointCounts, counts_for, ner, score_all


def record(text, entities=None, relations=None, number=None):
    found = None if entities is None else [Entity(a, b, kind, text[a:b]) for a, b, kind in entities]
    spans = [(p, Span(*s, None, text[slice(*s)]), Span(*o, None, text[slice(*o)])) for p, s, o in relations or ()]
    return Record(text, number, found, None if relations is None else [Relation(*parts) for parts in spans])


GOLD = [
    record("甲乙丙丁", [(0, 1, "x"), (1, 2, "x")], number=0),
    record("甲乙丙丁戊", None, [("p", (0, 1), (1, 2)), ("p", (0, 1), (2, 3)), ("q", (0, 1), (3, 4))], number=1),
    record("甲", number=2),
]
PRED = [
    record("甲乙丙丁", [(0, 1, "x")], [("p", (0, 1), (1, 2))], number=0),
    record("甲乙丙丁戊", [(0, 1, "x")], [("p", (0, 1), (1, 2)), ("p", (0, 1), (3, 4))], number=1),
    record("甲", [(0, 1, "x")], [], number=2),
]


def test_each_kind_is_scored_on_the_records_that_are_annotated_for_it_and_they_are_averaged():
    found = score_all(counts_for("ner+relations"), GOLD, PRED)
    alone = {part: score_all(counts_for(kind), GOLD, PRED) for part, kind in
             (("entities", "ner"), ("relations", "relations"))}  # fmt: skip
    assert found.scores == alone and not found.left_out
    entities, relations = found.scores["entities"].micro, found.scores["relations"].micro
    assert (entities.precision, entities.recall, entities.f1) == pytest.approx((1, 1 / 2, 2 / 3))
    assert (relations.precision, relations.recall, relations.f1) == pytest.approx((1 / 2, 1 / 3, 2 / 5))
    assert found.micro.f1 == pytest.approx((2 / 3 + 2 / 5) / 2) and found.micro.recall == pytest.approx(5 / 12)
    assert (found.total.tp, found.total.n_pred, found.total.n_gold) == (2, 3, 5)
    assert found.signature.startswith("mean of micro F1 over 2 kinds; ner|") and "; relations|" in found.signature
    assert found.to_json()["scores"]["relations"] == alone["relations"].to_json()


def test_what_gold_or_predictions_lack_has_no_score():
    bare = [record(r.text, number=r.id) for r in GOLD]
    found = score_all(counts_for("ner+events"), GOLD, PRED)
    assert found.left_out == {"events": "no gold record is annotated for them"}
    found = score_all(counts_for("ner+relations"), GOLD, bare)
    assert found.left_out == dict.fromkeys(("entities", "relations"), "no prediction has them")
    assert found.micro.f1 == 0 and found.total.n_gold == 0


def test_counts_of_one_kind_and_of_several():
    assert isinstance(counts_for("ner", "strict"), ner.Counts)
    both = counts_for("ner+events")
    assert isinstance(both, JointCounts) and (both.kind, both.part) == ("ner+events", "entities or events")
