"""Differences of two systems against brute force: every swap of their outputs, scored again."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from random_records import pairs

from ie_cli.analysis.bootstrap import Resampling
from ie_cli.analysis.comparison import compare, sign
from ie_cli.records import PARTS, Entity, Record
from ie_cli.scoring import Score, counts_for, score_all

SETTINGS = Resampling(20_000, 3)


def measured(scorer: str, rule: str | None, gold, pred) -> Score:
    return score_all(counts_for(scorer, rule), gold, pred)


def systems(number: int):
    """Gold and two systems, of which the second leaves out some of what the first one finds."""
    some = pairs(11, number)
    mixed = [
        replace(pred, **{part: getattr(pred, part)[i % 2 :][:2] for part in PARTS}) for i, (_, pred) in enumerate(some)
    ]
    return [gold for gold, _ in some], [pred for _, pred in some], mixed


@pytest.mark.parametrize(
    ("scorer", "rule"), [("ner", None), ("relations", "text"), ("events", "duee"), ("links", "accuracy")]
)
def test_p_is_the_share_of_all_swaps_that_differ_as_much(scorer, rule):
    gold, a, b = systems(8)

    def difference(coins) -> float:
        left = [y if coin else x for x, y, coin in zip(a, b, coins, strict=True)]
        right = [x if coin else y for x, y, coin in zip(a, b, coins, strict=True)]
        return measured(scorer, rule, gold, right).micro.f1 - measured(scorer, rule, gold, left).micro.f1

    seen = difference([0] * 8)
    swaps = [abs(difference(coins)) for coins in product((0, 1), repeat=8)]
    exact = sum(other >= abs(seen) - 1e-12 for other in swaps) / len(swaps)
    found = compare(measured(scorer, rule, gold, a), measured(scorer, rule, gold, b), SETTINGS)["f1"]
    assert found.value == pytest.approx(seen)
    assert found.p == pytest.approx(exact, abs=0.015)
    assert 0 < exact < 1


def test_the_interval_is_that_of_both_on_the_same_resamples():
    gold, a, b = systems(4)
    every = []
    for draw in product(range(4), repeat=4):
        some, left, right = ([side[i] for i in draw] for side in (gold, a, b))
        every.append(measured("ner", None, some, right).micro.f1 - measured("ner", None, some, left).micro.f1)
    found = compare(measured("ner", None, gold, a), measured("ner", None, gold, b), SETTINGS)["f1"]
    assert found[1:3] == pytest.approx(tuple(np.percentile(every, [2.5, 97.5])), abs=0.02)
    assert found.low < found.high


def test_a_system_does_not_differ_from_itself():
    gold, a, _ = systems(10)
    score = measured("ner", None, gold, a)
    assert set(compare(score, score, SETTINGS).values()) == {(0.0, 0.0, 0.0, 1.0)}


def test_all_right_against_all_wrong_differs_as_much_in_two_of_all_swaps():
    texts = "甲乙丙丁戊己"
    gold = [Record(text, text, [Entity(0, 1, "A", text)]) for text in texts]
    wrong = [Record(text, text, [Entity(0, 1, "B", text)]) for text in texts]
    found = compare(measured("ner", None, gold, wrong), measured("ner", None, gold, gold), SETTINGS)
    assert found["f1"][:3] == (1.0, 1.0, 1.0)
    assert found["f1"].p == pytest.approx(2 / 2**6, abs=0.005)


def test_p_is_never_zero():
    gold = [Record("甲", str(i), [Entity(0, 1, "A", "甲")]) for i in range(200)]
    none = [Record("甲", str(i), []) for i in range(200)]
    found = compare(measured("ner", None, gold, none), measured("ner", None, gold, gold), Resampling(999))
    assert found["f1"].p == 1 / 1000


def test_the_other_way_round_has_the_other_sign():
    gold, a, b = systems(10)
    one, other = measured("ner", None, gold, a), measured("ner", None, gold, b)
    there, back = compare(one, other, SETTINGS)["f1"], compare(other, one, SETTINGS)["f1"]
    assert there.value == -back.value != 0
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=0.02)
    assert there.p == pytest.approx(back.p, abs=0.02)


def test_scores_of_other_gold_or_another_rule_are_not_compared():
    gold, a, _ = systems(10)
    whole = measured("relations", "strict", gold, a)
    for other in (measured("relations", "strict", gold[:9], a[:9]), measured("relations", "text", gold, a)):
        with pytest.raises(ValueError, match="not comparable"):
            compare(whole, other, SETTINGS)


def test_a_system_with_strings_that_have_no_place_is_compared():
    gold = [Record("甲", "1", [Entity(0, 1, "A", "甲")])]
    bare = [Record("甲", "1", [Entity(None, None, "A", "乙")])]
    a, b = (measured("ner", None, gold, pred) for pred in (gold, bare))
    assert a.rule != b.rule
    assert compare(a, b, SETTINGS)["f1"].value == -1


def test_the_signature_names_both_methods():
    interval, p, settings = sign(Resampling(100, 2)).split("|")
    assert interval == "interval:paired bootstrap(percentile,95%)"
    assert (p, settings) == ("p:approximate randomization(two-sided)", "samples:100,seed:2,unit:record")
