"""Lengths and the shares of them, against every value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ie_cli.lengths import Lengths


@given(st.lists(st.integers(0, 30), min_size=1), st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_share_is_the_least_length_that_so_many_do_not_exceed(values, share):
    lengths = Lengths()
    for value in values:
        lengths.add(value)
    wanted = min(v for v in values if sum(x <= v for x in values) >= share * len(values) - 1e-9)
    assert lengths.at(share) == wanted
    assert lengths.rows()["mean"] == pytest.approx(sum(values) / len(values), abs=0.051)
