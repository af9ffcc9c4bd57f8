"""The console script `ie`; `python -m ie_cli` is the same."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType


def main() -> None:
    """Run a command, and end as Unix filters do."""
    with _interrupted_quietly():
        from ie_cli.commands import app

    if hasattr(signal, "SIGPIPE"):
        # `ie … | head -1` ends as any Unix filter does: quietly, without a traceback.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, _terminated)
    app()


@contextlib.contextmanager
def _interrupted_quietly() -> Iterator[None]:
    """Ctrl-C ends the process at once: nothing is begun yet, and a traceback out of an import helps nobody."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # and not ignored, as in the background of a script
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGINT, before)


def _terminated(number: int, frame: FrameType | None) -> None:
    """End as at Ctrl-C: what is being written is finished, what is half made is removed."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    main()
