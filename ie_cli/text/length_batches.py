"""Batches of texts of like length, so that little of them is padding."""

from __future__ import annotations

import random
from collections.abc import Sequence

POOL = 50  # batches that are sorted by length together
BATCH_TOKENS = 4096  # tokens in one forward pass of a prediction, padding included


def shuffled(lengths: Sequence[int], size: int, seed: int) -> list[list[int]]:
    """Batches of `size` indices for training, in random order; texts of a pool stand together by length."""
    rng = random.Random(seed)
    order = list(range(len(lengths)))
    rng.shuffle(order)
    batches = []
    for low in range(0, len(order), size * POOL):
        pool = sorted(order[low : low + size * POOL], key=lengths.__getitem__)
        batches += [pool[i : i + size] for i in range(0, len(pool), size)]
    rng.shuffle(batches)
    return batches


def by_length(lengths: Sequence[int], tokens: int) -> list[list[int]]:
    """Batches of indices, longest first, each of at most `tokens` tokens with its padding (or one text)."""
    batches: list[list[int]] = []
    room = 0
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if not batches or len(batches[-1]) == room:
            batches.append([])
            room = max(1, tokens // max(1, lengths[i]))
        batches[-1].append(i)
    return batches
