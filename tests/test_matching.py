"""Places of words and the leftmost-longest matches, against their definitions."""

import re

from hypothesis import given
from hypothesis import strategies as st

from ie_cli.matching import inside_runs, leftmost_longest


@given(st.text("aZé19１中 ", max_size=12))
def test_inside_a_run_both_neighbours_are_latin_letters_or_both_digits(text):
    pairs = [(at, text[at - 1 : at + 1]) for at in range(1, len(text))]
    assert inside_runs(text) == {at for at, pair in pairs if re.fullmatch("[A-Za-z]{2}|[0-9]{2}", pair)}


@given(st.sets(st.tuples(st.integers(0, 8), st.integers(1, 4)), max_size=12))
def test_the_leftmost_longest_are_taken_from_left_to_right(places):
    matches = sorted((start, start + size) for start, size in places)
    expected, free = [], 0
    while later := [match for match in matches if match[0] >= free]:
        first = later[0][0]
        expected.append(max(match for match in later if match[0] == first))
        free = expected[-1][1]
    assert leftmost_longest(matches) == expected
