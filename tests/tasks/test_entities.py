"""Labels from records, and flat output where the training records are flat."""

import pytest

from ie_cli.errors import IEError
from ie_cli.records import Entity, Record
from ie_cli.tasks import ner_pointer
from ie_cli.tasks._entities import Labels
from ie_cli.text.characters import CharacterTokenizer, build_vocabulary

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
