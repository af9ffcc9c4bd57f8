"""Which tokens are hidden, and how."""

import pytest
import torch

from ie_cli.pretraining.masking import choose, corrupt
from ie_cli.pretraining.settings import Masking
from ie_cli.text.batch import Inputs

STARTS = torch.tensor([[1, 0, 1, 1, 0, 0, 1, 0], [1, 1, 1, 0, 0, 0, 0, 0]])
MASK = torch.tensor([[True] * 8, [True] * 3 + [False] * 5])
WORDS = [{0, 1}, {2}, {3, 4, 5}, {6, 7}]


def chosen(seed, **settings):
    torch.manual_seed(seed)
    return choose(STARTS, MASK, Masking(**settings))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("unit", ["word", "ngram"])
def test_words_are_hidden_whole_until_the_share_is_reached(unit, seed):
    found = chosen(seed, share=0.5, unit=unit)
    first = set(found[0].nonzero().flatten().tolist())
    assert all(word <= first or not word & first for word in WORDS)
    assert 4 <= len(first) <= 6  # the last word may go beyond the four that are asked for
    assert found[1].sum() == 2 and not found[1, 3:].any()


def test_an_ngram_is_made_of_neighbours():
    steps = torch.ones(1, 400, dtype=torch.long)
    torch.manual_seed(0)
    runs = {
        unit: choose(steps, steps > 0, Masking(share=0.1, unit=unit)).long().diff().eq(1).sum().item()
        for unit in ("word", "ngram")
    }
    assert runs["ngram"] < 0.7 * runs["word"]  # 40 tokens in pieces of 2 on the average


def test_single_characters_are_hidden_alone():
    seen = {tuple(chosen(seed, share=0.15, unit="character")[0].nonzero().flatten().tolist()) for seed in range(60)}
    assert seen == {(i,) for i in range(8)}


def test_every_row_has_something_to_guess():
    assert chosen(0, share=0.01).any(1).all()


def test_the_shares_of_what_replaces_a_token():
    torch.manual_seed(0)
    ids = torch.arange(5, 1005)[None].repeat(20, 1)
    mask = torch.ones_like(ids, dtype=torch.bool)
    hidden = torch.rand(ids.shape) < 0.3
    found = corrupt(Inputs({"ids": ids}, mask), hidden, 4, Masking()).features["ids"]
    assert torch.equal(found[~hidden], ids[~hidden])
    among = found[hidden]
    assert (among == 4).float().mean() == pytest.approx(0.8, abs=0.02)
    assert (among == ids[hidden]).float().mean() == pytest.approx(0.1, abs=0.02)
    assert among.ne(4).logical_and(among.ne(ids[hidden])).float().mean() == pytest.approx(0.1, abs=0.02)
    assert among.min() >= 4 and among.max() < 1005  # strangers are tokens of the batch


def test_features_do_not_tell_what_is_hidden():
    names = ("ids", "bigrams", "words", "begins", "ends", "covers")
    inputs = Inputs({name: torch.full((1, 4), 7) for name in names}, torch.tensor([[True, True, True, False]]))
    hidden = torch.tensor([[False, True, False, False]])
    found = corrupt(inputs, hidden, 1, Masking(mask=1.0, other=0.0)).features
    assert found["ids"].tolist() == [[7, 1, 7, 7]]
    assert found["bigrams"].tolist() == [[7, 1, 1, 7]]  # the next token's bigram holds the hidden one, too
    for name in ("begins", "ends", "covers"):
        assert found[name].tolist() == [[7, 1, 7, 7]]
    assert inputs.features["ids"].tolist() == [[7] * 4]
