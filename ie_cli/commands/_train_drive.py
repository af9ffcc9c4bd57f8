"""What `ie train` and `ie pretrain` have in common: a run that tells of itself, alone or under `torchrun`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer

from ie_cli.commands._shell import SpokenReport, say
from ie_cli.errors import IEError, InUseError, Report
from ie_cli.writing import named


def drive(events: Callable[[Report], Iterator[Any]], tell: Callable[[Iterator[Any], Path], None], out: Path) -> None:
    """Run to the end and tell of it; torchrun's other processes neither write nor talk.

    Args:
        events: the run, from the report of what cannot be read.
        tell: says what happens, and in the end where the result is.
        out: folder of the run; it is not left behind empty where the run is refused.
    """
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # DDP warns where a model has not needed all that it may
    if os.environ.get("RANK", "0") != "0":
        _take_part(events(Report()))
        return
    spoken = SpokenReport()
    try:
        with named(out, None):  # a full disk names no file
            tell(events(spoken.report), out)
    except (KeyboardInterrupt, SystemExit):
        say(_stopped(out))
        raise
    except InUseError:
        raise
    except IEError:
        for folder in (*out.glob("seed-*"), out):  # where nothing was written yet, nothing is left
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise
    spoken.close()
    spoken.exit_if_skipped()


def _stopped(out: Path) -> str:
    """What to say of a run that is stopped; that of several seeds has a folder for each."""
    from ie_cli.training.checkpoint import NAME

    if (out / NAME).is_file() or any(out.glob(f"*/{NAME}")):
        return f"stopped; what was finished is in {out}: go on with --resume"
    return "stopped before anything was finished"


def _take_part(events: Iterator[Any]) -> None:
    """Follow a run that the first process tells of, its stated errors among it."""
    try:
        for _ in events:
            pass
    except IEError as error:
        raise typer.Exit(error.exit_code) from None
