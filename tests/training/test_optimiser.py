"""Rates of the groups, the schedule, and updates of single rows."""

import pytest
import torch
from tiny import model, states, steps, train, weights
from torch import nn

from ie_cli.training import optimiser
from ie_cli.training.optimiser import RowAdamW


def peaks(model, **settings):
    built = optimiser.build(model, train(lr=1.0, head_lr=8.0, **settings))
    names = {id(w): name for name, w in model.named_parameters()}
    return {names[id(w)]: group["peak"] for group in built.param_groups for w in group["params"]}


def test_each_layer_has_a_share_of_the_rate_of_the_one_above():
    """Two layers at 1 and 0.5, embeddings below them at 0.25; the head keeps its own."""
    found = peaks(model("ner_pointer"), layer_decay=0.5)
    expected = {"forwards.1.": 1.0, "backwards.1.": 1.0, "forwards.0.": 0.5, "backwards.0.": 0.5, "embeddings.": 0.25}
    expected |= {"head.": 8.0}
    for name, peak in found.items():
        assert peak == next(value for part, value in expected.items() if part in name), name


def test_without_layer_decay_the_encoder_has_one_rate_and_a_crf_its_own():
    found = peaks(model("ner_crf", crf_rate=10.0))
    assert {peak for name, peak in found.items() if name.startswith("encoder.")} == {1.0}
    assert {peak for name, peak in found.items() if name.startswith("crf.")} == {80.0}


def test_the_rate_climbs_and_falls():
    found = [optimiser.lr_factor(step, 10, 0.2) for step in range(10)]
    assert found == pytest.approx([1 / 2, 1, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8])


def table(*rows):
    weight = nn.Parameter(torch.ones(3, 2))
    return weight, RowAdamW([{"params": [weight], "lr": 0.1, "weight_decay": 0.1}], rows and [weight])


def test_rows_without_a_gradient_stay_and_the_others_move_as_adamw_moves_them():
    lazy, eager = table(True), table()
    for gradient in ([[1.0, 0], [0, 0], [1, 1]], [[0, 0], [0, 0], [-1, 1]]):
        for weight, built in (lazy, eager):
            before = weight.detach().clone()
            weight.grad = torch.tensor(gradient).float()
            built.step()
            idle = ~weight.grad.any(1)
            assert torch.equal(weight[idle], before[idle]) == (built is lazy[1])
    assert torch.equal(lazy[0][2], eager[0][2])  # it had a gradient in both steps
    assert not torch.equal(lazy[0][0], eager[0][0])  # its momentum was not followed in the second
    for moment in ("exp_avg", "exp_avg_sq"):
        assert torch.equal(*(built.state[weight][moment] for weight, built in (lazy, eager)))


def test_lazy_training_touches_only_the_characters_of_its_texts():
    moved = {}
    for lazy in (True, False):
        state, examples, settings = states("ner_pointer", batch=5, lazy_embeddings=lazy)
        before = weights(state.model)
        rows = examples.rows.select([0])
        few = type(examples)(rows, examples.lengths[:1], 1, examples.lost)
        steps(state, few, settings, 2)
        name = "encoder.embeddings.ids.weight"
        moved[lazy] = {i for i, same in enumerate((weights(state.model)[name] == before[name]).all(1)) if not same}
        assert not torch.equal(weights(state.model)["head.project.weight"], before["head.project.weight"])
    assert moved[True] == set(rows[0]["ids"]) < moved[False]
