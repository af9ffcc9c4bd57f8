"""Links by hand: every figure here was counted on paper from the table of its test."""

import json

import pytest

from ie_cli import records
from ie_cli.commands import _eval_scorer
from ie_cli.errors import IEError
from ie_cli.records import Entity, Link, Record
from ie_cli.scoring import counts_for, score_all
from ie_cli.scoring.links import RULES, Counts

TEXT = "零一二三四五六七八九"
NIL = None


def mention(start, end, kb_id="-", *, nil_type=None, type=None, candidates=None):
    """An entity; the id `-` is none, None is NIL. Candidates are ids, or pairs of id and score."""
    link = None if kb_id == "-" else Link(kb_id, nil_type=nil_type)
    extra = {}
    if candidates is not None:
        pairs = [item if isinstance(item, tuple) else (item, None) for item in candidates]
        extra = {"candidates": [{"kb_id": i} if s is None else {"kb_id": i, "score": s} for i, s in pairs]}
    text = TEXT[start:end] if start is not None else end
    return Entity(start, None if start is None else end, type, text, link=link, extra=extra)


def record(*entities):
    return Record(TEXT, "1", list(entities))


def counted(tally):
    return tally.tp, tally.n_pred, tally.n_gold


def score(gold, pred, rule=None):
    return score_all(Counts(rule), gold, pred)


def measured(gold, pred, rule=None):
    return score([record(*gold)], [record(*pred)], rule)


# Six gold mentions, two of them NIL; six predictions:
GOLD = [
    mention(0, 1, "a"),
    mention(1, 2, "b"),
    mention(2, 3, "c"),
    mention(3, 4, NIL, nil_type="Person"),
    mention(4, 5, NIL, nil_type="Other"),
    mention(5, 6, "d"),
]
PRED = [
    mention(0, 1, "a"),  # right
    mention(1, 2, "x"),  # another entity
    mention(2, 3, NIL),  # NIL, although the base has it
    mention(3, 4, NIL, nil_type="Other"),  # right but for the type
    mention(4, 5, "y"),  # an entity, although the base has none
    mention(7, 9, "z"),  # no mention; and [5, 6) was not found
]
# rule -> total, known, NIL as (right, predicted, gold)
BY_HAND = {
    "end_to_end": ((2, 6, 6), (1, 4, 4), (1, 2, 2)),
    "known": ((1, 4, 4), (1, 4, 4), (0, 0, 0)),
    "typed_nil": ((1, 6, 6), (1, 4, 4), (0, 2, 2)),
    # A right mention counts with its gold link, so that of [2, 3) is known and that of [4, 5) NIL.
    "mention": ((5, 6, 6), (3, 4, 4), (2, 2, 2)),
    "accuracy": ((2, 5, 6), (1, 3, 4), (1, 2, 2)),
}


def test_the_scorer_is_found_by_kind():
    assert isinstance(counts_for("links"), Counts)
    assert BY_HAND.keys() == RULES.keys()


@pytest.mark.parametrize("rule", BY_HAND)
def test_rules_by_hand(rule):
    found = measured(GOLD, PRED, rule)
    assert (counted(found.total), *map(counted, (found.parts["known"], found.parts["NIL"]))) == BY_HAND[rule]


def test_without_a_rule_it_is_end_to_end_with_nil():
    found = measured(GOLD, PRED)
    assert found.signature.startswith("links|end_to_end(start,end,kb_id)|micro|records:1|gold:6|pred:6|")
    assert found.to_json() == measured(GOLD, PRED, "end_to_end").to_json()
    assert found.micro.f1 == pytest.approx(2 * 2 / 12)
    rates = found.parts["NIL"].rates()
    assert (rates.precision, rates.recall) == (0.5, 0.5)


def test_the_digest_is_that_of_the_gold_whatever_the_rule():
    digests = {measured(GOLD, PRED, rule).data for rule in RULES}
    assert len(digests) == 1
    assert digests == {measured(GOLD[::-1], [], None).data}
    assert digests != {measured(GOLD[1:], PRED).data}


def test_an_unknown_rule_is_told():
    with pytest.raises(IEError, match=r"unknown rule of links 'end'\. .*Known: end_to_end, known"):
        measured([], [], "end")


