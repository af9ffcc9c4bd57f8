"""A narrower feed-forward part: what goes is what hardly varies, and its mean stays."""

import pytest
import torch

from ie_cli.errors import IEError
from ie_cli.pretraining.narrowing import narrow
from ie_cli.text.batch import pad
from ie_cli.zoo import encoders
from ie_cli.zoo.encoders import EncoderSettings

TEXTS = ["张三丰生于武当山。", "李四在清华大学学习。", "王五在北京", "张三"]
UNITS = 24  # of tests.conftest's encoders


@pytest.fixture
def opened(pretrained):
    def open_(kind):
        return encoders.create(EncoderSettings(str(pretrained(kind)), mode="characters"), lambda: ())

    return open_


@torch.no_grad()
def output(encoder, texts=TEXTS):
    encoder.module.eval()
    inputs = pad([encoder.tokenizer(text).features for text in texts])
    return encoder.module(inputs.features, inputs.mask)[inputs.mask]


@pytest.mark.parametrize("kind", ["Bert", "Roberta", "Electra", "RoFormer", "Ernie", "DebertaV2"])
def test_units_that_give_a_constant_are_the_ones_that_go(opened, kind):
    encoder = opened(kind)
    layers = encoder.module.layers
    constant = [[0, 5, 11, 23], [1, 2, 3, 22]]
    with torch.no_grad():
        for layer, units in zip(layers, constant, strict=True):
            inner = layer.intermediate.dense
            inner.weight.normal_()
            inner.weight[units] = 0
            inner.bias[units] = 3.0  # what they give is large: its size is not what counts
    before, kept = output(encoder), [layer.intermediate.dense.weight.clone() for layer in layers]
    narrow(encoder, UNITS - 4, TEXTS)
    for layer, units, weight in zip(layers, constant, kept, strict=True):
        rest = [i for i in range(UNITS) if i not in units]
        assert torch.equal(layer.intermediate.dense.weight, weight[rest])
        assert layer.output.dense.weight.shape == (16, UNITS - 4)
    torch.testing.assert_close(output(encoder), before, rtol=0, atol=1e-5)
    assert encoder.module.inner.config.intermediate_size == UNITS - 4


def test_the_norm_of_what_reads_a_unit_counts_too(opened):
    encoder = opened("Bert")
    with torch.no_grad():
        for layer in encoder.module.layers:
            layer.intermediate.dense.weight.normal_()
            layer.output.dense.weight[:, 7] = 0
    before = output(encoder)
    narrow(encoder, UNITS - 1, TEXTS)
    torch.testing.assert_close(output(encoder), before, rtol=0, atol=1e-5)


def test_the_order_of_the_texts_does_not_matter(opened, monkeypatch):
    monkeypatch.setattr("ie_cli.pretraining.narrowing.SEEN", 2)
    one, other = opened("Bert"), opened("Bert")
    narrow(one, 10, TEXTS)
    narrow(other, 10, reversed(TEXTS))
    torch.testing.assert_close(output(one), output(other), rtol=0, atol=0)


@pytest.mark.parametrize("width", [UNITS, UNITS + 1])
def test_it_cannot_become_wider(opened, width):
    with pytest.raises(IEError, match="24 units already"):
        narrow(opened("Bert"), width, TEXTS)


def test_gated_parts_are_refused(opened):
    with pytest.raises(IEError, match="modernbert is not built of two linear layers"):
        narrow(opened("ModernBert"), 8, TEXTS)


def test_a_family_without_such_a_number_is_refused(opened):
    encoder = opened("Bert")
    del encoder.module.inner.config.intermediate_size
    with pytest.raises(IEError, match="bert is not built of two linear layers"):
        narrow(encoder, 8, TEXTS)
