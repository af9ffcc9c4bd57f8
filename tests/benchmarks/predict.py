"""How much of the time of `ie predict` is the encoder's forward pass.

    python tests/benchmarks/predict.py dev.jsonl -m cluener -m runs/relations --repeat 20
    python tests/benchmarks/predict.py dev.jsonl -m cluener --precision float32 --precision bfloat16

Both in this process and in turn, block by block: lines to lines, as a worker does them, and the bare
encoder on the very batches that this makes. Processor time of one thread, the least of several rounds
for each block, so that other programs disturb it little. The ratio is texts/s of the first over texts/s
of the second; the share is that of the encoder inside the first, by the stop watch of `--profile`.
The gain is texts/s over those of the first precision that is named.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Sequence

from ie_cli import threads

threads.limit(1)  # before torch is loaded

import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from ie_cli.nn.precision import PRECISIONS, autocast, choose  # noqa: E402
from ie_cli.pipeline.job import Job  # noqa: E402
from ie_cli.pipeline.lines import Line, blocks  # noqa: E402
from ie_cli.pipeline.work import Worker  # noqa: E402

CPU = torch.device("cpu")
Batches = list[tuple[dict[str, Tensor], Tensor]]


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


@torch.inference_mode()
def bare(encoder: nn.Module, batches: Batches, precision: str) -> None:
    with autocast(CPU, choose(precision, CPU)):
        for features, mask in batches:
            encoder(features, mask)


def recorded(worker: Worker, block: Sequence[Line]) -> Batches:
    """What the encoder is given when the lines are predicted."""
    batches: Batches = []
    hook = worker.model.encoder.register_forward_pre_hook(lambda _, given: batches.append(given))
    worker(block)
    hook.remove()
    return batches


def measure(job: Job, lines: Sequence[Sequence[Line]], rounds: int) -> tuple[float, float, float]:
    """Seconds of the whole way and of the bare encoder, and the encoder's share of the first."""
    worker = Worker(job)
    stages: Counter[str] = Counter()
    sums = [0.0, 0.0]
    for block in lines:
        batches = recorded(worker, block)
        works = (
            lambda: stages.update(worker(block).seconds),  # noqa: B023
            lambda: bare(worker.model.encoder, batches, job.precision),  # noqa: B023
        )
        times = [[seconds(work) for work in works] for _ in range(rounds)]
        sums = [total + min(column) for total, column in zip(sums, zip(*times, strict=True), strict=True)]
    return *sums, stages["encoder"] / stages.total()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", help="records")
    parser.add_argument("-m", "--model", action="append", required=True)
    parser.add_argument("--precision", action="append", choices=PRECISIONS)
    parser.add_argument("--repeat", type=int, default=1, help="read the files so many times over")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    lines = list(blocks(options.files * options.repeat))
    count = sum(map(len, lines))
    print(f"{f'{count} texts':46} {'texts/s':>9} {'encoder alone':>14} {'ratio':>6} {'share':>6} {'gain':>6}")
    for model in options.model:
        first = None
        for precision in options.precision or ["float32"]:
            whole, encoder, share = measure(Job(model, precision=precision), lines, options.rounds)
            first = first or whole
            rates = f"{count / whole:>9.0f} {count / encoder:>14.0f} {encoder / whole:>6.3f} {share:>6.3f}"
            print(f"{f'{model:.36} {precision}':46} {rates} {first / whole:>6.2f}", flush=True)


if __name__ == "__main__":
    main()
