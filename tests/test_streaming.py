"""Reading ahead: in order, early, bounded, and with errors in their place."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ie_cli.streaming import chunks, full_chunks

PATIENCE = 10  # seconds until a thread that hangs is called hung


@given(st.integers(0, 40), st.integers(1, 7))
def test_every_item_once_in_order_and_no_chunk_too_large(count, most):
    found = list(chunks(iter(range(count)), most))
    assert [item for chunk in found for item in chunk] == list(range(count))
    assert all(0 < len(chunk) <= most for chunk in found)


def test_items_that_are_false_or_none_are_items():
    assert [x for chunk in chunks([None, 0, "", []], 3) for x in chunk] == [None, 0, "", []]


def test_what_has_arrived_is_given_while_the_source_is_still_open():
    go_on = threading.Event()

    def source():
        yield 1
        assert go_on.wait(PATIENCE)
        yield 2

    found = chunks(source(), 100)
    assert next(found) == [1]  # would wait for ever if a full chunk were wanted
    go_on.set()
    assert next(found) == [2]
    assert list(found) == []


def test_a_source_that_is_ahead_gives_full_chunks():
    found = chunks(iter(range(100)), 10)
    first = next(found)
    time.sleep(0.2)  # the reader fills its queue
    assert len(next(found)) == 10 and first[0] == 0


def test_reading_ahead_is_bounded():
    taken = []

    def source():
        for i in range(10_000):
            taken.append(i)
            yield i

    found = chunks(source(), 5)
    got = len(next(found))
    time.sleep(0.2)
    assert len(taken) <= got + 2 * 5 + 1  # the queue, and the one item that waits to enter it


@pytest.mark.parametrize("before", [0, 1, 3, 7])
def test_an_error_of_a_file_comes_behind_what_was_read_too(before):
    def source():
        yield from range(before)
        raise ValueError("bad")

    got = []
    with pytest.raises(ValueError, match="bad"):
        for chunk in full_chunks(source(), 3, room=99, size=lambda item: 1):
            got += chunk
    assert got == list(range(before))


@pytest.mark.parametrize("error", [ValueError("bad"), KeyboardInterrupt(), SystemExit(3)])
@pytest.mark.parametrize("before", [0, 1, 7])
def test_an_error_comes_behind_what_was_read_before_it(error, before):
    def source():
        yield from range(before)
        raise error

    got = []
    with pytest.raises(type(error)) as raised:
        for chunk in chunks(source(), 3):
            got += chunk
    assert raised.value is error and got == list(range(before))
