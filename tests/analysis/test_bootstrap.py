"""Intervals against re-scoring: what is resampled are the records, by every scorer and rule."""

from itertools import product

import numpy as np
import pytest
from random_records import RULES, pairs

from ie_cli.analysis.bootstrap import Resampling, counts, intervals, portions, rates, sign, totals
from ie_cli.registry import load
from ie_cli.scoring import Score, _aliases, counts_for


def measured(scorer: str, rule: str | None, some) -> Score:
    counted = counts_for(scorer, rule)
    for gold, pred in some:
        counted.add(gold, pred)
    return counted.score()


def numbers(score: Score) -> list[float]:
    total = score.total
    return [total.tp, total.n_pred, total.n_gold, total.tp if total.found is None else total.found]


@pytest.mark.parametrize(("scorer", "rule"), RULES)
def test_a_row_is_what_the_scorer_says_of_the_record_alone(scorer, rule):
    some = pairs(1, 12)
    whole = measured(scorer, rule, some)
    rule = rule or {"relations": "strict", "events": "argument"}.get(scorer)
    rows = counts(whole)
    assert rows.shape == (12, 4) and rows.any()
    np.testing.assert_allclose(rows, [numbers(measured(scorer, rule, [one])) for one in some])
    np.testing.assert_allclose(rows.sum(axis=0), numbers(whole))


def test_rows_with_aliases_count_the_gold_that_is_found_apart():
    names = _aliases.Aliases({"零": ["一"], "一": ["零"], "一二": ["零一"]})
    some = pairs(2, 30)

    def score(some) -> Score:
        counted = load("ie_cli.scoring", "relations").Counts("official", aliases=names)
        for pair in some:
            counted.add(*pair)
        return counted.score()

    rows = counts(score(some))
    np.testing.assert_allclose(rows, [numbers(score([pair])) for pair in some])
    assert (rows[:, 0] != rows[:, 3]).any()
    np.testing.assert_allclose(rates(rows.sum(axis=0))[2], score(some).micro.f1)


@pytest.mark.parametrize(
    ("scorer", "rule"), [("ner", None), ("relations", "text"), ("events", "duee"), ("links", None)]
)
def test_the_samples_have_the_distribution_of_all_resamples_scored_again(scorer, rule):
    some = pairs(3, 4)
    every = [measured(scorer, rule, draw).micro.f1 for draw in product(some, repeat=4)]  # 256, equally likely
    settings = Resampling(20_000, 5)
    drawn = rates(np.concatenate(list(totals(counts(measured(scorer, rule, some)), settings))))[:, 2]
    assert len(set(np.round(every, 9))) > 5
    for limit in np.unique(np.round(every, 9)) + 1e-8:
        assert np.mean(drawn <= limit) == pytest.approx(np.mean(np.array(every) <= limit), abs=0.015)
    found = intervals(measured(scorer, rule, some), settings)["f1"]
    assert found == pytest.approx(tuple(np.percentile(every, [2.5, 97.5])), abs=0.03)


def test_records_without_a_prediction_and_without_annotation():
    some = pairs(4, 3)
    counted = counts_for("ner")
    bare = some[1][0]
    bare.entities = None
    kept = [counted.add(some[0][0], None), counted.add(*some[1]), counted.add(*some[2])]
    assert kept == [True, False, True]
    rows = counts(counted.score())
    assert rows[:, 2].tolist() == [len({(e.start, e.end, e.type) for e in some[i][0].entities}) for i in (0, 2)]
    assert rows[0, 1] == 0


def test_what_is_always_right_has_no_interval():
    some = [(gold, gold) for gold, _ in pairs(5, 20)]
    assert set(intervals(measured("ner", None, some), Resampling(200)).values()) == {(1.0, 1.0)}


def test_a_seed_gives_the_same_interval_again_and_the_signature_names_it():
    score = measured("ner", None, pairs(6, 40))
    one, again, other = (intervals(score, Resampling(500, seed)) for seed in (7, 7, 8))
    assert one == again != other
    assert sign(Resampling(500, 7)) == "interval:bootstrap(percentile,95%,samples:500,seed:7,unit:record)"


def test_rates_of_nothing_are_zero():
    assert rates(np.array([[0, 0, 5, 0], [0, 5, 0, 0], [0, 0, 0, 0]])).tolist() == [[0, 0, 0]] * 3


def test_portions_add_up():
    assert sum(portions(10_000, 3_000)) == 10_000
    assert max(portions(10_000, 3_000)) * 3_000 <= 1 << 22
    assert list(portions(3, 1 << 30)) == [1, 1, 1]


def test_samples_drawn_in_portions_are_as_many(monkeypatch):
    monkeypatch.setattr("ie_cli.analysis.bootstrap._AT_ONCE", 64)
    score = measured("ner", None, pairs(7, 20))
    drawn = list(totals(counts(score), Resampling(100)))
    assert len(drawn) > 1 and sum(map(len, drawn)) == 100
