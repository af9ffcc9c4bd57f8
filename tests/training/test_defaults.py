"""What a recipe leaves open goes by the number of texts and by the encoder; what it says stays."""

from types import SimpleNamespace

import pytest
from torch import nn

from ie_cli.training import defaults
from ie_cli.training.settings import Train
from ie_cli.zoo.encoders import EncoderSettings


def encoder(name, weights=10):
    return SimpleNamespace(settings=EncoderSettings(name), module=nn.Linear(weights, 1, bias=False, device="meta"))


def filled(name, texts, weights=10, windows=None, processes=1, **given):
    train = Train(**given)
    defaults.fill_in(train, encoder(name, weights), texts, range(windows or texts), processes)
    return train


@pytest.mark.parametrize(
    ("given", "texts", "chosen", "told"),
    [
        (EncoderSettings(), 4999, EncoderSettings("ie-small-zh", options={"words": 256}), True),
        (EncoderSettings(), 5000, EncoderSettings("char-bilstm"), False),
        (EncoderSettings(options={"hidden": 8}), 10, EncoderSettings("char-bilstm", options={"hidden": 8}), False),
        (EncoderSettings("rbt3"), 10, EncoderSettings("rbt3"), False),
        (EncoderSettings(begin="runs/ner"), 10, EncoderSettings(begin="runs/ner"), False),
    ],
)
def test_the_encoder_goes_by_the_number_of_texts_unless_one_is_asked_for(given, texts, chosen, told):
    notices = list(defaults.choose_encoder(given, texts))
    assert given == chosen
    assert bool(notices) == told and all(str(texts) in notice.text for notice in notices)


@pytest.mark.parametrize(
    ("name", "weights", "lr", "head_lr"),
    [("char-bilstm", 6e6, 2e-3, 2e-3), ("some/small", 25e6, 3e-4, 2e-3), ("some/base", 102e6, 5e-5, 1e-3)],
)
def test_rates_go_by_the_encoder(name, weights, lr, head_lr):
    train = filled(name, 1000, int(weights))
    assert (train.lr, train.head_lr) == (lr, head_lr)


@pytest.mark.parametrize(
    ("name", "epochs"), [("char-bilstm", [50, 32, 8, 13, 5]), ("some/base", [50, 8, 5, 5, 5])], ids=["scratch", "base"]
)
def test_few_texts_get_small_batches_and_many_epochs(name, epochs):
    runs = [filled(name, texts) for texts in (100, 1000, 4000, 10_000, 200_000)]
    assert [run.batch for run in runs] == [8, 8, 8, 32, 32]
    assert [run.epochs for run in runs] == epochs


def test_steps_of_several_processes_and_batches_are_counted():
    alone = filled("some/base", 1000)
    assert filled("some/base", 2000, processes=2).epochs == alone.epochs
    assert filled("some/base", 2000, accumulate=2).epochs == alone.epochs


def test_long_texts_are_several_examples_each():
    assert filled("some/base", 100, windows=2000).epochs == filled("some/base", 2000).epochs


def test_what_is_given_stays():
    train = filled("char-bilstm", 10, epochs=3, batch=5, lr=0.5, head_lr=0.25)
    assert (train.epochs, train.batch, train.lr, train.head_lr) == (3, 5, 0.5, 0.25)
