import pytest

import ie_cli
from ie_cli.scoring import Rates, Score, Tally


def build(**types: tuple[int, int, int]) -> Score:
    tallies = {name: Tally(*counts) for name, counts in types.items()}
    return Score(kind="ner", rule="exact", data="0123", types=tallies, parts={}, records=7)


@pytest.mark.parametrize(
    ("tp", "n_pred", "n_gold", "expected"),
    [
        (3, 4, 6, Rates(0.75, 0.5, 0.6)),
        (2, 2, 2, Rates(1, 1, 1)),
        (0, 4, 6, Rates(0, 0, 0)),
        (0, 0, 6, Rates(0, 0, 0)),  # nothing found
        (0, 4, 0, Rates(0, 0, 0)),  # nothing wanted
        (0, 0, 0, Rates(0, 0, 0)),  # neither: no credit
    ],
)
def test_rates_by_hand(tp, n_pred, n_gold, expected):
    assert Tally(tp, n_pred, n_gold).rates() == expected


def test_micro_sums_the_counts_of_all_types_and_macro_averages_those_of_the_gold():
    score = build(A=(1, 1, 2), B=(1, 4, 1), new=(0, 3, 0))
    assert score.micro == Rates(2 / 8, 2 / 3, 4 / 11)
    assert score.macro.precision == pytest.approx((1 + 1 / 4) / 2)
    assert score.macro.recall == pytest.approx((1 / 2 + 1) / 2)
    assert score.macro.f1 == pytest.approx((2 / 3 + 2 / 5) / 2)


def test_a_score_of_nothing_is_zero():
    assert build().micro == build().macro == Rates(0, 0, 0)


def test_signature_says_what_was_measured():
    rest = f"records:7|gold:2|pred:1|data:0123|ie:{ie_cli.__version__}"
    score = build(A=(1, 1, 2))
    assert score.signature == f"ner|exact|micro|{rest}"
    assert score.to_json("macro")["signature"] == f"ner|exact|macro|{rest}"
