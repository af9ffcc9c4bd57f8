"""How much of the time of `ie predict` is the encoder's forward pass.

    python tests/benchmarks/predict.py dev.jsonl -m cluener -m runs/relations --repeat 20

Both in this process and in turn: lines to lines, as a worker does them, and the bare encoder on the very
batches that this makes. Processor time of one thread, the least of several rounds, so that other
programs hardly disturb it. The ratio is texts/s of the first over texts/s of the second.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Sequence

from ie_cli import threads

threads.limit(1)  # before torch is loaded

import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from ie_cli.pipeline.job import Job  # noqa: E402
from ie_cli.pipeline.lines import Line, blocks  # noqa: E402
from ie_cli.pipeline.work import Worker  # noqa: E402

Batches = list[tuple[dict[str, Tensor], Tensor]]


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def whole(worker: Worker, lines: Iterable[Sequence[Line]]) -> None:
    for block in lines:
        worker(block)


@torch.inference_mode()
def bare(encoder: nn.Module, batches: Batches) -> None:
    for features, mask in batches:
        encoder(features, mask)


def recorded(worker: Worker, lines: Iterable[Sequence[Line]]) -> Batches:
    """What the encoder is given when the lines are predicted."""
    batches: Batches = []
    hook = worker.model.encoder.register_forward_pre_hook(lambda _, given: batches.append(given))
    whole(worker, lines)
    hook.remove()
    return batches


def measure(model: str, lines: Sequence[Sequence[Line]], rounds: int) -> tuple[float, float]:
    """The least seconds of the whole way and of the bare encoder."""
    worker = Worker(Job(model))
    batches = recorded(worker, lines)
    times = [
        (seconds(lambda: whole(worker, lines)), seconds(lambda: bare(worker.model.encoder, batches)))
        for _ in range(rounds)
    ]
    return tuple(map(min, zip(*times, strict=True)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", help="records")
    parser.add_argument("-m", "--model", action="append", required=True)
    parser.add_argument("--repeat", type=int, default=1, help="read the files so many times over")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    lines = list(blocks(options.files * options.repeat))
    count = sum(map(len, lines))
    print(f"{count} texts; {'texts/s':>40} {'encoder alone':>14} {'ratio':>6}")
    for model in options.model:
        all_of_it, encoder = measure(model, lines, options.rounds)
        print(
            f"{model:>46.46} {count / all_of_it:>9.0f} {count / encoder:>14.0f} {encoder / all_of_it:>6.3f}", flush=True
        )


if __name__ == "__main__":
    main()
