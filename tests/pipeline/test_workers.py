"""Workers that die, are slow, or cannot start: nothing is lost, doubled or out of order."""

import os
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from ie_cli.errors import IEError
from ie_cli.pipeline import workers
from ie_cli.pipeline.job import Done, Job
from ie_cli.pipeline.lines import Line


@dataclass(frozen=True)
class Echo(Job):
    """Gives lines back in capitals; each may say what else is to happen."""

    def worker(self):
        if self.model == "stillborn":
            os._exit(9)
        if self.model != "echo":
            raise IEError(f"no model {self.model}")
        return echo


def echo(block: Sequence[Line]) -> Done:
    for line in block:
        _happen(line.content.decode())
    done = Done.of(block)
    done.lines = [line.content.upper() for line in block]
    return done


def _happen(command: str) -> None:
    what, _, value = command.partition(" ")
    if what == "sleep":
        time.sleep(float(value))
    elif what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "once" and not Path(value).exists():
        Path(value).touch()
        os._exit(1)


def made(*contents: str, size: int = 3) -> list[list[Line]]:
    found = [Line("f", i, content.encode()) for i, content in enumerate(contents, 1)]
    return [found[i : i + size] for i in range(0, len(found), size)]


def run(blocks, number=2, model="echo"):
    return list(workers.run(Echo(model), blocks, number))


def test_what_is_done_comes_in_order_whoever_is_faster():
    rng = random.Random(3)
    contents = [f"sleep {rng.random() / 50:.3f}" for _ in range(60)]
    done = run(made(*contents))
    assert [line for one in done for line in one.lines] == [c.upper().encode() for c in contents]
    assert [one.count for one in done] == [3] * 20 and not any(one.rejected for one in done)


def test_nothing_to_do():
    assert run([]) == []


def test_a_block_whose_worker_died_is_done_again(tmp_path):
    contents = ["a", f"once {tmp_path}/mark", "b", "c"]
    done = run(made(*contents))
    assert [line for one in done for line in one.lines] == [c.upper().encode() for c in contents]
    assert len(done) == 2 and not any(one.rejected for one in done)


def test_a_line_that_no_worker_survives_is_rejected_and_the_others_are_not():
    contents = ["a", "b", "c", "d", "die", "e", "f", "g", "h"]
    done = run(made(*contents, size=5), number=1)
    assert [line for one in done for line in one.lines] == [c.upper().encode() for c in contents if c != "die"]
    (rejected,) = [item for one in done for item in one.rejected]
    assert rejected.line.number == 5 and "killed by SIGKILL" in rejected.reason
    assert sum(one.count for one in done) == len(contents)


def test_what_is_wrong_with_the_job_is_said_once():
    with pytest.raises(IEError, match="no model x"):
        run(made("a"), model="x")
    with pytest.raises(IEError, match=r"no worker comes to life \(exit code 9\)"):
        run(made("a"), model="stillborn")


def test_an_error_of_the_input_comes_behind_what_was_read():
    def blocks():
        yield from made("a", "b")
        raise IEError("broken off")

    found = workers.run(Echo("echo"), blocks(), 1)
    with pytest.raises(IEError, match="broken off"):
        list(found)


def test_answers_come_while_the_input_is_still_open():
    def blocks():
        yield from made("a")
        time.sleep(60)

    found = workers.run(Echo("echo"), blocks(), 1)
    assert next(found).lines == [b"A"]
    found.close()
