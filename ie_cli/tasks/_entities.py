"""What the models of named entities share: labels, and the way between records and token spans."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ie_cli.errors import IEError
from ie_cli.overlaps import disjoint
from ie_cli.records import Entity, Record
from ie_cli.scoring.ner import overlapping
from ie_cli.tasks import _codec
from ie_cli.tasks._codec import LONGEST, Item
from ie_cli.text.encoding import Encoding
from ie_cli.text.windows import Window, owner

TokenSpan = tuple[int, int, int, float]  # type, first token, last token, probability

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
        return Statistics.labels_of(records)


class Statistics(_codec.Statistics):
    """Counts types."""

    def __init__(self):
        super().__init__()
        self._crossed = 0

    def count(self, record: Record) -> None:
        placed = {(e.start, e.end, e.type) for e in record.entities or () if e.start is not None and e.type}
        self.counts.update(kind for _, _, kind in placed)
        self._crossed += len(overlapping(placed))

    def labels(self) -> Labels:
        if not self.counts:
            raise IEError(
                "the training records hold no entities with offsets and a type; see `ie convert --list` for formats"
            )
        names = sorted(self.counts)
        rates = [self.counts[name] / self.texts.spans for name in names]
        return Labels(names, rates, self._crossed / self.counts.total(), self.texts.length)


@dataclass(frozen=True)
class Codec(_codec.Codec):
    """Entities as one cell each, labelled with the index of their type."""

    @property
    def nested(self) -> bool:
        """Whether predicted entities may overlap: as the settings say, or as the training records have it."""
        wanted = getattr(self.settings, "nested", None)
        return self.labels.overlapping >= FLAT_BELOW if wanted is None else wanted

    def items(self, record: Record, lost: Counter[str]) -> Iterator[Item]:
        for entity in self.learnable(record, lost):
            if entity.type in self._index:
                yield [(self._index[entity.type], entity)]
            else:
                lost[f"type '{entity.type}' is not one of the model's"] += 1

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.labels.names)}

    def learnable(self, record: Record, lost: Counter[str]) -> list[Entity]:
        """The entities that the model's kind of output can hold; the others are counted in `lost`."""
        return record.entities or []

    def assemble(
        self, record: Record, encoding: Encoding, windows: Sequence[Window], spans: Sequence[Sequence[TokenSpan]]
    ) -> Record:
        """The record with the entities that its windows gave, in order of place; other parts are kept.

        Tokens that share characters may give one entity twice: the likelier one counts.
        """
        best: dict[tuple[int, int, str], float] = {}
        for i, (window, row) in enumerate(zip(windows, spans, strict=True)):
            for kind, first, last, score in row:
                first, last = first + window[0], last + window[0]
                if owner(windows, len(encoding), first, last) == i:
                    place = encoding.starts[first], encoding.ends[last], self.labels.names[kind]
                    best[place] = max(score, best.get(place, 0.0))
        entities = [Entity(*place, record.text[slice(*place[:2])], score=score) for place, score in best.items()]
        if not self.nested:
            entities = disjoint(entities)
        entities.sort(key=lambda e: (e.start, e.end, e.type))
        return dataclasses.replace(record, entities=list(map(_rounded, entities)))


def _rounded(entity: Entity) -> Entity:
    """For the eye, and last of all: likely spans differ in digits that nobody needs to read."""
    return dataclasses.replace(entity, score=round(entity.score, 4))
