"""A worker in a process of its own, and the way to talk to it."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection

from ie_cli.errors import IEError
from ie_cli.pipeline.job import Done, Job
from ie_cli.pipeline.lines import Line


@dataclass(eq=False)
class BlockTask:
    """A block on its way, and how many workers died of it."""

    block: Sequence[Line]
    deaths: int = 0
    done: Done | None = None


class Process:
    """A worker's process, and the task that it is at."""

    def __init__(self, job: Job):
        context = multiprocessing.get_context("spawn")  # a fork would copy locks that other threads hold
        self.pipe, theirs = context.Pipe()
        self.task: BlockTask | None = None
        self.ready = False
        self.process = context.Process(target=_serve, args=(job, theirs), daemon=True)
        with _deaf():
            self.process.start()
        theirs.close()  # so that we read an end when it dies

    def give(self, task: BlockTask) -> None:
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


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """A process that is started meanwhile never hears Ctrl-C: the one that started it does."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # it opens the ears again when it starts
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
