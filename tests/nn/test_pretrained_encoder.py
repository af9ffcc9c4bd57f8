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
