"""Special tokens are put around each text and taken off again, at its own end and not at the batch's."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from ie_cli.nn.pretrained import PretrainedEncoder

FIRST, LAST, PAD = 7, 8, 9


class Echo(nn.Module):
    """An encoder whose hidden state is the id it saw; it remembers what it was given."""

    config = SimpleNamespace(hidden_size=1)

    def forward(self, input_ids, attention_mask):
        self.ids, self.mask = input_ids.tolist(), attention_mask.tolist()
        return SimpleNamespace(last_hidden_state=input_ids[..., None].float())


@pytest.mark.parametrize(
    ("first", "last", "ids", "mask"),
    [
        (
            FIRST,
            LAST,
            [[7, 1, 2, 3, 8], [7, 4, 8, 9, 9], [7, 8, 9, 9, 9]],
            [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 1, 0, 0, 0]],
        ),
        (FIRST, None, [[7, 1, 2, 3], [7, 4, 9, 9], [7, 9, 9, 9]], [[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]]),
        (None, LAST, [[1, 2, 3, 8], [4, 8, 9, 9], [8, 9, 9, 9]], [[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]]),
        (None, None, [[1, 2, 3], [4, 9, 9], [9, 9, 9]], [[1, 1, 1], [1, 0, 0], [0, 0, 0]]),
    ],
)
def test_special_tokens(first, last, ids, mask):
    inner = Echo()
    encoder = PretrainedEncoder(inner, first=first, last=last, pad=PAD, limit=None)
    features = {"ids": torch.tensor([[1, 2, 3], [4, 0, 0], [0, 0, 0]])}
    here = torch.tensor([[True] * 3, [True, False, False], [False] * 3])
    hidden = encoder(features, here)
    assert (inner.ids, inner.mask) == (ids, mask)
    assert hidden.shape == (3, 3, 1)
    assert hidden[here].flatten().tolist() == [1, 2, 3, 4]


class Normed(nn.Module):
    """Ends in a layer normalisation (as BERT does) or not, behind another one."""

    config = SimpleNamespace(hidden_size=4)

    def __init__(self, last: bool):
        super().__init__()
        torch.manual_seed(0)
        self.words, self.first, self.last = nn.Embedding(10, 4), nn.LayerNorm(4), nn.LayerNorm(4) if last else None
        nn.init.normal_(self.first.weight)

    def forward(self, input_ids, attention_mask):
        self.before = 2 * self.first(self.words(input_ids))
        return SimpleNamespace(last_hidden_state=self.last(self.before) if self.last else self.before)


@pytest.mark.parametrize("last", [True, False])
def test_the_residual_is_what_the_last_norm_was_given(last):
    inner = Normed(last)
    encoder = PretrainedEncoder(inner, first=FIRST, last=LAST, pad=PAD, limit=None)
    features, mask = {"ids": torch.tensor([[1, 2, 3], [4, 0, 0]])}, torch.tensor([[1, 1, 1], [1, 0, 0]]).bool()
    hidden, residual = encoder.residual(features, mask)
    assert torch.equal(hidden, encoder(features, mask))
    assert torch.equal(residual, inner.before[:, 1:4])
    assert not any(module._forward_hooks for module in inner.modules())
