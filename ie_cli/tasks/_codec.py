"""What all models share: the way from records to token spans in windows, and batches of them.

What is to be learned from a record is a list of items (an entity, a relation, an event), each a list
of cells: a label and a span. In an example every cell is four integers, (item, label, first token,
last token), in one flat list.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from ie_cli.lengths import Lengths
from ie_cli.lost_causes import BEYOND_THE_OVERLAP, INSIDE_A_TOKEN, NEVER_IN_ONE_WINDOW, NO_OFFSETS
from ie_cli.records import Record, Span
from ie_cli.tasks import _settings
from ie_cli.text.batch import Inputs, pad
from ie_cli.text.encoding import Encoding, Tokenizer
from ie_cli.text.windows import Window, holds, windows

# The features of one window's tokens and "cells".
Example = dict[str, list[int]]
Item = Sequence[tuple[int, Span]]  # label and span of each cell
Tokens = tuple[int, int]  # first and last token of a span

CELL = 4  # integers in a cell
LONGEST = 512  # tokens in a window at most where the encoder has no limit
SHORTEST = 16


@dataclass(frozen=True)
class Batch:
    """Inputs and gold cells [N, 5]: row, item, label, first token, last token."""

    inputs: Inputs
    gold: Tensor

    def to(self, device: torch.device | str) -> Batch:
        return Batch(self.inputs.to(device), self.gold.to(device))


def collate(examples: Sequence[Example]) -> Batch:
    """Examples as one padded batch."""
    inputs = pad([{name: x for name, x in example.items() if name != "cells"} for example in examples])
    gold = [
        [row, *example["cells"][i : i + CELL]]
        for row, example in enumerate(examples)
        for i in range(0, len(example["cells"]), CELL)
    ]
    return Batch(inputs, torch.tensor(gold, dtype=torch.long).reshape(-1, 1 + CELL))


class TextStatistics:
    """What the texts of a training set are like, counted on the way through it."""

    def __init__(self):
        self.lengths = Lengths()
        self.spans = 0

    def add(self, text: str) -> None:
        self.lengths.add(len(text))
        self.spans += len(text) * (len(text) + 1) // 2

    @property
    def length(self) -> int:
        """99 of 100 texts are no longer than this, in characters."""
        return self.lengths.at(0.99)


class Statistics(ABC):
    """What makes the labels of a task, counted record by record.

    Attributes:
        counts: of what has a label; with none there are no labels.
        texts: what the texts themselves say.
    """

    def __init__(self):
        self.counts: Counter = Counter()
        self.texts = TextStatistics()

    @classmethod
    def labels_of(cls, records: Iterable[Record]) -> Any:
        """The labels of some records, in one pass."""
        statistics = cls()
        for record in records:
            statistics.add(record)
        return statistics.labels()

    def add(self, record: Record) -> None:
        self.texts.add(record.text)
        self.count(record)

    @abstractmethod
    def count(self, record: Record) -> None:
        """Count what one record is annotated with."""

    @abstractmethod
    def labels(self) -> Any:
        """The labels of all records.

        Raises:
            IEError: there are none.
        """


@dataclass(frozen=True)
class Codec:
    """Records to examples; holds no weights, so that other processes can have it.

    A task's own codec has `items` and `assemble`, which makes a record of what the windows gave.

    Attributes:
        labels: of the task, with `length`.
        settings: of the task, with `window_overlap`.
        limit: the encoder's longest input in tokens, or None for any.
        whole: whether all cells of an item must stand in one window to be learned.
        dropped: what a bound has kept from being predicted so far, counted by cause; the commands tell it.
    """

    tokenizer: Tokenizer
    labels: Any
    settings: Any
    limit: int | None
    dropped: Counter[str] = field(default_factory=Counter, compare=False, kw_only=True)
    whole: ClassVar[bool] = True
    columns: ClassVar[tuple[str, ...]] = ("cells",)  # names of the lists of integers besides the features
    strings: ClassVar[tuple[str, ...]] = ()  # names of the texts that `notes` adds to an example

    def __post_init__(self):
        _settings.check(self.settings)

    @property
    def window(self) -> int:
        """Tokens that the model reads at once in prediction: what it has seen in training, not more.

        A BiLSTM trained on sentences of at most 50 characters was measured to find next to nothing in
        windows of 128 (F1 0.002, against 0.72 in windows of 48).
        """
        return max(SHORTEST, min(self.labels.length, self.limit or LONGEST))

    def windows(self, text: str, encoding: Encoding, length: int) -> list[Window]:
        """The windows in which a text is read, at most `length` tokens each."""
        return windows(text, encoding, min(length, self.limit or length), self.settings.window_overlap)

    def items(self, record: Record, lost: Counter[str]) -> Iterable[Item]:
        """What the model can learn from a record; what it cannot is counted in `lost` by cause."""
        raise NotImplementedError

    def examples(self, record: Record, length: int) -> tuple[list[Example], Counter[str]]:
        """A record as training examples, one a window, and the gold that was lost by cause."""
        encoding = self.encode(record)
        windows = self.windows(record.text, encoding, length)
        rows, lost = self.cells(record, encoding, windows)
        made = zip(windows, rows, strict=True)
        return [encoding.window(*w) | {"cells": row} | self.notes(record, encoding, w) for w, row in made], lost

    def cells(
        self, record: Record, encoding: Encoding, windows: Sequence[Window]
    ) -> tuple[list[list[int]], Counter[str]]:
        """What is to be learned in each window, as flat lists of cells, and the gold that was lost by cause."""
        rows: list[list[int]] = [[] for _ in windows]
        lost: Counter[str] = Counter()
        for number, item in enumerate(self.items(record, lost)):
            for cells in self._tokens(item, encoding, lost):
                inside = [i for i, w in enumerate(windows) if all(holds(w, *tokens) for _, tokens in cells)]
                if not inside:
                    lost[TOO_LONG[self.whole and len(cells) > 1]] += 1
                for i in inside:
                    first = windows[i][0]
                    rows[i] += [x for label, (a, b) in cells for x in (number, label, a - first, b - first)]
        return rows, lost

    def assemble(self, record: Record, encoding: Encoding, windows: Sequence[Window], found: Sequence[Any]) -> Record:
        """The record with what the model has decoded in each of its windows."""
        raise NotImplementedError

    def encode(self, record: Record) -> Encoding:
        """The tokens of a training record."""
        return self.tokenizer(record.text)

    def notes(self, record: Record, encoding: Encoding, window: Window) -> dict[str, str]:
        """What an example has besides features and cells: texts under the names in `strings`."""
        return {}

    def _tokens(self, item: Item, encoding: Encoding, lost: Counter[str]) -> Iterator[list[tuple[int, Tokens]]]:
        """The cells of an item that have to stay together, by tokens; the others are lost."""
        for cells in [item] if self.whole else [[cell] for cell in item]:
            places = [None if s.start is None else encoding.token_span(s.start, s.end) for _, s in cells]
            if all(places):
                yield [(label, tokens) for (label, _), tokens in zip(cells, places, strict=True)]
            else:
                lost[NO_OFFSETS if any(s.start is None for _, s in cells) else INSIDE_A_TOKEN] += 1


TOO_LONG = {False: BEYOND_THE_OVERLAP, True: NEVER_IN_ONE_WINDOW}  # whether an item has several cells


def gap(one: tuple[int, int], other: tuple[int, int]) -> int:
    """Characters between two spans (start, end); 0 where they touch or overlap."""
    return max(one[0] - other[1], other[0] - one[1], 0)
