import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ie_cli.text.batch import pad
from ie_cli.text.length_batches import by_length, shuffled

rows_of_ids = st.lists(st.lists(st.integers(1, 9), max_size=6), min_size=1, max_size=6)
lengths = st.lists(st.integers(0, 50), max_size=60)


@given(rows_of_ids)
def test_padding_keeps_the_rows(rows):
    inputs = pad([{"ids": row, "words": [-i for i in row]} for row in rows])
    assert inputs.mask.shape == (len(rows), max(1, max(map(len, rows))))
    for i, row in enumerate(rows):
        kept, ids = inputs.mask[i], inputs.features["ids"][i]
        assert kept.tolist() == [True] * len(row) + [False] * (len(kept) - len(row))
        assert ids[kept].tolist() == row and not ids[~kept].any()
        assert torch.equal(inputs.features["words"][i], -ids)


def test_padded_features_are_what_an_embedding_takes():
    inputs = pad([{"ids": []}])
    assert inputs.features["ids"].dtype == torch.long and inputs.mask.dtype == torch.bool
    assert inputs.features["ids"].tolist() == [[0]] and inputs.mask.tolist() == [[False]]


@given(lengths, st.integers(1, 200))
def test_batches_by_length_keep_to_their_budget(sizes, tokens):
    batches = by_length(sizes, tokens)
    order = [i for batch in batches for i in batch]
    assert sorted(order) == list(range(len(sizes)))
    assert [sizes[i] for i in order] == sorted(sizes, reverse=True)  # the longest first
    for batch in batches:
        assert batch and (len(batch) == 1 or len(batch) * max(sizes[i] for i in batch) <= tokens)


def test_batches_by_length_are_as_large_as_the_budget_lets_them():
    assert by_length([5, 10, 3, 10, 1], 20) == [[1, 3], [0, 2, 4]]


@given(lengths, st.integers(1, 7), st.integers(0, 99))
def test_shuffled_batches_hold_every_index_once(sizes, size, seed):
    batches = shuffled(sizes, size, seed)
    assert sorted(i for batch in batches for i in batch) == list(range(len(sizes)))
    assert all(0 < len(batch) <= size for batch in batches)
    assert len(batches) == -(-len(sizes) // size)
    assert shuffled(sizes, size, seed) == batches


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_batches_are_of_like_length_and_differ_by_seed(seed):
    sizes = [i % 100 for i in range(1000)]
    batches = shuffled(sizes, 10, seed)
    waste = sum(max(sizes[i] for i in b) * len(b) - sum(sizes[i] for i in b) for b in batches)
    assert waste < 0.1 * sum(sizes)  # unsorted it is about 80 %
    assert batches != shuffled(sizes, 10, seed + 1)
    assert [max(sizes[i] for i in b) for b in batches] != sorted(max(sizes[i] for i in b) for b in batches)
