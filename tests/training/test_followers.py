"""The moving average and Lookahead against numbers by hand."""

import pytest
import torch
from tiny import model, states, steps, weights
from torch import nn

from ie_cli.training.followers import EMA, SlowWeights, build
from ie_cli.training.settings import Lookahead, Train


def scalar(value):
    made = nn.Linear(1, 1, bias=False)
    nn.init.constant_(made.weight, value)
    return made


def follow(follower, model, values):
    """Set the model to each value as a step would, and update."""
    seen = []
    for value in values:
        nn.init.constant_(model.weight, value)
        follower.update(model)
        seen.append((follower.model.weight.item(), model.weight.item()))
    return seen


def test_slow_weights_start_as_a_copy_and_take_half_the_way_every_second_step():
    made = scalar(1.0)
    slow = SlowWeights(made, Lookahead(steps=2, alpha=0.5))
    assert slow.model.weight.item() == 1.0 and slow.model.weight is not made.weight
    # (slow, fast): 1 -> (1, 3); 5 is the second step: slow = 1 + (5 - 1) / 2 = 3 = fast; and again from 3.
    assert follow(slow, made, [3.0, 5.0, 4.0, 9.0]) == [(1.0, 3.0), (3.0, 3.0), (3.0, 4.0), (6.0, 6.0)]


def test_the_average_weighs_early_weights_less():
    """Decay min(0.5, t / (t + 9)): 0.1, 2/11, then up to 0.5."""
    made = scalar(0.0)
    average = EMA(made, 0.5)
    first, second = (value for value, _ in follow(average, made, [1.0, 2.0]))
    assert first == pytest.approx(0.9)
    assert second == pytest.approx(0.9 * 2 / 11 + 2.0 * 9 / 11)
    average.steps = 1000
    (third, fast), = follow(average, made, [4.0])  # fmt: skip
    assert third == pytest.approx((second + 4.0) / 2) and fast == 4.0


def test_none_is_made_that_is_not_asked_for():
    made = model("ner_pointer")
    assert build(made, Train()) == {}
    assert list(build(made, Train(ema=0.9, lookahead=Lookahead(5)))) == ["lookahead", "ema"]


def test_in_training_the_weights_return_to_the_slow_ones():
    state, examples, settings = states("ner_pointer", batch=5, lookahead=Lookahead(steps=3, alpha=0.5))
    plain, *_ = states("ner_pointer", batch=5)
    start = weights(state.model)
    steps(state, examples, settings, 2)
    steps(plain, examples, settings, 2)
    assert all(torch.equal(w, weights(plain.model)[name]) for name, w in weights(state.model).items())
    steps(state, examples, settings, 1)
    steps(plain, examples, settings, 1)
    for name, fast in weights(plain.model).items():
        torch.testing.assert_close(weights(state.model)[name], (start[name] + fast) / 2)
        assert torch.equal(weights(state.model)[name], weights(state.followers["lookahead"].model)[name])


@pytest.mark.parametrize(("asked", "kept"), [({}, None), ({"lookahead": Lookahead(3)}, "lookahead")])
@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_the_weights_to_keep_are_the_slowest(asked, kept, ema):
    state, *_ = states("ner_pointer", ema=ema, **asked)
    kept = "ema" if ema else kept
    assert state.best_weights is (state.followers[kept].model if kept else state.model)
