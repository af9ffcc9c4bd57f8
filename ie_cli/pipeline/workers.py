"""Several workers, a process each: what they did comes out in the order of the blocks, whatever happens to a process.

A block whose worker died (killed, out of memory) is done again by a new one. If that one dies as well
the block is halved and so on, down to the line that no worker survives: it is rejected.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

from ie_cli.errors import IEError
from ie_cli.pipeline.job import Done, Job, Rejected
from ie_cli.pipeline.lines import Line

LIVES = 2  # workers that a block may cost before it is halved
STILLBORN = 3  # workers in a row that may die before they are ready
AHEAD = 4  # blocks for each worker that may wait for one before them

Block = Sequence[Line]


def run(job: Job, blocks: Iterable[Block], number: int) -> Iterator[Done]:
    """Do the blocks in `number` processes.

    Raises:
        IEError: as `Job.worker`, or no process comes to life.
    """
    pool = _Pool(job, number, _Source(blocks))
    try:
        yield from pool.run()
    finally:
        pool.close()


@dataclass(eq=False)
class _Task:
    """A block on its way, and how many workers died of it."""

    block: Block
    deaths: int = 0
    done: Done | None = None


class _Source:
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


class _Process:
    """A worker's process, and the task that it is at."""

    def __init__(self, job: Job):
        context = multiprocessing.get_context("spawn")  # a fork would copy locks that other threads hold
        self.pipe, theirs = context.Pipe()
        self.task: _Task | None = None
        self.ready = False
        self.process = context.Process(target=_serve, args=(job, theirs), daemon=True)
        with _deaf():
            self.process.start()
        theirs.close()  # so that we read an end when it dies

    def give(self, task: _Task) -> None:
        self.task = task
        with contextlib.suppress(OSError):  # it is dead, as its pipe will say
            self.pipe.send(task.block)

    def answer(self) -> Done | str | None:
        """What it has to say: that it is ready (""), what is wrong with the job, what it did; None if it is dead."""
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            return None


class _Pool:
    """The processes, and the tasks in order: at the front of `order` is the one to be given back next."""

    def __init__(self, job: Job, number: int, source: _Source):
        self.job, self.number, self.source = job, number, source
        self.order: deque[_Task] = deque()
        self.waiting: deque[_Task] = deque()  # no process has them
        self.stillborn = 0
        self.processes = [_Process(job) for _ in range(number)]

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
            task = _Task(block)
            self.order.append(task)
            self.waiting.append(task)

    def _hear(self, process: _Process) -> None:
        answer = process.answer()
        if answer is None:
            self._bury(process)
        elif isinstance(answer, Done):
            process.task.done, process.task = answer, None
        elif answer:
            raise IEError(answer)
        else:
            process.ready, self.stillborn = True, 0

    def _bury(self, process: _Process) -> None:
        """Replace a dead process and see to its task."""
        code = process.process.exitcode
        if not process.ready:
            self.stillborn += 1
            if self.stillborn >= STILLBORN:
                raise IEError(f"no worker comes to life ({_death(code)}); is there memory for --workers {self.number}?")
        self.processes[self.processes.index(process)] = _Process(self.job)
        if process.task is not None:
            process.task.deaths += 1
            self._again(process.task, code)

    def _again(self, task: _Task, code: int | None) -> None:
        if task.deaths < LIVES:
            self.waiting.appendleft(task)
        elif len(task.block) == 1:
            task.done = Done.of(task.block)
            task.done.rejected.append(Rejected(task.block[0], f"{LIVES} workers died of it ({_death(code)})"))
        else:
            middle, at = len(task.block) // 2, self.order.index(task)
            halves = [_Task(block, LIVES - 1) for block in (task.block[:middle], task.block[middle:])]
            del self.order[at]
            for half in reversed(halves):
                self.order.insert(at, half)
                self.waiting.appendleft(half)


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """A process that is started meanwhile never hears Ctrl-C: the one that started it does."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(job: Job, pipe: Connection) -> None:
    """A worker's life, until the other end of the pipe is closed."""
    with contextlib.suppress(EOFError, OSError):
        try:
            worker = job.worker()
            pipe.send("")
            while True:
                pipe.send(worker(pipe.recv()))
        except IEError as error:
            pipe.send(str(error))
