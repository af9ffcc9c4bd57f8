"""Which examples make a step, and how they are shared out: to processes, and to the batches that are summed up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ie_cli.text.order import shuffled
from ie_cli.training.settings import Train


@dataclass(frozen=True)
class Portion:
    """Examples that are computed together, and the share of the step's mean loss that they are."""

    examples: list[int]
    share: float


def size(settings: Train, processes: int) -> int:
    """Examples in a step."""
    return settings.batch * settings.accumulate * processes


def steps(lengths: Sequence[int], settings: Train, processes: int) -> int:
    """Steps in an epoch."""
    return -(-len(lengths) // size(settings, processes))


def portions(
    lengths: Sequence[int], settings: Train, seed: int, *, rank: int = 0, processes: int = 1, mean_over: str = "texts"
) -> Iterator[list[Portion]]:
    """The portions of one process in each step of an epoch.

    The losses of all portions of all processes, times their shares, add up to the loss of the whole step,
    however unequal they are. A process for which no example is left gets one with share 0.

    Args:
        mean_over: whether a loss is a mean over "texts" or over "tokens".
    """
    for whole in shuffled(lengths, size(settings, processes), seed):
        weights = {i: lengths[i] if mean_over == "tokens" else 1 for i in whole}
        everything = max(1, sum(weights.values()))
        mine = whole[rank::processes]
        cuts = [mine[i : i + settings.batch] for i in range(0, len(mine), settings.batch)]
        yield [Portion(cut, sum(weights[i] for i in cut) / everything) for cut in cuts] or [Portion(whole[:1], 0.0)]
