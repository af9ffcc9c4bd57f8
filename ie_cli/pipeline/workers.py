"""Several workers, a process each: what they did comes out in the order of the blocks, whatever happens to a process.

A block whose worker died (killed, out of memory) is done again by a new one. If that one dies as well
the block is halved and so on, down to the line that no worker survives: it is rejected.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import wait

from ie_cli.errors import IEError
from ie_cli.pipeline._process import BlockTask, Process
from ie_cli.pipeline._source import Block, Source
from ie_cli.pipeline.job import Done, Job, Rejected

LIVES = 2  # workers that a block may cost before it is halved
STILLBORN = 3  # workers in a row that may die before they are ready
AHEAD = 4  # blocks for each worker that may wait for one before them


def run(job: Job, blocks: Iterable[Block], number: int) -> Iterator[Done]:
    """Do the blocks in `number` processes.

    Raises:
        IEError: as `Job.worker`, or no process comes to life.
    """
    pool = _Pool(job, number, Source(blocks))
    try:
        yield from pool.run()
    finally:
        pool.close()


class _Pool:
    """The processes, and the tasks in order: at the front of `order` is the one to be given back next."""

    def __init__(self, job: Job, number: int, source: Source):
        self.job, self.number, self.source = job, number, source
        self.order: deque[BlockTask] = deque()
        self.waiting: deque[BlockTask] = deque()  # no process has them
        self.stillborn = 0
        self.processes = [Process(job) for _ in range(number)]

    def run(self) -> Iterator[Done]:
        while self.order or not self.source.ended:
            self._employ()
            self._listen()
            while self.order and self.order[0].done is not None:
                yield self.order.popleft().done

    def close(self) -> None:
        for process in self.processes:
            process.process.kill()
            process.process.join()

    def _employ(self) -> None:
        """Give what waits to who is free, and ask for more if nothing waits."""
        for process in self.processes:
            if process.ready and process.task is None:
                if self.waiting:
                    process.give(self.waiting.popleft())
                elif len(self.order) < AHEAD * self.number:
                    self.source.ask()

    def _listen(self) -> None:
        """Wait for a block or a worker, and hear all that have something."""
        talking = {process.pipe: process for process in self.processes}
        for pipe in wait([*talking, *[self.source.pipe] * self.source.asked]):
            if pipe is self.source.pipe:
                self._take()
            else:
                self._hear(talking[pipe])

    def _take(self) -> None:
        block = self.source.take()
        if block is not None:
            task = BlockTask(block)
            self.order.append(task)
            self.waiting.append(task)

    def _hear(self, process: Process) -> None:
        answer = process.answer()
        if answer is None:
            self._bury(process)
        elif isinstance(answer, Done):
            process.task.done, process.task = answer, None
        elif answer:
            raise IEError(answer)
        else:
            process.ready, self.stillborn = True, 0

    def _bury(self, process: Process) -> None:
        """Replace a dead process and see to its task."""
        code = process.process.exitcode
        if not process.ready:
            self.stillborn += 1
            if self.stillborn >= STILLBORN:
                raise IEError(f"no worker comes to life ({_death(code)}); is there memory for --workers {self.number}?")
        self.processes[self.processes.index(process)] = Process(self.job)
        if process.task is not None:
            process.task.deaths += 1
            self._again(process.task, code)

    def _again(self, task: BlockTask, code: int | None) -> None:
        if task.deaths < LIVES:
            self.waiting.appendleft(task)
        elif len(task.block) == 1:
            task.done = Done.of(task.block)
            task.done.rejected.append(Rejected(task.block[0], f"{LIVES} workers died of it ({_death(code)})"))
        else:
            middle, at = len(task.block) // 2, self.order.index(task)
            halves = [BlockTask(block, LIVES - 1) for block in (task.block[:middle], task.block[middle:])]
            del self.order[at]
            for half in reversed(halves):
                self.order.insert(at, half)
                self.waiting.appendleft(half)


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
