"""What the benchmarks that train share: `ie train` in a process of its own, behind what has been done before."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ie_cli import config


def train(run: Path, words: Sequence[object]) -> float | None:
    """`ie train WORDS -o RUN` on one thread, or what is left of it.

    Returns:
        Its CPU seconds; None if some of the run had been done before.
    """
    if finished(run):
        return None
    before = (run / "metrics.jsonl").is_file()
    command = [sys.executable, "-m", "ie_cli", "train", *words, "-o", run, "--resume" if before else "--overwrite"]
    began = _seconds()
    subprocess.run([*map(str, command), "--threads", "1"], check=True)
    return None if before else _seconds() - began


def finished(run: Path) -> bool:
    """Whether all epochs of the run are done."""
    if not (run / "metrics.jsonl").is_file():
        return False
    epochs = config.read(str(run / "recipe.yaml"))["train"]["epochs"]
    return len((run / "metrics.jsonl").read_text().splitlines()) == epochs


def spread(values: Sequence[float]) -> str:
    """Mean and, of several seeds, standard deviation, in percent."""
    percent = [100 * value for value in values]
    apart = f" ± {statistics.stdev(percent):.2f}" if len(percent) > 1 else ""
    return f"{statistics.mean(percent):.2f}{apart}"


def _seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
