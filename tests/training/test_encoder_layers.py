"""Layers by the names of weights, in every architecture; what is frozen stays, and checkpoints change no gradient."""

import pytest
import torch
from conftest import ENCODERS, SIZES
from tiny import RECORDS, examples, gradients, model, states, steps, train, weights
from torch import nn

from ie_cli.errors import IEError
from ie_cli.predicting import predict
from ie_cli.text.batch import pad
from ie_cli.training import layers
from ie_cli.training.layers import BOTTOM
from ie_cli.training.settings import Freeze
from ie_cli.training.step import State
from ie_cli.zoo import encoders, folder
from ie_cli.zoo.encoders import EncoderSettings

LAYERS = SIZES["num_hidden_layers"]


@pytest.mark.parametrize("kind", ENCODERS)
def test_every_weight_has_its_place(kind, pretrained):
    module = encoders.create(EncoderSettings(str(pretrained(kind))), lambda: []).module
    places = {name: layers.depth(name) for name, _ in module.named_parameters()}
    assert layers.count(module) == (1 if kind == "Albert" else LAYERS)  # which shares one layer's weights
    assert {BOTTOM, 0} <= set(places.values())
    above = {name for name, place in places.items() if place is None}
    assert all("norm" in name.lower() for name in above), above
    assert places[next(name for name in places if "word_embeddings" in name or "tok_embeddings" in name)] == BOTTOM


def test_the_built_in_has_a_layer_in_both_directions():
    names = [
        "encoder.body.forwards.1.weight_ih_l0",
        "encoder.body.backwards.0.bias_hh_l0",
        "encoder.embeddings.ids.weight",
    ]
    assert [layers.depth(name) for name in names] == [1, 0, BOTTOM]
    assert layers.depth("head.project.weight") is None


@pytest.mark.parametrize("frozen", [Freeze(True, 0), Freeze(False, 1), Freeze(True, 2)])
@pytest.mark.parametrize("method", [{}, {"lazy_embeddings": True}, {"precision": "float16"}])
def test_what_is_frozen_stays_and_the_rest_does_not(frozen, method):
    state, *rest = states("ner_pointer", batch=5, freeze=frozen, **method)
    before = weights(state.model)
    steps(state, *rest, 3)
    for name, weight in weights(state.model).items():
        place = layers.depth(name)
        still = place is not None and (frozen.embeddings if place == BOTTOM else place < frozen.layers)
        unused = "embeddings" in name and not gradients(state.model).get(name, torch.zeros(1)).any()
        assert torch.equal(weight, before[name]) == still or unused, name


def test_more_layers_than_there_are_cannot_be_frozen():
    with pytest.raises(IEError, match=r"'train\.freeze\.layers' cannot be 3: 2 layers are there"):
        State(model("ner_pointer"), train(freeze=Freeze(layers=3)))


def test_checkpoints_see_the_lengths_of_their_own_texts(pretrained):
    """With log_n, attention depends on the lengths; an encoder may read twice before the backward pass."""
    short, long = "张三去了北京", "张三去了北京" * 6  # more than `FEWEST`
    found = []
    for checkpointing in (False, True):
        torch.manual_seed(0)
        settings = EncoderSettings(str(pretrained("Bert")), options={"log_n": 30, "words": 4})
        encoder = encoders.create(settings, lambda: ())
        if checkpointing:
            layers.checkpoint(encoder.module)
        inputs = [pad([encoder.tokenizer(text).features]) for text in (short, long)]
        module = encoder.module.train()
        for dropout in (part for part in module.modules() if isinstance(part, nn.Dropout)):
            dropout.p = 0.0
        sum(module(one.features, one.mask).square().sum() for one in inputs).backward()
        found.append({name: weight.grad for name, weight in module.named_parameters() if weight.grad is not None})
    assert found[0].keys() == found[1].keys()
    for name, gradient in found[0].items():
        torch.testing.assert_close(found[1][name], gradient, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", sorted(ENCODERS.keys() - {"Albert"}))
def test_checkpoints_change_no_gradient(kind, pretrained):
    """With dropout: the second time, the same activations are dropped."""
    found, runs = [], {True: 0, False: 0}
    for checkpointing in (False, True):
        made = model("ner_pointer", encoder=pretrained(kind))

        def count(module, _, mine=checkpointing):
            runs[mine] += module.training

        for module in made.encoder.modules():
            if isinstance(module, nn.Linear):
                module.register_forward_pre_hook(count)
        state = State(made, train(batch=5, checkpointing=checkpointing, ema=0.9))
        torch.manual_seed(1)
        steps(state, examples(made, RECORDS), train(batch=5))
        found.append(gradients(made))
        assert len(list(predict(state.best_weights.eval(), RECORDS))) == len(RECORDS)
    assert runs[True] > 1.5 * runs[False]  # each layer was run again
    for name, gradient in found[0].items():
        torch.testing.assert_close(found[1][name], gradient, rtol=1e-4, atol=1e-7)


def test_the_encoder_of_a_model_can_checkpoint(pretrained, tmp_path):
    folder.save(model("ner_pointer", encoder=pretrained("Bert")), tmp_path / "first")
    State(model("ner_pointer", encoder=tmp_path / "first"), train(checkpointing=True))


@pytest.mark.parametrize("kind", [None, "Albert"])
def test_an_encoder_that_has_nothing_to_checkpoint_says_so(kind, pretrained):
    with pytest.raises(IEError, match=r"train\.checkpointing: this encoder has no layers"):
        State(model("ner_pointer", encoder=kind and pretrained(kind)), train(checkpointing=True))
