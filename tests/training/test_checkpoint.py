"""A checkpoint holds all that changes, and gives it back."""

import re

import pytest
import torch
from tiny import model, states, steps, train, weights

from ie_cli.errors import IEError
from ie_cli.training import checkpoint
from ie_cli.training.settings import Lookahead
from ie_cli.training.step import State

ALL = {"precision": "float16", "ema": 0.9, "lookahead": Lookahead(2), "batch": 5}


def test_what_is_restored_is_what_was_saved(tmp_path):
    state, examples, settings = states("ner_pointer", **ALL)
    steps(state, examples, settings, 3)
    state.scaler.update(2.0**7)
    state.epoch = 4
    checkpoint.save(state, tmp_path, {"best": 0.5, "stale": 1})
    fresh = State(model("ner_pointer", seed=1), settings)
    counters = checkpoint.restore(fresh, tmp_path)
    assert (counters["best"], counters["stale"], fresh.epoch) == (0.5, 1, 4)
    assert fresh.scaler.get_scale() == 2.0**7
    assert {role: f.steps for role, f in fresh.followers.items()} == {"lookahead": 3, "ema": 3}
    for role, follower in fresh.followers.items():
        assert all(torch.equal(w, weights(state.followers[role].model)[n]) for n, w in weights(follower.model).items())
    for one in (state, fresh):
        steps(one, examples, settings, 2)
    assert all(torch.equal(w, weights(state.model)[name]) for name, w in weights(fresh.model).items())
    assert [path.name for path in tmp_path.iterdir()] == [checkpoint.NAME]


@pytest.mark.parametrize("what", ["labels (", "characters"])
def test_weights_of_another_meaning_are_refused(tmp_path, what):
    """Shapes do not tell a renamed label, or a vocabulary of as many other characters."""
    state, *_ = states("ner_pointer")
    checkpoint.save(state, tmp_path, {})
    other = model("ner_pointer")
    if what == "characters":
        other.text_encoder.tokenizer.vocabulary.characters.reverse()
    else:
        other.codec.labels.names[0] = "x"
    with pytest.raises(IEError, match=f"have other {re.escape(what)}.*--overwrite"):
        checkpoint.restore(State(other, train()), tmp_path)


@pytest.mark.parametrize(("left", "advice"), [([], "without --resume"), (["metrics.jsonl"], "with --overwrite")])
def test_without_one_it_is_said_what_does_begin_anew(tmp_path, left, advice):
    """A disk that was full behind the first line of metrics leaves a run that only --overwrite replaces."""
    for name in left:
        (tmp_path / name).write_text("{}\n")
    state, *_ = states("ner_pointer")
    with pytest.raises(IEError, match=f"nothing to resume .*{advice}"):
        checkpoint.restore(state, tmp_path)


def test_one_that_is_cut_off_is_refused(tmp_path):
    state, *_ = states("ner_pointer")
    checkpoint.save(state, tmp_path, {})
    path = tmp_path / checkpoint.NAME
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(IEError, match="does not fit this recipe"):
        checkpoint.restore(State(model("ner_pointer"), train()), tmp_path)
