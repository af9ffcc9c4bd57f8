"""Reading ahead of slow work without waiting for a full batch."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from queue import Empty, Queue
from typing import TypeVar

T = TypeVar("T")
_END = object()


def chunks(items: Iterable[T], most: int) -> Iterator[list[T]]:
    """What has arrived so far, at most `most` items at a time and at least one.

    A thread reads ahead, so a pipe that stays open gets its answers as its lines come, and a file is
    taken in full chunks. An error of `items` is raised here, behind everything read before it.
    """
    queue: Queue = Queue(maxsize=2 * most)
    failure: list[BaseException] = []

    def read() -> None:
        try:
            for item in items:
                queue.put(item)
        except BaseException as error:
            failure.append(error)
        queue.put(_END)

    threading.Thread(target=read, daemon=True).start()
    ended = False
    while not ended:
        chunk = [queue.get()]
        while chunk[-1] is not _END and len(chunk) < most:
            try:
                chunk.append(queue.get_nowait())
            except Empty:
                break
        if chunk[-1] is _END:
            ended = chunk.pop() is _END
        if chunk:
            yield chunk
    if failure:
        raise failure[0]
