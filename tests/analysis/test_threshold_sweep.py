"""Every threshold of a sweep against the scorer on predictions that were filtered at it."""

from dataclasses import replace

import pytest
from random_records import RULES, pairs

from ie_cli.analysis.threshold import Sweep, ThresholdCurve, between
from ie_cli.records import Entity, Record
from ie_cli.registry import load
from ie_cli.scoring import _aliases, counts_for

PARTS = {"ner": "entities", "links": "entities", "relations": "relations", "events": "events"}


def swept(scorer: str, rule: str | None, some, **more) -> ThresholdCurve | None:
    sweep = Sweep(load("ie_cli.scoring", scorer).Counts(rule, **more))
    for gold, pred in some:
        sweep.add(gold, pred)
    return sweep.curve()


def filtered(scorer: str, pred: Record, threshold: float) -> Record:
    def score(item):
        return item.link.score if scorer == "links" else item.score

    part = PARTS[scorer]
    return replace(pred, **{part: [item for item in getattr(pred, part) if score(item) >= threshold]})


@pytest.mark.parametrize(("scorer", "rule"), RULES)
def test_the_rates_at_each_threshold_are_those_of_filtered_predictions(scorer, rule):
    some = pairs(21, 25)
    curve = swept(scorer, rule, some)
    expected = {}
    for threshold in [i / 20 for i in range(1, 20)]:
        counted = counts_for(scorer, rule)
        for gold, pred in some:
            counted.add(gold, filtered(scorer, pred, threshold))
        rates = counted.score().micro
        expected[threshold] = rates.f1
        assert curve.at(threshold) == pytest.approx((threshold, rates.precision, rates.recall, rates.f1))
    assert curve.best().f1 == pytest.approx(max(expected.values()))
    assert curve.at(curve.best().threshold) == curve.best()


def test_also_with_aliases():
    names = _aliases.Aliases({"零": ["一"], "零一": ["一二"]})
    some = pairs(22, 25)
    curve = swept("relations", "official", some, aliases=names)
    for threshold in (0.2, 0.5, 0.8):
        counted = load("ie_cli.scoring", "relations").Counts("official", aliases=names)
        for gold, pred in some:
            counted.add(gold, filtered("relations", pred, threshold))
        assert curve.at(threshold).f1 == pytest.approx(counted.score().micro.f1)


def entities(*items) -> Record:
    return Record("零一二三", None, [Entity(s, s + 1, "A", "零一二三"[s], score=score) for s, score in items])


def test_by_hand():
    gold = entities((0, None), (1, None))
    curve = swept("ner", None, [(gold, entities((0, 0.9), (2, 0.6), (1, 0.31), (3, 0.1)))])
    assert curve.scores.tolist() == [0.9, 0.6, 0.31, 0.1]
    assert curve.rates[:, 2].tolist() == pytest.approx([2 / 3, 2 / 4, 4 / 5, 4 / 6])
    assert curve.best() == pytest.approx((0.3, 2 / 3, 1, 4 / 5))  # a short number in (0.1, 0.31)
    assert curve.at(0.95) == (0.95, 0, 0, 0)


def test_of_equal_f1_the_one_nearest_to_a_half():
    gold = entities((0, None))
    curve = swept("ner", None, [(gold, entities((0, 0.99))), (gold, entities((1, 0.45))), (gold, entities((0, 0.4)))])
    assert curve.rates[:, 2].tolist() == pytest.approx([2 / 4, 2 / 5, 4 / 6])
    tied = swept("ner", None, [(entities(), entities((1, 0.9), (2, 0.7), (3, 0.45)))])
    assert tied.best() == tied.at(0.5)
    gold = entities((0, None), (1, None))
    tied = swept("ner", None, [(gold, entities((0, 0.9), (2, 0.7), (3, 0.6), (1, 0.42)))])
    assert tied.rates[:, 2].tolist() == pytest.approx([2 / 3, 2 / 4, 2 / 5, 4 / 6])
    assert tied.best().threshold == 0.4


def test_where_no_threshold_is_better_the_usual_one_stays():
    curve = swept("ner", None, [(entities((0, None)), entities((0, 0.66), (1, 0.44)))])
    assert curve.best() == (0.5, 1, 1, 1)  # as good as any above 0.44


def test_predictions_without_a_score_count_always():
    gold = entities((0, None), (1, None))
    sweep = Sweep(counts_for("ner"))
    sweep.add(gold, entities((0, None), (1, 0.3)))
    sweep.add(gold, None)
    assert sweep.unscored == 1
    assert [sweep.curve().at(t).recall for t in (0.2, 0.4)] == [2 / 4, 1 / 4]


def test_without_scores_there_is_no_curve():
    assert swept("ner", None, [(entities((0, None)), entities((0, None)))]) is None


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.1, 0.31, 0.3), (0.1, 0.3, 0.2), (0.41, 0.49, 0.48), (0.0, 0.05, 0.04), (0.0, 0.0004, 0.0003),
     (0.3, 0.3000001, 0.3000001)],
)  # fmt: skip
def test_a_short_number_between(low, high, expected):
    assert between(low, high) == pytest.approx(expected)
    assert low < between(low, high) <= high