@pytest.mark.parametrize(
    ("gold", "pred", "expected"),
    [
        ([mention(0, 2, "a")], [mention(0, 3, "a")], (0, 1, 1)),  # end
        ([mention(0, 2, "a")], [mention(1, 2, "a")], (0, 1, 1)),  # start
        ([mention(0, 2, "a"), mention(0, 1, "b")], [mention(0, 1, "b")], (1, 1, 2)),  # one inside the other
        ([mention(0, 2, "a"), mention(0, 2, "b")], [mention(0, 2, "b")], (1, 1, 2)),  # one mention, two entities
        ([mention(0, 2, "a")] * 2, [mention(0, 2, "a")] * 3, (1, 1, 1)),  # a set
        ([mention(0, 2, "a")], [mention(0, 2)], (0, 0, 1)),  # no link is no answer
        ([mention(0, 2, "a"), mention(3, 4)], [mention(0, 2, "a"), mention(3, 4, "b")], (1, 2, 1)),
        ([], [mention(0, 2, "a")], (0, 1, 0)),  # annotated: nothing is there
        ([mention(0, 2, "a", type="人物")], [mention(0, 2, "a", type="地点")], (1, 1, 1)),  # types are not compared
        ([mention(None, "一", "a")], [mention(None, "一", "a")], (1, 1, 1)),  # values
        ([mention(None, "一", "a")], [mention(1, 2, "a")], (0, 1, 1)),
    ],
)
def test_matches_by_hand(gold, pred, expected):
    assert counted(measured(gold, pred).total) == expected


def test_types_are_those_of_the_gold_where_a_prediction_is_right():
    gold = [mention(0, 1, "a", type="人物"), mention(1, 2, "b", type="人物")]
    pred = [mention(0, 1, "a", type="地点"), mention(1, 2, "x", type="地点")]
    types = measured(gold, pred).types
    assert {name: counted(tally) for name, tally in types.items()} == {"人物": (1, 1, 2), "地点": (0, 1, 0)}


def test_a_mention_counts_without_a_link():
    found = measured([mention(0, 1, "a"), mention(1, 2, NIL)], [mention(0, 1), mention(4, 5)], "mention")
    assert counted(found.total) == (1, 2, 2)
    assert (counted(found.parts["known"]), counted(found.parts["NIL"])) == ((1, 1, 1), (0, 0, 1))
    assert found.items == "mentions"


def test_what_is_left_out_is_told():
    gold = [*GOLD, mention(8, 9)]
    pred = [*PRED, mention(0, 1, "a"), mention(6, 7)]
    bare = {"gold entities without a link, left out": 1, "predicted entities without a link, left out": 1}
    assert measured(gold, pred).remarks == bare
    assert measured(gold, pred).duplicates.pred == 1
    assert measured(gold, pred, "known").remarks == bare | {"gold NIL, left out": 2, "predicted NIL, left out": 2}
    assert measured(gold, pred, "accuracy").remarks == bare | {
        "predicted links that are not on gold mentions, left out": 1,
        "gold mentions without a predicted link, wrong in R": 1,
    }


def test_a_record_whose_entities_have_no_link_is_not_annotated():
    gold = [record(mention(0, 1)), record(), Record(TEXT, "1"), record(mention(0, 1, "a"))]
    found = score(gold, [record(mention(0, 1, "a"))] * 4)
    assert (found.records, found.unlabelled) == (2, 2)
    assert counted(found.total) == (1, 2, 1)


def test_a_record_without_prediction_is_missing():
    found = score([record(mention(0, 1, "a"))], [Record(TEXT, "1")])
    assert (found.missing, counted(found.total)) == (1, (0, 0, 1))


# --- Candidates ----------------------------------------------------------------------------------

# gold id, predicted id, candidates:
CHOSEN = [
    ("a", "a", ["a"]),
    ("b", "x", ["x"]),
    ("c", "c", ["x", "c", "y"]),
    ("d", "x", [("d", 0.2), ("x", 0.7), ("y", 0.1)]),  # by score: x, d, y
    ("e", "e", [*"pqrst", "e"]),
    ("f", "u", [*"pqrstuvwxy", "f"]),
    (NIL, NIL, []),
    (NIL, "x", ["x", "y"]),
]


def chosen():
    gold = [mention(i, i + 1, right) for i, (right, _, _) in enumerate(CHOSEN)]
    pred = [mention(i, i + 1, found, candidates=some) for i, (_, found, some) in enumerate(CHOSEN)]
    return gold, pred


def test_accuracy_by_number_of_candidates():
    parts = measured(*chosen(), "accuracy").parts
    assert {name: counted(tally) for name, tally in parts.items() if "candidate" in name} == {
        "0 candidates": (1, 1, 1),
        "1 candidate": (1, 2, 2),
        "2-4 candidates": (1, 3, 3),
        "5-9 candidates": (1, 1, 1),
        "10+ candidates": (0, 1, 1),
        "2+ candidates": (2, 5, 5),
    }


