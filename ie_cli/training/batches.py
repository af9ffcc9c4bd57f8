"""Which examples make a step, and how they are shared out: to processes, and to the batches that are summed up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ie_cli.text.length_batches import shuffled
from ie_cli.training.settings import Train


@dataclass(frozen=True)
class MicroBatch:
    """Examples that are computed together, and the weight of their loss in the mean loss of the step."""

    examples: list[int]
    loss_weight: float


def seed_of(seed: int, turn: int) -> int:
    """The seed of one epoch (or other turn) of a run, so that a resumed run draws what an undisturbed one does."""
    return seed * 100_003 + turn


def size(settings: Train, processes: int) -> int:
    """Examples in a step."""
    return settings.batch * settings.accumulate * processes


def steps(lengths: Sequence[int], settings: Train, processes: int) -> int:
    """Steps in an epoch."""
    return -(-len(lengths) // size(settings, processes))


def micro_batches(
    lengths: Sequence[int], settings: Train, seed: int, *, rank: int = 0, processes: int = 1, mean_over: str = "texts"
) -> Iterator[list[MicroBatch]]:
    """The micro-batches of one process in each step of an epoch.

    The losses of all micro-batches of all processes, times their weights, add up to the loss of the whole step,
    however unequal they are. A process for which no example is left gets one with weight 0.

    Args:
        mean_over: whether a loss is a mean over "texts" or over "tokens".
    """
    for whole in shuffled(lengths, size(settings, processes), seed):
        weights = {i: lengths[i] if mean_over == "tokens" else 1 for i in whole}
        total = max(1, sum(weights.values()))
        mine = whole[rank::processes]
        cuts = [mine[i : i + settings.batch] for i in range(0, len(mine), settings.batch)]
        yield [MicroBatch(cut, sum(weights[i] for i in cut) / total) for cut in cuts] or [MicroBatch(whole[:1], 0.0)]
