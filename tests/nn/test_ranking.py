"""Ranking of candidates: the prior to begin with, padding that changes nothing, and a task that can be learned."""

import math

import pytest
import torch

from ie_cli.nn import ranking
from ie_cli.nn.ranking import SHARED, Choices, Ranker

SIZE = 6


def ranker(nil_types=0):
    torch.manual_seed(0)
    return Ranker(8, SIZE, priors=2, abouts=2, nil_types=nil_types, dropout=0.0).eval()


def choices(mentions, pairs, length):
    """Of mentions (row, first, last, log probability of NIL) and pairs (mention, entity, slot, log probability)."""
    row, first, last, nil = (list(column) for column in zip(*mentions, strict=True))
    mention, entity, slot, prior = (list(column) for column in zip(*pairs, strict=True)) if pairs else [[]] * 4
    return Choices(
        *(torch.tensor(x) for x in (row, first, last)),
        torch.tensor([[x, 1.0] for x in nil]),
        *(torch.tensor(x, dtype=torch.long) for x in (mention, entity, slot)),
        torch.zeros(len(pairs), length, SHARED),
        torch.tensor([[x, 1.0] for x in prior]).reshape(-1, 2),
    )


def inputs(texts, length, descriptions, size):
    torch.manual_seed(1)
    whole = torch.ones(texts, length, dtype=torch.bool)
    known = torch.ones(descriptions, size, dtype=torch.bool)
    return torch.randn(texts, length, 8), whole, torch.randn(descriptions, size, SIZE), known


SOME = choices(
    [(0, 0, 1, math.log(0.2)), (1, 2, 2, math.log(0.6)), (1, 0, 0, math.log(0.5))],
    [(0, 0, 0, math.log(0.7)), (0, 2, 1, math.log(0.1)), (1, 1, 0, math.log(0.4))],
    4,
)


def test_untrained_it_chooses_by_the_prior_with_nil_first():
    scores, types = ranker()(*inputs(2, 4, 3, 5), SOME)
    expected = [[0.2, 0.7, 0.1], [0.6, 0.4, 0.0], [1.0, 0.0, 0.0]]
    assert torch.softmax(scores, 1).tolist() == [pytest.approx(row, abs=1e-6) for row in expected]
    assert types.shape == (3, 0)


def trained():
    made = ranker(nil_types=3)
    for weights in made.parameters():
        torch.nn.init.normal_(weights, std=0.5)
    return made


def test_a_mention_without_any_candidates_is_nil():
    lonely = choices([(0, 0, 1, 0.0)], [], 4)
    hidden, mask, *_ = inputs(1, 4, 1, 1)
    scores, types = trained()(hidden, mask, None, None, lonely)
    assert scores.shape == (1, 1) and types.shape == (1, 3)


def test_padding_of_texts_and_descriptions_changes_nothing():
    hidden, mask, entities, known = inputs(2, 4, 3, 5)
    made = trained()
    plain, types = made(hidden, mask, entities, known, SOME)
    wide = torch.cat([hidden, torch.randn(2, 3, 8)], 1), torch.cat([mask, torch.zeros(2, 3, dtype=torch.bool)], 1)
    long = torch.cat([entities, torch.randn(3, 2, SIZE)], 1), torch.cat([known, torch.zeros(3, 2, dtype=torch.bool)], 1)
    shared = torch.cat([SOME.shared, torch.ones(3, 3, SHARED)], 1)
    padded, padded_types = made(*wide, *long, SOME._replace(shared=shared))
    torch.testing.assert_close(padded, plain)
    torch.testing.assert_close(padded_types, types)


def test_each_mention_and_candidate_is_scored_for_itself():
    """A pair scored alone and among others, with its text and its description at other places."""
    hidden, mask, entities, known = inputs(2, 4, 3, 5)
    made = trained()
    scores, _ = made(hidden, mask, entities, known, SOME)
    alone = choices([(0, 2, 2, math.log(0.6))], [(0, 0, 0, math.log(0.4))], 4)
    single, _ = made(hidden[1:], mask[1:], entities[1:2], known[1:2], alone)
    torch.testing.assert_close(single[0], scores[1, :2])
    assert scores[1, 2] == -torch.inf


def test_pairs_are_scored_some_at_a_time(monkeypatch):
    made, given = trained(), inputs(2, 4, 3, 5)
    whole, _ = made(*given, SOME)
    monkeypatch.setattr(ranking, "AT_ONCE", 8)
    assert [len(part.slot) for part in SOME.parts()] == [2, 1]
    torch.testing.assert_close(made(*given, SOME)[0], whole)


@pytest.mark.parametrize("empty", ["text", "description"])
def test_a_text_that_is_all_mention_or_an_empty_description_has_a_score(empty):
    hidden, mask, entities, known = inputs(1, 2, 1, 3)
    known = known & (empty != "description")
    one = choices([(0, 0, 1, 0.0)], [(0, 0, 0, 0.0)], 2)
    scores, _ = trained()(hidden, mask, entities, known, one)
    assert scores.isfinite().all() and scores.abs().max() < 1e3


def test_it_learns_what_text_and_description_share():
    """The candidate of whose description the text's other token is a copy, against the prior."""
    torch.manual_seed(2)
    made = Ranker(8, SIZE, priors=2, abouts=2, nil_types=0, dropout=0.0)
    vectors = torch.randn(4, 8)
    hidden = torch.stack([torch.stack([vectors[3], vectors[i % 3]]) for i in range(6)])
    mask, known = torch.ones(6, 2, dtype=torch.bool), torch.ones(3, 1, dtype=torch.bool)
    some = choices(
        [(i, 0, 0, -9.0) for i in range(6)], [(i, e, e, -1.0 - (e == i % 3)) for i in range(6) for e in range(3)], 2
    )
    optimiser = torch.optim.Adam(made.parameters(), lr=0.02)
    for _ in range(80):
        scores, _ = made(hidden, mask, made.entities(vectors[:3, None]), known, some)
        loss = torch.nn.functional.cross_entropy(scores, torch.arange(6) % 3 + 1)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert scores.argmax(1).tolist() == [1, 2, 3, 1, 2, 3] and loss < 0.1