@pytest.mark.parametrize(
    ("count", "name"),
    [(1, "1 candidate"), (2, "2-4 candidates"), (4, "2-4 candidates"), (5, "5-9 candidates"), (9, "5-9 candidates"),
     (10, "10+ candidates")],
)  # fmt: skip
def test_the_edges_of_the_classes_of_candidates(count, name):
    pred = [mention(0, 1, "a", candidates=[str(i) for i in range(count)])]
    parts = measured([mention(0, 1, "a")], pred, "accuracy").parts
    assert [part for part in parts if "candidate" in part and part != "2+ candidates"] == [name]


def test_recall_of_candidates():
    """Six known mentions; ranks of the right ones: 1, -, 2, 2, 6, 11."""
    parts = measured(*chosen(), "accuracy").parts
    recalls = {name: counted(tally) for name, tally in parts.items() if "recall" in name}
    assert recalls == {
        "recall@1": (1, 6, 6),
        "recall@2": (3, 6, 6),
        "recall@5": (3, 6, 6),
        "recall@10": (4, 6, 6),
        "recall@all": (5, 6, 6),
    }


def test_a_mention_that_was_not_found_has_no_candidates():
    gold, pred = chosen()
    found = measured(gold, pred[1:], "accuracy").parts
    assert counted(found["1 candidate"]) == (0, 1, 1)
    assert counted(found["recall@all"]) == (4, 5, 6)
    rates = found["recall@all"].rates()
    assert (rates.precision, rates.recall) == (4 / 5, 4 / 6)


def test_candidates_without_link_still_count_for_recall():
    found = measured([mention(0, 1, "a")], [mention(0, 1, candidates=["a", "b"])], "accuracy").parts
    assert counted(found["recall@1"]) == (1, 1, 1)
    assert counted(found["2-4 candidates"]) == (0, 0, 1)


def test_nil_and_what_is_no_candidate_are_not_counted():
    entity = mention(0, 1, "a")
    entity.extra["candidates"] = [{"kb_id": None, "score": 0.5}, "a", {"kb_id": "a", "score": 0.1}]
    parts = measured([mention(0, 1, "a")], [entity], "accuracy").parts
    assert counted(parts["1 candidate"]) == (1, 1, 1)
    entity.extra["candidates"] = "a"
    assert measured([mention(0, 1, "a")], [entity], "accuracy").parts.keys() == {"known", "NIL"}


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "accuracy"])
def test_other_rules_have_no_parts_by_candidates(rule):
    assert measured(*chosen(), rule).parts.keys() == {"known", "NIL"}


# --- What `ie eval` picks ------------------------------------------------------------------------

LINKED, BARE = record(mention(0, 1, "a")), record(mention(0, 1))
OTHER = record(mention(0, 1, "b"))


@pytest.mark.parametrize(
    ("gold", "pred", "part"),
    [
        ([LINKED], [OTHER], "links"),
        ([BARE, LINKED], [BARE, OTHER], "links"),
        ([LINKED], [record(mention(0, 2))], "entities"),  # mentions only: another task
        ([BARE], [OTHER], "entities"),
        ([record()], [record()], "entities"),
        ([record(), LINKED], [record(), OTHER], "links"),
        ([LINKED], [LINKED], "links"),
    ],
)
def test_the_task_that_gold_and_predictions_have(gold, pred, part):
    assert _eval_scorer.pick(gold, pred).parts == [part]


def test_ie_eval_scores_links(tmp_path):
    from typer.testing import CliRunner

    from ie_cli.commands import app

    paths = tmp_path / "gold.jsonl", tmp_path / "pred.jsonl"
    for path, entities in zip(paths, (GOLD, PRED), strict=True):
        path.write_text(records.dumps(record(*entities)) + "\n", encoding="utf-8")
    names = list(map(str, paths))
    done = CliRunner().invoke(app, ["eval", *names])
    assert done.exit_code == 0
    assert "links|end_to_end(start,end,kb_id)|" in done.stdout
    done = CliRunner().invoke(app, ["eval", *names, "--task", "links", "--rule", "accuracy", "--json"])
    assert json.loads(done.stdout)["micro"]["recall"] == pytest.approx(2 / 6)
    done = CliRunner().invoke(app, ["eval", *names, "--task", "entities"])
    assert "ner|exact(start,end,type)|" in done.stdout
