"""What `ie predict` makes of broken input and of processes that are killed.

    python tests/benchmarks/faults.py fuzz dev.jsonl --lines 100000
    python tests/benchmarks/faults.py kill dev.jsonl --times 50

`fuzz` changes bytes of real lines and counts what came of them: every line is in the output or among
the rejected ones. `kill` ends a worker or all of it with SIGKILL at a random moment, goes on with
--resume until it is done, and compares with an undisturbed run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ie_cli import threads

threads.limit(1)

from ie_cli.pipeline.job import Job  # noqa: E402
from ie_cli.pipeline.lines import MOST, Line  # noqa: E402
from ie_cli.pipeline.work import Worker  # noqa: E402
from ie_cli.records import loads  # noqa: E402

ODD = [b"\x00", b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"[" * 2000]
ODD += [b"1e999", b"null", b"\r", b"\t", "😀".encode(), "é̂".encode(), b"NaN", b"\\", b'"', b"}", b"{"]
ODD += [b'"start": -1', b'"end": 1.5', b'"text": {}']


def mutated(line: bytes, rng: random.Random) -> bytes:
    """The line with a few bytes removed, doubled, changed or something odd put in; without line ends inside."""
    data = bytearray(line.rstrip(b"\n"))
    for _ in range(rng.choice([1, 1, 2, 5])):
        at = rng.randrange(len(data) + 1)
        size = rng.choice([1, 2, 10])
        what = rng.randrange(4)
        if what == 0:
            del data[at : at + size]
        elif what == 1:
            data[at:at] = data[at : at + size]
        elif what == 2:
            data[at : at + 1] = bytes([rng.randrange(256)])
        else:
            data[at:at] = rng.choice(ODD)
    return bytes(data).replace(b"\n", b" ") + b"\n"


def fuzz(options: argparse.Namespace) -> str:
    """Feed mutated lines to a worker; an exception ends the run, as it should."""
    rng = random.Random(options.seed)
    lines = Path(options.file).read_bytes().splitlines(keepends=True)
    worker = Worker(Job(options.model))
    read = written = rejected = changed = 0
    reasons: dict[str, int] = {}
    while read < options.lines:
        block = [Line("fuzz", read + i, mutated(rng.choice(lines), rng)) for i in range(1, MOST + 1)]
        done = worker(block)
        read, written, rejected = read + len(block), written + len(done.lines), rejected + len(done.rejected)
        refused = {line.number for line, _ in done.rejected}
        kept = (line for line in block if line.number not in refused)
        for line, out in zip(kept, done.lines, strict=True):
            changed += loads(out, "out", None).text != json.loads(line.content)["text"]
        for _, reason in done.rejected:
            reasons[reason[:24]] = reasons.get(reason[:24], 0) + 1
    most = sorted(reasons.items(), key=lambda item: -item[1])[:12]
    return (
        f"{read} lines: {written} written, {rejected} rejected, {read - written - rejected} lost, "
        f"{changed} with another text, 0 crashes; reasons: {most}"
    )


def start(options: argparse.Namespace, out: Path, workers: int, *more: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "ie_cli", "predict", "-m", options.model, options.file, "-o", str(out)]
    return subprocess.Popen([*command, "--workers", str(workers), *more], stderr=subprocess.PIPE)


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def kill(options: argparse.Namespace) -> str:
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        undisturbed, out = Path(folder) / "undisturbed", Path(folder) / "out"
        began = time.monotonic()
        start(options, undisturbed, 1).communicate()
        usual = time.monotonic() - began
        counts = {"parent": 0, "worker": 0, "too late": 0, "resumed": 0, "other": 0}
        for turn in range(options.times):
            process = start(options, out, 1 + turn % 2)
            time.sleep(rng.uniform(0.2, 1.1) * usual)
            counts[_kill(process, rng)] += 1
            while process.wait() != 0:
                counts["resumed"] += 1
                process = start(options, out, 1 + turn % 2, "--resume")
            counts["other"] += out.read_bytes() != undisturbed.read_bytes()
            out.unlink()
            print(f"\r{turn + 1} {counts}", end="", file=sys.stderr)
        return f"\n{options.times} times, {counts}: outputs that differ {counts['other']}"


def _kill(process: subprocess.Popen, rng: random.Random) -> str:
    """Kill a worker if there are any, or the process itself."""
    if process.poll() is not None:
        return "too late"
    victims = children(process.pid)
    if victims and rng.random() < 0.5:
        os.kill(rng.choice(victims), signal.SIGKILL)
        return "worker"
    process.kill()
    return "parent"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["fuzz", "kill"])
    parser.add_argument("file", help="records")
    parser.add_argument("-m", "--model", default="cluener")
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print({"fuzz": fuzz, "kill": kill}[options.what](options))


if __name__ == "__main__":
    main()
