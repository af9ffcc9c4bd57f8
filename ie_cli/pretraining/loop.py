"""The loop as a generator: a round is `save_every` steps, behind each of which the held-out rows are measured."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from ie_cli.pretraining.corpus import Corpus
from ie_cli.pretraining.model import Pretraining
from ie_cli.pretraining.settings import Recipe
from ie_cli.text.length_batches import by_length
from ie_cli.training import batches, loop, optimiser, parallel
from ie_cli.training.data import Examples
from ie_cli.training.loop import Step
from ie_cli.training.step import State, update

TOKENS = 8192  # that are measured at once


@dataclass(frozen=True)
class Round:
    """What was trained since the last checkpoint, and how good the guesses are now.

    Attributes:
        number: from 1.
        done: updates of this round.
        step, steps: updates done, and of the whole run.
        loss: its mean over the round.
        accuracy: share of the held-out masked tokens that are guessed right; None where guesses are not trained,
            and in all processes but the first.
        tokens: that were read by all processes.
        seconds: of training.
    """

    number: int
    done: int
    step: int
    steps: int
    loss: float
    accuracy: float | None
    tokens: int
    seconds: float


def held_out(corpus: Corpus, most: int) -> tuple[list[int], list[int]]:
    """Numbers of the rows that are trained on and of those that are measured: a tenth at most, always the same."""
    order = list(range(len(corpus.lengths)))
    random.Random(0).shuffle(order)
    size = max(1, min(most, len(order) // 10))
    return order[size:], order[:size]


def steps(recipe: Recipe, rows: int) -> int:
    """Updates in the whole run."""
    return recipe.steps or -(-rows // batches.size(recipe.train, parallel.count()))


def fit(state: State, corpus: Corpus, recipe: Recipe) -> Iterator[Step | Round]:
    """Train from `state.epoch`, the rounds done, on; after a `Round` is yielded the state stands behind it.

    Each round draws its masks and dropout from (seed, round) alone, so a run that was resumed behind one goes on
    as an undisturbed one.

    Raises:
        IEError: the loss is no longer a number.
    """
    trained, measured = held_out(corpus, recipe.texts.held_out)
    total, size = steps(recipe, len(trained)), batches.size(recipe.train, parallel.count())
    while (done := state.epoch * recipe.save_every) < total:
        stop = min(done + recipe.save_every, total)
        part = examples(corpus, drawn(trained, done * size, stop * size, recipe.train.seed))
        began, losses = time.monotonic(), []
        state.model.train()
        for step, batch in enumerate(loop.micro_batches(state, part, recipe.train), done + 1):
            factor = optimiser.lr_factor(step - 1, total, recipe.train.warmup)
            losses.append(update(state, part, batch, recipe.train, factor))
            loop.check(losses[-1], step, recipe.train)
            yield Step(state.epoch + 1, step, total, losses[-1])
        seconds = time.monotonic() - began
        accuracy = measure(state.best_weights.eval(), corpus, measured, state.device)
        state.epoch += 1
        mean = sum(losses) / len(losses)
        yield Round(state.epoch, stop - done, stop, total, mean, accuracy, sum(part.lengths), seconds)


def drawn(rows: list[int], first: int, stop: int, seed: int) -> list[int]:
    """Numbers `first` to `stop` of an endless order of rows: all of them once in each pass, each pass in its own."""
    numbers: list[int] = []
    for turn in range(first // len(rows), -(-stop // len(rows))):
        begin = turn * len(rows)
        order = list(rows)
        random.Random(batches.seed_of(seed, turn)).shuffle(order)
        numbers += order[max(0, first - begin) : stop - begin]
    return numbers


def examples(corpus: Corpus, numbers: list[int]) -> Examples:
    """Some rows of the corpus, as a step of training takes them."""
    lengths = [corpus.lengths[i] for i in numbers]
    return Examples(corpus.rows.select(numbers), lengths, len(numbers), Counter())


def measure(model: Pretraining, corpus: Corpus, numbers: list[int], device: torch.device) -> float | None:
    """Share of masked tokens of some rows that are guessed right, with the same masks each time."""
    if parallel.rank() or not model.guess:
        return None
    right = total = 0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for batch in by_length([corpus.lengths[i] for i in numbers], TOKENS):
            rows = [corpus.rows[numbers[i]] for i in batch]
            counts = model.guessed(model.collate(rows).to(device))
            right, total = right + counts[0], total + counts[1]
    return right / max(1, total)
