import random

import pytest

from ie_cli import registry, tags
from ie_cli.records import Entity, Record
from ie_cli.scoring import GoldPred, Tally, counts_for, score_all
from ie_cli.scoring.ner import Counts, overlapping

TEXT = "零一二三四五六七八九"


def record(*entities, ident=None, text=TEXT) -> Record:
    """A record of (start, end, type), or of (None, text, type) for a value."""
    built = [Entity(s, e, t, text[s:e]) if s is not None else Entity(None, None, t, e) for s, e, t in entities]
    return Record(text, ident, entities=built)


def score(gold, pred, rule=None):
    return score_all(Counts(rule), gold, pred)


def counts(gold: Record, pred: Record) -> tuple[int, int, int]:
    total = score([gold], [pred]).total
    return total.tp, total.n_pred, total.n_gold


def test_the_scorer_is_found_by_kind():
    assert isinstance(counts_for("ner"), Counts)
    assert "_score" not in registry.names("ie_cli.scoring")


@pytest.mark.parametrize(
    ("gold", "pred", "expected"),
    [
        ([(0, 2, "A")], [(0, 2, "A")], (1, 1, 1)),
        ([(0, 2, "A")], [(0, 3, "A")], (0, 1, 1)),  # end
        ([(0, 2, "A")], [(1, 2, "A")], (0, 1, 1)),  # start
        ([(0, 2, "A")], [(0, 2, "B")], (0, 1, 1)),  # type
        ([(0, 2, "A"), (0, 2, "B")], [(0, 2, "A"), (0, 2, "B")], (2, 2, 2)),  # one span, two types
        ([(0, 2, "A")], [], (0, 0, 1)),
        ([], [(0, 2, "A")], (0, 1, 0)),
        ([], [], (0, 0, 0)),
        ([(0, 2, "A")] * 3, [(0, 2, "A")] * 2, (1, 1, 1)),  # a set
        ([(0, 2, None)], [(0, 2, None)], (1, 1, 1)),  # no type is a type
        ([(None, "一", "A")], [(None, "一", "A")], (1, 1, 1)),  # values
        ([(None, "一", "A")], [(None, "二", "A")], (0, 1, 1)),
        ([(None, "一", "A")], [(1, 2, "A")], (0, 1, 1)),  # a value is not a place
    ],
)
def test_matches_by_hand(gold, pred, expected):
    assert counts(record(*gold), record(*pred)) == expected


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([(0, 2, "A"), (2, 4, "A")], []),  # touching is not overlapping
        ([(0, 4, "A"), (1, 2, "A")], [0, 1]),
        ([(0, 4, "A"), (1, 2, "A"), (2, 3, "A")], [0, 1, 2]),
        ([(0, 3, "A"), (2, 5, "A"), (5, 6, "A")], [0, 1]),  # crossing
        ([(0, 2, "A"), (0, 2, "B")], [0, 1]),
        ([(0, 9, "A"), (1, 2, "A"), (4, 5, "A"), (9, 10, "A")], [0, 1, 2]),
        ([(None, "一", "A"), (None, "一", "B"), (0, 1, "A")], []),
    ],
)
def test_overlapping_by_hand(keys, expected):
    assert overlapping(keys) == {keys[i] for i in expected}


def test_overlapping_agrees_with_comparing_every_pair():
    rng = random.Random(0)
    for _ in range(300):
        starts = [rng.randrange(12) for _ in range(rng.randrange(8))]
        keys = {(start, start + rng.randint(1, 5), rng.choice("AB")) for start in starts}
        naive = {a for a in keys for b in keys if a != b and a[0] < b[1] and b[0] < a[1]}
        assert overlapping(keys) == naive


def test_flat_and_nested_add_up_to_the_whole():
    gold = record((0, 4, "A"), (0, 2, "B"), (6, 7, "A"), (8, 9, "A"))
    pred = record((0, 4, "A"), (6, 7, "A"), (8, 10, "A"), (9, 10, "A"), (5, 6, "A"))
    parts = score([gold], [pred]).parts
    assert parts["nested"] == Tally(tp=1, n_pred=3, n_gold=2)  # 8-10 and 9-10: an invented nesting
    assert parts["flat"] == Tally(tp=1, n_pred=2, n_gold=2)


def test_types_that_only_the_predictions_have_are_listed():
    result = score([record((0, 1, "B"))], [record((0, 1, "B"), (1, 2, "A"))])
    assert result.types == {"A": Tally(0, 1, 0), "B": Tally(1, 1, 1)}
    assert result.micro.precision == 0.5
    assert result.macro.f1 == 1


def test_what_is_left_out_merged_or_missing_is_counted():
    gold = [record((0, 1, "A"), (0, 1, "A")), Record(TEXT), record((0, 1, "A")), record((None, "一", "A"))]
    pred = [record((0, 1, "A")), record((0, 1, "A")), Record(TEXT)]
    result = score(gold, pred)
    assert (result.records, result.unlabelled, result.missing) == (3, 1, 2)
    assert (result.duplicates, result.unplaced) == (GoldPred(gold=1), GoldPred(gold=1))
    assert result.total == Tally(tp=1, n_pred=1, n_gold=3)


def test_signature_names_values_where_there_are_any():
    assert score([record((0, 1, "A"))], []).signature.startswith("ner|exact(start,end,type)|micro|")
    assert score([record((None, "一", "A"))], []).signature.startswith("ner|exact(start,end,type)+value(text,type)|")


def test_the_digest_follows_the_gold_only():
    def data(*gold, pred=()):
        return score(gold, pred).data

    base = data(record((0, 1, "A"), (1, 2, "B")))
    assert base == data(record((1, 2, "B"), (0, 1, "A"), (0, 1, "A")), pred=[record((3, 4, "A"))])
    assert base != data(record((0, 1, "A")))
    assert base != data(record((0, 1, "A"), (1, 2, "B"), text=TEXT + "。"))


def test_a_score_does_not_change_when_counting_goes_on():
    running = Counts()
    running.add(record((0, 1, "A")), record((0, 1, "A")))
    first = running.score()
    running.add(record((0, 1, "A")), None)
    assert (first.total, running.score().total) == (Tally(1, 1, 1), Tally(1, 1, 2))
    assert first.parts["flat"] == Tally(1, 1, 1)


def test_agrees_with_nervaluate_on_flat_tags():
    nervaluate = pytest.importorskip("nervaluate", reason="needs Python 3.11")
    rng = random.Random(1)
    draw = ["O", "O", "B-A", "I-A", "B-B", "I-B", "B-C", "I-C"]
    length = 12
    gold, pred = ([[rng.choice(draw) for _ in range(length)] for _ in range(200)] for _ in "gp")
    pred = [[g if rng.random() < 0.7 else p for g, p in zip(*row, strict=True)] for row in zip(gold, pred, strict=True)]

    def decoded(rows):
        return [record(*tags.decode(row, "bio")[0], text="字" * length) for row in rows]

    ours = score(decoded(gold), decoded(pred))
    found = nervaluate.Evaluator(gold, pred, tags=sorted(ours.types), loader="list").evaluate()
    for tally, theirs in [(ours.total, found["overall"]), *((ours.types[k], v) for k, v in found["entities"].items())]:
        strict, rates = theirs["strict"], tally.rates()
        assert (tally.tp, tally.n_pred, tally.n_gold) == (strict.correct, strict.actual, strict.possible)
        assert [rates.precision, rates.recall, rates.f1] == pytest.approx([strict.precision, strict.recall, strict.f1])
    assert ours.macro.f1 == pytest.approx(sum(v["strict"].f1 for v in found["entities"].values()) / 3)
