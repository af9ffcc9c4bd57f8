"""Which seeds are meant, and mean and spread of their scores."""

import pytest

from ie_cli.errors import IEError
from ie_cli.training.seeds import Result, Spread, parse


@pytest.mark.parametrize(
    ("text", "first", "seeds"),
    [
        ("3", 1, [1, 2, 3]),
        ("2", 7, [7, 8]),
        ("1", 1, [1]),
        ("1,5,2", 9, [1, 5, 2]),
        ("7,", 1, [7]),
        (" 4, 5", 1, [4, 5]),
    ],
)
def test_a_number_of_seeds_or_a_list(text, first, seeds):
    assert parse(text, first) == seeds


@pytest.mark.parametrize("text", ["", "0", "-1", "x", "1,1", "1,x", ","])
def test_what_is_neither_is_stated(text):
    with pytest.raises(IEError, match="--seeds takes a number of seeds"):
        parse(text, 1)


def test_the_spread_is_the_sample_standard_deviation():
    """0.5, 0.6, 0.7: deviations -0.1, 0, 0.1; sqrt(0.02 / 2) = 0.1."""
    found = Spread.of([Result(1, 1, 0.5), Result(2, 1, 0.6), Result(3, 1, 0.7)])
    assert (found.mean, found.deviation) == (pytest.approx(0.6), pytest.approx(0.1))
    assert Spread.of([Result(1, 1, 0.5)]).deviation == 0.0
