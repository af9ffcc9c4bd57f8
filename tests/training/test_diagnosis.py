"""What is noticed of a run, and when."""

import pytest

from ie_cli.records import Record
from ie_cli.scoring import Score, Tally
from ie_cli.training.diagnosis import EpochWatch, SharedTexts, short_windows, untaught
from ie_cli.training.loop import Epoch


def epoch(tp, predicted, gold=100):
    score = Score("ner", "exact", "", {"x": Tally(tp, predicted, gold)}, {}, 10, items="entities")
    return Epoch(1, 1.0, score, 1.0)


def told(*epochs, of=5):
    """The notices behind each epoch of a run of so many."""
    watch = EpochWatch(of)
    return [[notice.text for notice in watch.notices(epoch(*e))] for e in epochs]


def test_a_plateau_is_said_once_behind_the_third_epoch():
    found = told((0, 0), (0, 0), (0, 0), (0, 0))
    assert [len(notices) for notices in found] == [0, 0, 1, 0]
    assert "F1 is 0 for 3 epochs and nothing is predicted" in found[2][0] and "train.head_lr" in found[2][0]


def test_the_short_epochs_of_a_long_run_are_given_time():
    found = told(*[(0, 0)] * 6, of=25)
    assert [len(notices) for notices in found] == [0, 0, 0, 0, 1, 0] and "for 5 epochs" in found[4][0]


def test_wrong_predictions_are_another_plateau():
    assert "although 7 are predicted: none is right" in told((0, 7), (0, 7), (0, 7))[2][0]


def test_a_right_prediction_ends_the_plateau():
    assert told((0, 0), (0, 0), (1, 2), (0, 0), (0, 0)) == [[]] * 5


def test_an_explosion_is_said_when_it_begins():
    found = told((10, 500), (10, 501), (10, 900), (10, 90), (10, 900))
    assert [len(notices) for notices in found] == [0, 1, 0, 0, 1]
    assert "501 entities are predicted where the gold has 100" in found[1][0]


@pytest.mark.parametrize(("predicted", "said"), [(50, 0), (51, 1)])
def test_a_few_predictions_are_no_explosion_however_little_gold_there_is(predicted, said):
    assert len(told((1, predicted, 2))[0]) == said


def test_shared_texts_are_counted_on_the_way():
    shared = SharedTexts([Record("甲"), Record("乙"), Record("丙"), Record("丙")])
    train = [Record("乙"), Record("丁"), Record("乙"), Record("丙")]
    assert list(shared.watch(train)) == train
    assert [n.text.split(":")[0] for n in shared.notices()] == ["2 of 3 dev texts are training texts, too"]


def test_labels_that_only_dev_has():
    said = [notice.text for notice in untaught(["a", "b"], ["b", *"cdefgh"])]
    assert said[0].startswith("6 labels of the dev records") and "c, d, e, f, g, …;" in said[0]
    assert not list(untaught(["a", "b"], ["a"]))


def test_sides_that_share_nothing_are_not_spoken_of():
    shared = SharedTexts([Record("甲")])
    assert list(shared.watch([Record("乙")])) and not list(shared.notices())


@pytest.mark.parametrize(
    ("options", "limit", "length", "said"),
    [
        ({"positions": 2048}, 2046, 256, ["2046"]),
        ({"positions": 2048}, 2046, 2046, []),
        ({"positions": None}, 510, 256, []),
        ({}, None, 256, []),
    ],
)
def test_windows_shorter_than_the_positions_that_were_asked_for(options, limit, length, said):
    assert [n.text.rpartition("=")[2] for n in short_windows(options, limit, length)] == said
