"""The console script `ie`; `python -m ie_cli` is the same."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType


def main() -> None:
    """Run a command, and end as Unix filters do."""
    _occupy_standard_streams()
    _check_folder()
    with _interrupted_quietly():
        from ie_cli.commands import app
        from ie_cli.writing import TERMINATING

    if hasattr(signal, "SIGPIPE"):
        # `ie … | head -1` ends as any Unix filter does: quietly, without a traceback.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for number in TERMINATING:
        if signal.getsignal(number) is signal.SIG_DFL:  # and not ignored, as by nohup
            signal.signal(number, _terminated)
    try:
        app()
    except SystemExit as end:
        if os.environ.get("WORLD_SIZE", "1") != "1":
            _leave_group(end)
        raise
    except OSError as error:  # of help and the like, on a full disk; a command states its own
        sys.exit(f"error: {error.strerror or error}")


def _occupy_standard_streams() -> None:
    """Put /dev/null where a standard stream is closed: else the next file that is opened, the output for one, gets
    its number, and in it what libraries print. Python still takes the stream for closed."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)


def _check_folder() -> None:
    """Stop where the current folder was removed: libraries give up there, with words that tell nobody why."""
    try:
        Path.cwd()
    except OSError as error:
        sys.exit(f"error: the current folder is gone ({error.strerror}); cd to one that is there")


@contextlib.contextmanager
def _interrupted_quietly() -> Iterator[None]:
    """Ctrl-C ends the process at once: nothing is begun yet, and a traceback out of an import helps nobody."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # and not ignored, as in the background of a script
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGINT, before)


def _leave_group(end: SystemExit) -> None:
    """End a process of `torchrun` at once.

    Behind a DistributedDataParallel torch leaves Gloo's threads running; what they do while the interpreter is torn
    down aborts, once in a while, a process that has done its work.
    """
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(end.code or 0)


def _terminated(number: int, frame: FrameType | None) -> None:
    """End as at Ctrl-C: what is being written is finished, what is half made is removed."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    main()
