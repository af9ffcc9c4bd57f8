"""Our BERT against that of transformers: the same weights by the same names, the same output."""

import dataclasses

import pytest
import torch
from transformers import BertConfig, BertModel

from ie_cli.nn.bert import Bert, Shape

SIZES = {
    "vocab_size": 50, "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 40,
    "max_position_embeddings": 12, "type_vocab_size": 3, "layer_norm_eps": 1e-5, "pad_token_id": 2,
    "hidden_dropout_prob": 0.2, "attention_probs_dropout_prob": 0.3,
}  # fmt: skip


@pytest.fixture(scope="module")
def both():
    torch.manual_seed(0)
    theirs = BertModel(BertConfig(**SIZES), add_pooling_layer=False)
    ours = Bert(Shape(**SIZES))
    for weight in theirs.parameters():  # biases and normalisations are not what they begin with, either
        torch.nn.init.normal_(weight, std=0.3)
    ours.load_state_dict(theirs.state_dict())
    return ours.eval(), theirs.eval()


def batch():
    mask = torch.arange(12) < torch.tensor([12, 7, 1])[:, None]
    return torch.randint(3, 50, (3, 12), generator=torch.Generator().manual_seed(1)).where(mask, 2), mask


def test_the_output_is_that_of_transformers(both):
    ids, mask = batch()
    with torch.inference_mode():
        ours, theirs = (one(input_ids=ids, attention_mask=mask.long()).last_hidden_state[mask] for one in both)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-6)


def test_it_learns_as_that_of_transformers(both):
    """Same gradients, and the same random numbers are asked for in the same order."""
    ids, mask = batch()
    gradients = []
    for one in both:
        one.train()
        torch.manual_seed(2)
        one(input_ids=ids, attention_mask=mask.long()).last_hidden_state[mask].square().sum().backward()
        gradients.append({name: weight.grad for name, weight in one.named_parameters()})
        one.zero_grad()
        one.eval()
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradient, gradients[1][name], rtol=1e-4, atol=1e-4, msg=name)


def test_what_padding_holds_does_not_matter(both):
    ids, mask = batch()
    with torch.inference_mode():
        found = [both[0](x, mask).last_hidden_state[mask] for x in (ids, ids.where(mask, 7))]
    assert torch.equal(*found)


def test_the_defaults_are_those_of_transformers():
    theirs = BertConfig()
    for field in dataclasses.fields(Shape):
        if field.name != "vocab_size":
            assert getattr(theirs, field.name) == field.default, field.name
