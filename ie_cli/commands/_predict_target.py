"""Where `ie predict` writes: the terminal, a pipe, or a file that an interrupted run can be resumed into."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ie_cli.commands._shell import output, say
from ie_cli.pipeline import resumable
from ie_cli.pipeline.resumable import Target
from ie_cli.writing import is_stream

if TYPE_CHECKING:
    from ie_cli.pipeline.job import Job


@contextlib.contextmanager
def opened(
    out: Path | None, job: Job, names: list[str], rejects: Path | None, *, resume: bool, show: bool
) -> Iterator[Target]:
    """Where the lines go: drawn, to a pipe or device, or to a file that can be resumed.

    Raises:
        IEError: there is nothing to resume with this job, or no such model; see also `resumable.opened`.
        OSError: it cannot be written.
    """
    if show:
        yield Target(_Drawing())
    elif out is None or str(out) == "-" or is_stream(out):
        with output(out) as stream:
            yield Target(stream)
    else:
        with resumable.opened(out, _identity(job, names, rejects), resume=resume) as target:
            if resume:
                say(f"{out}: {target.progress.lines} lines are done")
            try:
                yield target
            except BaseException:
                if target.progress.lines:
                    say(f"stopped; {target.progress.lines} lines are done: go on with the same command and --resume")
                raise


class _Drawing:
    """Stands for a stream: lines are drawn as `ie show` draws their records."""

    def __init__(self) -> None:
        from ie_cli.commands._show_record import printer

        self._put = printer()

    def write(self, data: bytes) -> None:
        from ie_cli.records import loads

        for number, line in enumerate(data.split(b"\n")[:-1], 1):
            self._put(loads(line, "prediction", number))

    def flush(self) -> None: ...


def _identity(job: Job, names: list[str], rejects: Path | None) -> dict[str, Any]:
    """What has to be the same when the run is resumed."""
    from ie_cli.zoo import manifest

    return {
        "inputs": [name if name == "-" else str(Path(name).resolve()) for name in names],
        "model (another)": manifest.identity(manifest.find(job.model)),
        "knowledge base (another)": None if job.kb is None else _base_digest(job.kb),
        **{f"--{name}": value for name, value in asdict(job).items() if name not in ("model", "kb")},
        "--rejects": None if rejects is None else str(rejects.resolve()),
    }


def _base_digest(folder: str) -> str:
    from ie_cli import kb

    return kb.open(folder).digest()
