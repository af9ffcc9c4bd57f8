"""FGM against its definition, on a loss whose gradient is known and on the model of each task."""

from types import SimpleNamespace

import pytest
import torch
from tiny import TASKS, gradients, model, states, steps, train, weights
from torch import nn

from ie_cli.errors import IEError
from ie_cli.training.adversarial import FGM, perturbed
from ie_cli.training.settings import Adversarial
from ie_cli.training.step import State


class Quadratic(nn.Module):
    """A model whose loss is |E|^2 / 2 + |w|^2 / 2 with the embeddings E, so that the gradient is E and w."""

    def __init__(self):
        super().__init__()
        embedding = nn.Embedding.from_pretrained(torch.tensor([[3.0, 0.0], [0.0, 4.0]]), freeze=False)
        self.encoder = nn.Module()
        self.encoder.token_embedding = embedding
        self.other = nn.Parameter(torch.tensor([2.0]))

    def backward(self):
        loss = (self.encoder.token_embedding.weight.square().sum() + self.other.square().sum()) / 2
        loss.backward()
        return loss.item()


@pytest.mark.parametrize(("variant", "shares"), [("adversarial", (0, 1)), ("both", (1, 1))])
def test_the_gradient_is_that_at_the_perturbed_embeddings(variant, shares):
    """|E| = 5: the perturbation is 0.5 E / 5, the gradient there 1.1 E."""
    made = Quadratic()
    weight = made.encoder.token_embedding.weight
    before = weight.detach().clone()
    loss = FGM(made, Adversarial(0.5, variant))(made.backward)
    assert loss == (25 + 4) / 2
    clean, moved = shares
    torch.testing.assert_close(weight.grad, (clean + moved * 1.1) * before)
    assert made.other.grad.item() == pytest.approx((clean + moved) * 2.0)
    assert torch.equal(weight, before)


def test_the_perturbation_has_length_epsilon_over_the_whole_matrix_and_is_taken_back_to_the_last_bit():
    weight = nn.Parameter(torch.randn(50, 8) * 10 ** torch.randint(-6, 6, (50, 1)).float())
    weight.grad = torch.randn(50, 8)
    before = weight.detach().clone()
    with perturbed(weight, 0.5):
        expected = before + 0.5 * weight.grad / weight.grad.pow(2).sum().sqrt()
        torch.testing.assert_close(weight.detach(), expected)
        assert not torch.equal(weight, before)
    assert torch.equal(weight, before)


def test_it_is_taken_back_when_the_second_pass_fails():
    weight = nn.Parameter(torch.ones(2, 2))
    weight.grad = torch.ones(2, 2)
    with pytest.raises(RuntimeError), perturbed(weight, 0.5):
        raise RuntimeError
    assert torch.equal(weight, torch.ones(2, 2))


def test_without_a_gradient_nothing_is_moved():
    weight = nn.Parameter(torch.ones(2, 2))
    weight.grad = torch.zeros(2, 2)
    with perturbed(weight, 0.5):
        assert torch.equal(weight, torch.ones(2, 2))


@pytest.mark.parametrize("task", TASKS)
def test_every_task_trains_on_perturbed_texts(task):
    """Both variants against gradients by hand: of the clean model, and of one whose embeddings are moved."""
    plain = states(task, batch=5)
    steps(*plain)
    clean = gradients(plain[0].model)
    moved = states(task, batch=5)
    weight = moved[0].model.encoder.token_embedding.weight
    g = clean["encoder.embeddings.ids.weight"]
    with torch.no_grad():
        weight += 0.5 * g / g.norm()
    steps(*moved)
    there = gradients(moved[0].model)
    for variant, share in (("adversarial", 0), ("both", 1)):
        state, *rest = states(task, batch=5, fgm=Adversarial(0.5, variant))
        before = weights(state.model)
        seen = []
        state.optimiser.step = lambda state=state, seen=seen: seen.append(weights(state.model))
        steps(state, *rest)
        assert all(torch.equal(before[name], w) for name, w in seen[0].items())
        for name, gradient in gradients(state.model).items():
            expected = there[name] + share * clean[name]
            torch.testing.assert_close(gradient, expected, rtol=1e-3, atol=1e-6, msg=name)


def test_accumulated_batches_are_perturbed_together():
    whole = states("ner_pointer", batch=5, fgm=Adversarial(0.5))
    parts = states("ner_pointer", batch=2, accumulate=3, fgm=Adversarial(0.5))
    assert steps(*whole) == pytest.approx(steps(*parts), rel=1e-5)
    expected, found = (gradients(state.model) for state, *_ in (whole, parts))
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-4, atol=1e-6)


def test_both_passes_see_the_same_batches():
    """Where `collate` draws (masks, negatives), the perturbation must raise the loss of what was drawn."""
    state, examples, settings = states("ner_pointer", batch=4, accumulate=2, fgm=Adversarial(0.5))
    made, seen = [], []
    collate, objective = state.model.collate, state.objective.forward
    state.model.collate = lambda rows: made.append(collate(rows)) or made[-1]
    state.objective.forward = lambda batch: seen.append(batch) or objective(batch)
    steps(state, examples, settings, 1)
    assert len(made) == 2 and all(a.gold is b.gold for a, b in zip(seen, made * 2, strict=True))


def test_frozen_embeddings_cannot_be_perturbed():
    settings = train(fgm=Adversarial(0.5), freeze=SimpleNamespace(embeddings=True, layers=0))
    with pytest.raises(IEError, match=r"train\.fgm follows .* train\.freeze"):
        State(model("ner_pointer"), settings)
