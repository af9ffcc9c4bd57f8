"""Which rows of the corpus are read in each step of a round."""

from types import SimpleNamespace

import datasets
import pytest
from torch import nn

from ie_cli.pretraining import loop
from ie_cli.pretraining.corpus import Corpus
from ie_cli.pretraining.settings import Recipe, Texts
from ie_cli.training.settings import Train

LENGTHS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9]


@pytest.fixture
def rows_read(monkeypatch):
    """A function that gives the numbers of the rows that a process reads, step by step."""
    model = nn.Identity()
    model.mean_over, model.guess = "tokens", 0.0

    def read(batch, rank=0, processes=1):
        steps = []

        def update(state, examples, micro_batches, *_):
            steps.append([examples.rows[i]["number"] for part in micro_batches for i in part.examples])
            return 0.0

        monkeypatch.setenv("RANK", str(rank))
        monkeypatch.setenv("WORLD_SIZE", str(processes))
        monkeypatch.setattr(loop, "update", update)
        corpus = Corpus(datasets.Dataset.from_dict({"number": range(len(LENGTHS))}), LENGTHS)
        recipe = Recipe(texts=Texts(held_out=1), steps=10, save_every=4, train=Train(batch=batch, warmup=0.1))
        state = SimpleNamespace(model=model, best_weights=model, epoch=0, device=None)
        list(loop.fit(state, corpus, recipe))
        return steps

    return read


def test_every_row_but_those_held_out_is_read_once_in_a_pass(rows_read):
    steps = rows_read(batch=4)
    _, (held_out,) = loop.held_out(Corpus(None, LENGTHS), 1)
    assert [len(step) for step in steps] == [4] * 10
    read = [number for step in steps for number in step]
    assert set(read) == set(range(len(LENGTHS))) - {held_out}
    assert max(map(read.count, read)) - min(map(read.count, read)) <= 1


def test_two_processes_read_the_same_rows_as_one_in_each_step(rows_read):
    alone = rows_read(batch=4)
    first, second = (rows_read(batch=2, rank=rank, processes=2) for rank in (0, 1))
    assert [sorted(a + b) for a, b in zip(first, second, strict=True)] == [sorted(step) for step in alone]
