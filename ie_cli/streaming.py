"""Reading ahead of slow work without waiting for a full batch."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
Size = Callable[[T], int]


def chunks(items: Iterable[T], most: int, *, room: float = float("inf"), size: Size = lambda item: 1) -> Iterator[list]:
    """What has arrived so far, at least one item at a time, at most `most` of them and of `room` in size together.

    A thread reads ahead, about as much as two chunks, so a pipe that stays open gets its answers as its
    lines come. An error of `items` is raised here, behind everything read before it. An item larger
    than `room` is a chunk of its own.
    """
    ahead = _Ahead(most, room, size)
    threading.Thread(target=ahead.read, args=(items,), daemon=True).start()
    while chunk := ahead.take():
        yield chunk
    if ahead.failure is not None:
        raise ahead.failure


def full_chunks(items: Iterable[T], most: int, *, room: float, size: Size) -> Iterator[list]:
    """Chunks from a file, each as full as the bounds allow; an error comes as in `chunks`."""
    failures: list[Exception] = []
    chunk: list = []
    left = room
    for item in _until_failure(items, failures):
        left -= size(item)
        if chunk and (left < 0 or len(chunk) == most):
            yield chunk
            chunk, left = [], room - size(item)
        chunk.append(item)
    if chunk:
        yield chunk
    if failures:
        raise failures[0]


def _until_failure(items: Iterable[T], failures: list[Exception]) -> Iterator[T]:
    try:
        yield from items
    except Exception as error:
        failures.append(error)


class _Ahead(Generic[T]):
    """Items between the thread that reads them and the one that takes them."""

    def __init__(self, most: int, room: float, size: Size):
        self.failure: BaseException | None = None
        self._most, self._room, self._size = most, room, size
        self._waiting: deque[T] = deque()
        self._filled = 0
        self._ended = False
        self._changed = threading.Condition()

    def read(self, items: Iterable[T]) -> None:
        try:
            for item in items:
                self._put(item)
        except BaseException as error:
            self.failure = error
        with self._changed:
            self._ended = True
            self._changed.notify()

    def _put(self, item: T) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) < 2 * self._most and self._filled < 2 * self._room)
            self._waiting.append(item)
            self._filled += self._size(item)
            self._changed.notify()

    def take(self) -> list[T]:
        """The next chunk, [] at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended)
            chunk: list[T] = []
            left = self._room
            while self._waiting and len(chunk) < self._most:
                left -= self._size(self._waiting[0])
                if chunk and left < 0:
                    break
                chunk.append(self._waiting.popleft())
            self._filled -= sum(map(self._size, chunk))
            self._changed.notify()
            return chunk
