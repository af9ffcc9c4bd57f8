"""What the models of named entities share: labels, and the way between records and token spans."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ie_cli.errors import IEError
from ie_cli.records import Entity, Record
from ie_cli.scoring.ner import overlapping
from ie_cli.text.batch import Inputs, pad
from ie_cli.text.encoding import Encoding, Tokenizer
from ie_cli.text.windows import Window, owner, windows

# The features of one window's tokens and "spans": type, first, last token of each span, in one flat list.
Example = dict[str, list[int]]
TokenSpan = tuple[int, int, int, float]  # type, first token, last token, probability


LONGEST = 512  # tokens in a window at most, however long the training texts and the encoder's limit are
SHORTEST = 16
FLAT_BELOW = 0.01  # a smaller share of overlapping entities is taken for slips of the annotators


@dataclass
class Labels:
    """What the training records say of entities.

    Attributes:
        names: the types in sorted order.
        rates: for each, the share of all spans that it fills.
        overlapping: share of the entities that share characters with another.
        length: 99 of 100 texts are no longer than this, in characters.
    """

    names: list[str] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    overlapping: float = 1.0
    length: int = LONGEST

    @classmethod
    def of(cls, records: Iterable[Record]) -> Labels:
        """Count the types of annotated records, in one pass."""
        counts: Counter[str] = Counter()
        lengths: Counter[int] = Counter()
        cells = crossed = 0
        for record in records:
            lengths[len(record.text)] += 1
            cells += len(record.text) * (len(record.text) + 1) // 2
            placed = {(e.start, e.end, e.type) for e in record.entities or () if e.start is not None and e.type}
            counts.update(kind for _, _, kind in placed)
            crossed += len(overlapping(placed))
        if not counts:
            raise IEError(
                "the training records hold no entities with offsets and a type; see `ie convert --list` for formats"
            )
        names = sorted(counts)
        rates = [counts[name] / cells for name in names]
        return cls(names, rates, crossed / counts.total(), _percentile(lengths, 0.99))


def _percentile(counts: Counter[int], share: float) -> int:
    """The least value that at least this share of the counted ones does not exceed."""
    room = counts.total() * share
    for value in sorted(counts):
        room -= counts[value]
        if room <= 0:
            return value
    return 0


@dataclass(frozen=True)
class Batch:
    """Inputs and gold spans [N, 4]: row, type, first token, last token."""

    inputs: Inputs
    gold: Tensor

    def to(self, device: torch.device | str) -> Batch:
        return Batch(self.inputs.to(device), self.gold.to(device))


@dataclass(frozen=True)
class Codec:
    """Records to examples and spans to records; holds no weights, so that other processes can have it.

    Attributes:
        settings: of the task; `overlap` is read here.
        limit: the encoder's longest input in tokens, or None for any.
    """

    tokenizer: Tokenizer
    labels: Labels
    settings: Any
    limit: int | None

    @property
    def nested(self) -> bool:
        """Whether predicted entities may overlap: as the settings say, or as the training records have it."""
        wanted = getattr(self.settings, "nested", None)
        return self.labels.overlapping >= FLAT_BELOW if wanted is None else wanted

    @property
    def window(self) -> int:
        """Tokens that the model reads at once in prediction: what it has seen in training, not more.

        A BiLSTM trained on sentences of at most 50 characters was measured to find next to nothing in
        windows of 128 (F1 0.002, against 0.72 in windows of 48).
        """
        return max(SHORTEST, min(self.labels.length, LONGEST))

    def windows(self, text: str, encoding: Encoding, length: int) -> list[Window]:
        """The windows in which a text is read, at most `length` tokens each."""
        return windows(text, encoding, min(length, self.limit or length), self.settings.overlap)

    def examples(self, record: Record, length: int) -> tuple[list[Example], Counter[str]]:
        """A record as training examples, one a window, and the gold spans lost by cause."""
        encoding = self.tokenizer(record.text)
        found = self.windows(record.text, encoding, length)
        rows: list[list[int]] = [[] for _ in found]
        lost: Counter[str] = Counter()
        index = {name: i for i, name in enumerate(self.labels.names)}
        for entity in self.learnable(record, lost):
            tokens = None if entity.start is None else encoding.tokens(entity.start, entity.end)
            cause = self._cause(entity, tokens, found)
            if cause:
                lost[cause] += 1
                continue
            for row, (first, stop) in zip(rows, found, strict=True):
                if first <= tokens[0] and tokens[1] < stop:
                    row += [index[entity.type], tokens[0] - first, tokens[1] - first]
        return [encoding.window(*w) | {"spans": row} for w, row in zip(found, rows, strict=True)], lost

    def learnable(self, record: Record, lost: Counter[str]) -> list[Entity]:
        """The entities that the model's kind of output can hold; the others are counted in `lost`."""
        return record.entities or []

    def _cause(self, entity: Entity, tokens: tuple[int, int] | None, found: Sequence[Window]) -> str | None:
        """Why an entity cannot be learned, or None."""
        if entity.type not in self.labels.names:
            return f"type '{entity.type}' is not one of the model's"
        if entity.start is None:
            return "no offsets"
        if tokens is None:
            return "boundary inside a token"
        whole = any(first <= tokens[0] and tokens[1] < stop for first, stop in found)
        return None if whole else "longer than the overlap of two windows"

    def assemble(
        self, record: Record, encoding: Encoding, found: Sequence[Window], spans: Sequence[Sequence[TokenSpan]]
    ) -> Record:
        """The record with the entities that its windows gave, in order of place; other parts are kept."""
        entities = []
        for i, (window, row) in enumerate(zip(found, spans, strict=True)):
            for kind, first, last, score in row:
                first, last = first + window[0], last + window[0]
                if owner(found, len(encoding), first, last) == i:
                    start, end = encoding.starts[first], encoding.ends[last]
                    name = self.labels.names[kind]
                    entities.append(Entity(start, end, name, record.text[start:end], score=round(score, 4)))
        if not self.nested:
            entities = _without_overlaps(entities)
        entities.sort(key=lambda e: (e.start, e.end, e.type))
        return dataclasses.replace(record, entities=entities)


def _without_overlaps(entities: list[Entity]) -> list[Entity]:
    """The likeliest entities that share no character: each that overlaps a likelier one is left out."""
    kept: list[Entity] = []
    for entity in sorted(entities, key=lambda e: (-e.score, e.start - e.end, e.start, e.type)):
        if all(entity.end <= other.start or other.end <= entity.start for other in kept):
            kept.append(entity)
    return kept


def collate(examples: Sequence[Example]) -> Batch:
    """Examples as one padded batch."""
    inputs = pad([{name: x for name, x in example.items() if name != "spans"} for example in examples])
    gold = [
        [row, *example["spans"][i : i + 3]]
        for row, example in enumerate(examples)
        for i in range(0, len(example["spans"]), 3)
    ]
    return Batch(inputs, torch.tensor(gold, dtype=torch.long).reshape(-1, 4))
