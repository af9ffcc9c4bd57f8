"""The pointer model's settings for decoding and its reduction of the loss."""

import pytest
import torch

from ie_cli.nn.span_scores import SpanScores, span_mask
from ie_cli.nn.span_zlpr import additive_zlpr
from ie_cli.tasks.ner_pointer import Labels, Model, Settings
from ie_cli.text.characters import CharacterTokenizer, build_vocabulary

MASK = torch.tensor([[True, True, True], [True, False, False]])


def model(**settings) -> Model:
    tokenizer = CharacterTokenizer(build_vocabulary(["张三丰"], min_count=1, min_bigram_count=1))
    encoder = torch.nn.Identity()
    encoder.width, encoder.limit = 4, None
    return Model(encoder, tokenizer, Labels(["人物", "地点"], [0.1, 0.1]), Settings(head_size=4, **settings))


def scores() -> SpanScores:
    torch.manual_seed(0)
    return SpanScores(torch.rand(2, 3, 3), torch.rand(2, 2, 3), torch.rand(2, 2, 3))


def test_a_model_that_finds_everything_gives_the_likeliest_of_each_text():
    every, best = (model(max_spans=most).decode(scores(), MASK) for most in (1000, 3))
    assert [len(row) for row in every] == [12, 2] and [len(row) for row in best] == [3, 2]
    assert sorted(best[0]) == sorted(sorted(every[0], key=lambda span: -span[3])[:3])


@pytest.mark.parametrize("threshold", [0.5, 0.9, 0.97])
def test_the_threshold_is_a_probability(threshold):
    dense = scores().dense()
    found = model(threshold=threshold).decode(scores(), MASK)
    expected = ((torch.sigmoid(2 * dense) > threshold) & span_mask(MASK)[:, None]).nonzero().tolist()
    assert sorted((row, *span[:3]) for row, spans in enumerate(found) for span in spans) == list(map(tuple, expected))
    for row, spans in enumerate(found):
        assert [span[3] for span in spans] == pytest.approx(
            [torch.sigmoid(2 * dense[(row, *span[:3])]).item() for span in spans]
        )


def test_the_loss_is_summed_over_types_and_averaged_over_texts():
    made = model()
    batch = made.collate([{"ids": [1, 2, 3], "cells": [0, 1, 0, 2]}, {"ids": [1], "cells": []}])
    assert torch.equal(batch.inputs.mask, MASK)
    each = additive_zlpr(scores(), torch.tensor([[0, 1, 0, 2]]), span_mask(MASK))
    assert made.loss(scores(), batch).item() == pytest.approx(each.sum().item() / 2)
