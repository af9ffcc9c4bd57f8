"""Blocks of lines that are read in a thread, so that workers can be heard meanwhile."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterable, Sequence

from ie_cli.pipeline.lines import Line

Block = Sequence[Line]


class Source:
    """Blocks from a thread, one whenever it is asked for: meanwhile workers can be heard.

    Attributes:
        pipe: can be read from when the block is there.
    """

    def __init__(self, blocks: Iterable[Block]):
        self.pipe, self._theirs = multiprocessing.Pipe(duplex=False)
        self.asked = self.ended = False
        self._wanted = threading.Semaphore(0)
        self._block: Block | None = None
        self._failure: BaseException | None = None
        threading.Thread(target=self._read, args=(blocks,), daemon=True).start()

    def ask(self) -> None:
        if not self.asked and not self.ended:
            self.asked = True
            self._wanted.release()

    def take(self) -> Block | None:
        """The block that was asked for, None at the end."""
        self.pipe.recv_bytes()
        self.asked, block, self._block = False, self._block, None
        self.ended = block is None
        if self._failure is not None:
            raise self._failure
        return block

    def _read(self, blocks: Iterable[Block]) -> None:
        self._wanted.acquire()
        try:
            for self._block in blocks:
                self._theirs.send_bytes(b"1")
                self._wanted.acquire()
        except BaseException as error:
            self._failure = error
        self._block = None
        self._theirs.send_bytes(b"0")
