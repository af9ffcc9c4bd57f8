"""What a model of several parts learns from the training records, and the way between records and its windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ie_cli.errors import IEError
from ie_cli.lost_causes import NOT_ANNOTATED
from ie_cli.records import Record
from ie_cli.tasks import NEEDS, _codec, _entities, _events, _relations
from ie_cli.tasks._codec import LONGEST, Example, TextStatistics
from ie_cli.text.encoding import Encoding
from ie_cli.text.windows import Window

KINDS = {part: kind for kind, part in NEEDS.items()}  # what a record has -> kind of its model
STATISTICS = {
    "entities": _entities.Statistics,
    "relations": _relations.Statistics,
    "events": _events.Statistics,
}


@dataclass
class Labels:
    """What the training records say for each kind of part, from those that are annotated for it.

    Attributes:
        entities, relations, events: as the models of one task have them; null where no record has any.
        length: 99 of 100 texts are no longer than this, in characters.
    """

    entities: _entities.Labels | None = None
    relations: _relations.Labels | None = None
    events: _events.Labels | None = None
    length: int = LONGEST

    @classmethod
    def of(cls, records: Iterable[Record]) -> Labels:
        """Count what annotated records have of each kind, in one pass."""
        texts = TextStatistics()
        counting = {name: kind() for name, kind in STATISTICS.items()}
        for record in records:
            texts.add(record.text)
            for name in annotated_parts(record):
                counting[name].add(record)
        found = {name: counts.labels() for name, counts in counting.items() if counts.counts}
        if not found:
            raise IEError("the training records hold no entities, relations or events; `ie convert` makes records")
        return cls(**found, length=texts.length)

    @property
    def names(self) -> list[str]:
        """The names of all kinds."""
        return [name for kind in KINDS for name in getattr(getattr(self, kind), "names", ())]


def annotated_parts(record: Record) -> list[str]:
    """What a record is annotated for; an empty list of entities says that there are none, None says nothing."""
    return [name for name in KINDS if getattr(record, name) is not None]


def cells_column(name: str) -> str:
    """The column of examples that has the cells of entities, relations or events."""
    return f"cells_{name}"


@dataclass(frozen=True)
class Codec(_codec.Codec):
    """The codecs of the parts, which read the same windows.

    Attributes (beyond those of the base):
        parts: the codecs by what they make of a record; entities come first, for relations keep those.
    """

    parts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(map(cells_column, self.parts))

    def examples(self, record: Record, length: int) -> tuple[list[Example], Counter[str]]:
        """As the base has it; the cells of what the record is not annotated for are None: nobody knows them."""
        encoding = self.encode(record)
        windows = self.windows(record.text, encoding, length)
        rows: list[dict] = [encoding.window(*window) for window in windows]
        lost: Counter[str] = Counter()
        known = set(self.parts).intersection(annotated_parts(record))
        for name, codec in self.parts.items():
            cells, missed = codec.cells(record, encoding, windows) if name in known else ([None] * len(windows), {})
            lost.update(missed)
            for row, some in zip(rows, cells, strict=True):
                row[cells_column(name)] = some
        if not known:
            lost[NOT_ANNOTATED] += 1
        return rows, lost

    def assemble(
        self, record: Record, encoding: Encoding, windows: Sequence[Window], rows: Sequence[Sequence[Any]]
    ) -> Record:
        """The record with what each part makes of its windows.

        Args:
            rows: of each window what the parts decoded, in their order; nothing for an empty text.
        """
        for i, codec in enumerate(self.parts.values()):
            record = codec.assemble(record, encoding, windows, [row[i] if row else [] for row in rows])
            self.dropped.update(codec.dropped)
            codec.dropped.clear()
        return record
