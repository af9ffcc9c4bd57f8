"""Tagging schemes: every set of flat spans survives, and odd tags are read as conlleval does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ie_cli import tags

SCHEMES = sorted(tags.SCHEMES)

DECODED = [
    ("bio", "B-A I-A O B-A B-A", [(0, 2, "A"), (3, 4, "A"), (4, 5, "A")], []),
    ("bio", "I-A I-A O", [(0, 2, "A")], [(0, tags.ORPHAN)]),
    ("bio", "B-A I-B", [(0, 1, "A"), (1, 2, "B")], [(1, tags.ORPHAN)]),
    ("bio", "B-A S-A", [(0, 1, "A")], [(1, tags.UNKNOWN)]),
    ("bio", "B O-A B-", [(2, 3, "")], [(0, tags.UNKNOWN), (1, tags.UNKNOWN)]),
    ("bmes", "B-A M-A E-A S-A", [(0, 3, "A"), (3, 4, "A")], []),
    ("bmes", "B-A M-A", [(0, 2, "A")], [(1, tags.UNCLOSED)]),
    ("bmes", "B-A O", [(0, 1, "A")], [(0, tags.UNCLOSED)]),
    ("bmes", "M-A E-A", [(0, 2, "A")], [(0, tags.ORPHAN)]),
    ("bioes", "E-A O", [(0, 1, "A")], [(0, tags.ORPHAN)]),
    ("bioes", "B-A E-B", [(0, 1, "A"), (1, 2, "B")], [(0, tags.UNCLOSED), (1, tags.ORPHAN)]),
    ("bio", "", [], []),
]


@pytest.mark.parametrize(("scheme", "line", "spans", "defects"), DECODED)
def test_decode(scheme, line, spans, defects):
    found, met = tags.decode(line.split(), scheme)
    assert found == spans
    assert [(defect.index, defect.cause) for defect in met] == defects


@st.composite
def flat_spans(draw):
    length = draw(st.integers(1, 12))
    borders = sorted(draw(st.sets(st.integers(0, length))))
    pairs = zip(borders, borders[1:], strict=False)  # noqa: RUF007
    return length, [(a, b, draw(st.sampled_from(["A", "B-C", "人"]))) for a, b in pairs if draw(st.booleans())]


@pytest.mark.parametrize("scheme", SCHEMES)
@given(case=flat_spans())
def test_flat_spans_survive(scheme, case):
    length, spans = case
    line, left = tags.encode(spans, length, scheme)
    assert (len(line), left) == (length, [])
    assert tags.decode(line, scheme) == (spans, [])


@pytest.mark.parametrize("scheme", SCHEMES)
@given(
    line=st.lists(st.sampled_from(["O", "B-A", "I-A", "M-A", "E-A", "S-A", "I-B", "E-B", "B", "?"]), max_size=8),
)
def test_any_tags_give_spans_in_order(scheme, line):
    found, _ = tags.decode(line, scheme)
    ends = [0] + [place for start, end, _ in found for place in (start, end)]
    assert ends == sorted(ends)
    assert all(start < end <= len(line) for start, end, _ in found)


def test_the_longer_of_nested_spans_is_kept():
    line, left = tags.encode([(0, 2, "A"), (1, 4, "B"), (1, 2, "C")], 4, "bio")
    assert line == ["O", "B-B", "I-B", "I-B"]
    assert left == [(0, 2, "A"), (1, 2, "C")]


@pytest.mark.parametrize(
    ("seen", "scheme"), [("B-A I-A O", "bio"), ("B-A M-A", "bmes"), ("I-A S-A", "bioes"), ("O", "bio"), ("U-A", None)]
)
def test_detect(seen, scheme):
    assert tags.detect(seen.split()) == scheme


def test_split():
    assert tags.split("B-PER.NAM") == ("B", "PER.NAM")
    assert tags.split("B-a-b") == ("B", "a-b")
    assert tags.split("O") == ("O", None)
