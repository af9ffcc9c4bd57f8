import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from ie_cli.nn import precision
from ie_cli.nn.char_encoder import BiLSTM, CharEncoder

LENGTHS = [4, 7, 1, 0]
MASK = torch.arange(7) < torch.tensor(LENGTHS)[:, None]
SIZES = {"ids": (9, 5), "bigrams": (9, 4), "words": (5, 3)}


def rows() -> torch.Tensor:
    """Random input; what stands behind a row's end must not matter."""
    return torch.randn(len(LENGTHS), 7, 6)


def copied(ours: BiLSTM, layers: int) -> nn.LSTM:
    """torch's own bidirectional LSTM with the same weights."""
    theirs = nn.LSTM(6, 3, num_layers=layers, bidirectional=True, batch_first=True)
    for i in range(layers):
        for suffix, lstm in (("", ours.forwards[i]), ("_reverse", ours.backwards[i])):
            for name, weights in lstm.named_parameters():
                getattr(theirs, f"{name.removesuffix('_l0')}_l{i}{suffix}").data.copy_(weights)
    return theirs


@pytest.mark.parametrize("layers", [1, 2])
@torch.no_grad()
def test_equal_to_a_packed_bidirectional_lstm(layers):
    ours = BiLSTM(6, 3, layers, dropout=0.0)
    x, lengths = rows()[:3], LENGTHS[:3]
    packed = pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
    theirs = pad_packed_sequence(copied(ours, layers)(packed)[0], batch_first=True)[0]
    hidden = ours(x, MASK[:3])
    for mine, other, length in zip(hidden, theirs, lengths, strict=True):
        torch.testing.assert_close(mine[:length], other[:length], rtol=0, atol=1e-6)


@torch.no_grad()
def test_a_text_alone_is_as_in_a_padded_batch():
    body = BiLSTM(6, 3, 2, dropout=0.5).eval()
    x = rows()
    together = body(x, MASK)
    for i, length in enumerate(LENGTHS[:3]):
        alone = body(x[i : i + 1, :length], MASK[i : i + 1, :length])
        torch.testing.assert_close(together[i, :length], alone[0], rtol=0, atol=1e-6)


@torch.no_grad()
def test_an_encoded_text_does_not_depend_on_its_batch():
    encoder = CharEncoder(SIZES, hidden=4, layers=2, dropout=0.5).eval()
    features = {name: torch.randint(1, n, MASK.shape) * MASK for name, (n, _) in SIZES.items()}
    together = encoder(features, MASK)
    assert together.shape == (4, 7, encoder.width)
    for i, length in enumerate(LENGTHS[:3]):
        alone = encoder({name: x[i : i + 1, :length] for name, x in features.items()}, MASK[i : i + 1, :length])
        torch.testing.assert_close(together[i, :length], alone[0], rtol=0, atol=1e-6)


@torch.no_grad()
def test_a_character_sees_the_bigram_that_starts_there():
    """With the bigram feature alone, changing the last one must reach the character before it."""
    encoder = CharEncoder(SIZES, hidden=4, layers=1, dropout=0.0).eval()
    seen = []
    encoder.body.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    features = {name: torch.full((1, 3), 1) for name in SIZES}
    mask = torch.ones(1, 3, dtype=torch.bool)
    encoder(features, mask)
    features["bigrams"] = torch.tensor([[1, 1, 2]])
    encoder(features, mask)
    assert (seen[0] != seen[1]).any(-1).tolist() == [[False, True, True]]


def test_padding_embeds_as_nothing():
    encoder = CharEncoder(SIZES, hidden=4, layers=1, dropout=0.0)
    assert not any(embedding.weight[0].any() for embedding in encoder.embeddings.values())


@pytest.mark.parametrize(("layers", "blind"), [(1, False), (2, True)])
@torch.no_grad()
def test_dropout_stands_between_the_layers_only(layers, blind):
    body = BiLSTM(6, 3, layers, dropout=1.0).train()
    assert torch.equal(body(rows(), MASK), body(rows(), MASK)) == blind


@pytest.mark.parametrize(
    ("narrow", "able", "found"),
    [
        (torch.bfloat16, True, torch.bfloat16),
        (torch.bfloat16, False, torch.float32),
        (torch.float16, True, torch.float32),
    ],
)
def test_lstms_are_in_16_bits_only_where_the_processor_has_them(narrow, able, found, monkeypatch):
    monkeypatch.setattr(precision, "computes_bfloat16", lambda device: able)
    body, x, mask = BiLSTM(6, 3, 2, dropout=0.0), torch.randn(2, 4, 6), torch.ones(2, 4, dtype=torch.bool)
    with torch.no_grad(), torch.autocast("cpu", narrow):
        assert body(x, mask).dtype == found
    assert body(x, mask).dtype == torch.float32
