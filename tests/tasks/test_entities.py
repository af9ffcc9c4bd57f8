"""Labels from records, and flat output where the training records are flat."""

import pytest
import torch

from ie_cli.errors import IEError
from ie_cli.nn.zlpr import probability_of
from ie_cli.records import Entity, Record
from ie_cli.tasks import ner_pointer
from ie_cli.tasks._entities import Labels
from ie_cli.text.characters import CharacterTokenizer, build_vocabulary
from ie_cli.text.encoding import Encoding

TEXT = "北京大学在北京"


def record(*spans):
    return Record(TEXT, entities=[Entity(s, e, kind, TEXT[s:e]) for s, e, kind in spans])


def test_labels_count_types_cells_and_overlaps():
    flat, nested = record((0, 4, "org"), (5, 7, "loc")), record((0, 4, "org"), (0, 2, "loc"), (5, 7, "loc"))
    labels = Labels.of([flat, nested, Record(TEXT)])
    cells = 3 * 7 * 8 / 2
    assert labels.names == ["loc", "org"]
    assert labels.rates == pytest.approx([3 / cells, 2 / cells])
    assert labels.overlapping == pytest.approx(2 / 5)


def test_windows_are_as_long_as_training_texts_were():
    """All but the longest 1 %, within bounds that no encoder or data set moves."""
    texts = ["字" * n for n in [40] * 99 + [400]]
    annotated = [Record(text, entities=[Entity(0, 1, "x", "字")]) for text in texts]
    assert Labels.of(annotated).length == 40
    assert Labels.of(annotated[:98] + annotated[99:] * 2).length == 400
    tokenizer = CharacterTokenizer(build_vocabulary(["字"], min_count=1, min_bigram_count=1))
    for length, window in ((40, 40), (3, 16), (4000, 512)):
        labels = Labels(["x"], [0.1], 0.0, length)
        assert ner_pointer.Codec(tokenizer, labels, ner_pointer.Settings(), None).window == window


def test_records_without_entities_have_no_labels():
    with pytest.raises(IEError, match="no entities with offsets and a type"):
        Labels.of([Record(TEXT), record()])


FOUND = [(0, 0, 3, 0.8), (1, 0, 1, 0.9), (0, 2, 3, 0.7), (1, 5, 6, 0.6), (0, 5, 6, 0.6)]


@pytest.mark.parametrize(
    ("setting", "overlapping", "expected"),
    [
        (None, 0.0, [(0, 2, "loc"), (2, 4, "org"), (5, 7, "loc")]),  # of equal ones the type that sorts first
        (None, 0.2, [(0, 2, "loc"), (0, 4, "org"), (2, 4, "org"), (5, 7, "loc"), (5, 7, "org")]),
        (True, 0.0, [(0, 2, "loc"), (0, 4, "org"), (2, 4, "org"), (5, 7, "loc"), (5, 7, "org")]),
        (False, 0.2, [(0, 2, "loc"), (2, 4, "org"), (5, 7, "loc")]),
    ],
)
def test_the_likeliest_entities_stay_where_nothing_may_overlap(setting, overlapping, expected):
    tokenizer = CharacterTokenizer(build_vocabulary([TEXT], min_count=1, min_bigram_count=1))
    labels = Labels(["org", "loc"], [0.1, 0.1], overlapping)
    codec = ner_pointer.Codec(tokenizer, labels, ner_pointer.Settings(nested=setting), None)
    found = codec.assemble(Record(TEXT), tokenizer(TEXT), [(0, 7)], [FOUND])
    assert [(e.start, e.end, e.type) for e in found.entities] == expected


def assemble(encoding, found, **settings):
    tokenizer = CharacterTokenizer(build_vocabulary([TEXT], min_count=1, min_bigram_count=1))
    codec = ner_pointer.Codec(tokenizer, Labels(["org"], [0.1]), ner_pointer.Settings(**settings), None)
    return codec.assemble(Record(TEXT), encoding or tokenizer(TEXT), [(0, 7)], [found]).entities


def test_likelier_is_told_beyond_the_digits_that_are_shown():
    sure, less = (probability_of(torch.tensor(score).double()).item() for score in (12.0, 10.0))
    assert assemble(None, [(0, 0, 3, less), (0, 2, 3, sure)], nested=False) == [Entity(2, 4, "org", "大学", score=1.0)]


def test_tokens_of_one_character_give_one_entity():
    pieces = Encoding({"ids": [0, 0, 0]}, starts=[0, 0, 2], ends=[2, 2, 4])
    assert assemble(pieces, [(0, 0, 1, 0.8), (0, 1, 1, 0.9)], nested=True) == [Entity(0, 2, "org", "北京", score=0.9)]


@pytest.mark.parametrize("threshold", [0, 1, -1, 7, float("nan")])
def test_a_threshold_is_a_probability(threshold):
    with pytest.raises(IEError, match=r"'model\.threshold' cannot be"):
        assemble(None, [], threshold=threshold)
