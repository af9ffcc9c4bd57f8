"""The CRF against the sum over all tag paths, written out."""

import itertools

import pytest
import torch

from ie_cli.nn.crf import CRF

TAGS = 3
LENGTHS = [4, 1, 3]
MASK = torch.arange(4) < torch.tensor(LENGTHS)[:, None]


def crf(forbidden=(), first=()) -> CRF:
    """Random scores; `forbidden` pairs and `first` tags may not be."""
    torch.manual_seed(0)
    pairs, starts = torch.zeros(TAGS, TAGS, dtype=torch.bool), torch.zeros(TAGS, dtype=torch.bool)
    for a, b in forbidden:
        pairs[a, b] = True
    starts[list(first)] = True
    made = CRF(pairs, starts)
    for weights in made.parameters():
        torch.nn.init.normal_(weights)
    return made


def score(made, emissions, path) -> float:
    total = made.first[path[0]] + made.last[path[-1]]
    total = total + sum(emissions[i, tag] for i, tag in enumerate(path))
    return (total + sum(made.transitions[a, b] for a, b in itertools.pairwise(path))).item()


def paths(made, emissions, length) -> dict[tuple, float]:
    """Every allowed path with its score."""
    found = {}
    for path in itertools.product(range(TAGS), repeat=length):
        bad = any(made.forbidden[a, b] for a, b in itertools.pairwise(path)) or made.forbidden_first[path[0]]
        if not bad:
            found[path] = score(made, emissions, path)
    return found


RULES = pytest.mark.parametrize(("forbidden", "first"), [((), ()), ([(0, 2), (1, 0)], [2])])


@RULES
def test_the_loss_is_the_share_of_the_path_among_all(forbidden, first):
    made, emissions = crf(forbidden, first), torch.randn(3, 4, TAGS)
    gold = torch.tensor([[0, 1, 2, 2], [1, 0, 0, 0], [0, 0, 1, 0]])
    losses = made.loss(emissions, gold, MASK).tolist()
    for row, length in enumerate(LENGTHS):
        every = paths(made, emissions[row], length)
        whole = torch.tensor(list(every.values())).logsumexp(0).item()
        assert losses[row] == pytest.approx(whole - every[tuple(gold[row, :length].tolist())], abs=1e-4)


@RULES
def test_the_best_path_is_the_highest_of_all(forbidden, first):
    made = crf(forbidden, first)
    for seed in range(20):
        emissions = 2 * torch.randn(3, 4, TAGS, generator=torch.Generator().manual_seed(seed))
        for row, path in enumerate(made.best(emissions, MASK).tolist()):
            every = paths(made, emissions[row], LENGTHS[row])
            assert tuple(path[: LENGTHS[row]]) == max(every, key=every.get)


def test_a_forbidden_path_is_never_taken_however_high_it_scores():
    made = crf([(0, 1)], [1])
    emissions = torch.tensor([[[50.0, 0, 0], [0, 50.0, 0]]])
    mask = torch.ones(1, 2, dtype=torch.bool)
    assert made.best(emissions, mask).tolist() != [[0, 1]]
    assert made.best(emissions.flip(1), mask)[0, 0] != 1


def test_forwards_and_backwards_meet_at_every_token():
    made, emissions = crf(), torch.randn(3, 4, TAGS)
    meeting = torch.logsumexp(made.forwards(emissions, MASK) + made.backwards(emissions, MASK), 2)
    whole = torch.logsumexp(made.forwards(emissions, MASK)[:, -1] + made.last, 1)
    torch.testing.assert_close(meeting[MASK], whole[:, None].expand_as(meeting)[MASK])


def segments(path) -> list[tuple[int, int]]:
    """First and last token of each run of 1, 2, 2, …"""
    begins = [i for i, tag in enumerate(path) if tag == 1]
    return [(i, next(j for j in range(i, len(path)) if path[j + 1 : j + 2] != (2,))) for i in begins]


@torch.no_grad()
def test_the_probability_of_a_segment_is_the_share_of_paths_that_hold_it_just_so():
    made, emissions = crf([(0, 2)], [2]), 2 * torch.randn(3, 4, TAGS)
    for row, length in enumerate(LENGTHS):
        every = paths(made, emissions[row], length)
        shares = torch.tensor(list(every.values())).softmax(0).tolist()
        expected = {(i, j): 0.0 for i in range(length) for j in range(i, length)}
        for path, share in zip(every, shares, strict=True):
            for place in segments(path):
                expected[place] += share
        first, last = torch.tensor(list(expected)).unbind(1)
        rows, ones = torch.full_like(first, row), torch.ones_like(first)
        found = made.log_probability(emissions, MASK, rows, first, last, ones, 2 * ones).exp().tolist()
        assert found == pytest.approx(list(expected.values()), abs=1e-5)
        assert sum(share > 0.01 for share in expected.values()) >= min(2, length)


@torch.no_grad()
def test_the_probability_of_a_segment_keeps_its_digits_in_a_long_text():
    """Of two tags, free of their neighbours, the share of each is a softmax; no path has the third, "inside"."""
    never = torch.tensor([False, False, True])
    made = CRF(never | never[:, None], never)
    emissions = 20 + 10 * torch.randn(1, 500, 3, generator=torch.Generator().manual_seed(0))
    place, zeros = torch.arange(500), torch.zeros(500, dtype=torch.long)
    mask = torch.ones(1, 500, dtype=torch.bool)
    found = made.log_probability(emissions, mask, zeros, place, place, begin=zeros, inside=zeros + 2)
    torch.testing.assert_close(found, emissions[0, :, :2].double().log_softmax(1)[:, 0], rtol=1e-6, atol=1e-9)


def test_padding_does_not_matter():
    made, emissions, gold = crf(), torch.randn(3, 4, TAGS), torch.randint(0, TAGS, (3, 4))
    other = torch.where(MASK[..., None], emissions, 100.0)
    torch.testing.assert_close(made.loss(emissions, gold, MASK), made.loss(other, gold, MASK))
    assert torch.equal(made.best(emissions, MASK)[MASK], made.best(other, MASK)[MASK])


def test_gradients_are_finite():
    made, emissions = crf([(0, 1)], [1]), (100 * torch.randn(3, 4, TAGS)).requires_grad_()
    made.loss(emissions, torch.zeros(3, 4, dtype=torch.long), MASK).sum().backward()
    assert all(x.grad.isfinite().all() for x in (emissions, *made.parameters()))
