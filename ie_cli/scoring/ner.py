"""Entities: exact triples (start, end, type), a set per record.

Source: the evaluation rule of GlobalPointer (kexue.fm/archives/8373) and of CMeEE (micro F1);
CLUENER's leaderboard averages the same matches over types (macro).

An entity without offsets is a value: it matches a value of the same text and type, never an entity
that has a place. An entity without a type has the type "".
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from copy import copy
from itertools import accumulate

from ie_cli.records import Entity, Record
from ie_cli.scoring._align import pairs, placed
from ie_cli.scoring._score import Score, Sides, Tally

Key = tuple[int, int, str] | tuple[None, str, str]  # (start, end, type), or (None, text, type) for a value


def score(gold: Iterable[Record], pred: Iterable[Record]) -> Score:
    """Score predictions against gold; the two are aligned as `ie eval` aligns files.

    Raises:
        IEError: a prediction belongs to no gold record, or its text is another one.
    """
    counts = Counts()
    for wanted, found in pairs(placed(gold, "gold"), placed(pred, "predictions")):
        counts.add(wanted.record, None if found is None else found.record)
    return counts.score()


class Counts:
    """Adds up one pair of records after the other and keeps counts only."""

    def __init__(self):
        self.types: dict[str, Tally] = defaultdict(Tally)
        self.parts = {"flat": Tally(), "nested": Tally()}
        self.records = self.missing = self.unlabelled = 0
        self.repeats, self.values = [0, 0], [0, 0]  # gold, predictions
        self._data = hashlib.sha256()

    def add(self, gold: Record, pred: Record | None) -> None:
        """Count one record; `pred` is None where there is no prediction for it.

        A gold record whose entities are None was never annotated: it is counted as such and left out.
        """
        if gold.entities is None:
            self.unlabelled += 1
            return
        self.records += 1
        self.missing += pred is None or pred.entities is None
        wanted = self._keys(gold.entities, 0)
        found = self._keys(pred.entities or () if pred else (), 1)
        self._data.update(_canonical(gold.text, wanted))
        for key, tally in self._tallies(wanted, found):
            tally.n_gold += key in wanted
            tally.n_pred += key in found
            tally.tp += key in wanted and key in found

    def score(self) -> Score:
        """The score of what was added so far."""
        return Score(
            kind="ner",
            rule="exact(start,end,type)" + ("+value(text,type)" if any(self.values) else ""),
            data=self._data.hexdigest()[:12],
            types={name: copy(self.types[name]) for name in sorted(self.types)},
            parts={name: copy(tally) for name, tally in self.parts.items()},
            records=self.records,
            missing=self.missing,
            unlabelled=self.unlabelled,
            duplicates=Sides(*self.repeats),
            unplaced=Sides(*self.values),
        )

    def _keys(self, entities: Iterable[Entity], side: int) -> set[Key]:
        entities = list(entities)
        keys = {_key(entity) for entity in entities}
        self.repeats[side] += len(entities) - len(keys)
        self.values[side] += sum(key[0] is None for key in keys)
        return keys

    def _tallies(self, wanted: set[Key], found: set[Key]) -> Iterator[tuple[Key, Tally]]:
        """Every key with the tallies it counts in: its type's, and that of flat or nested spans.

        A gold entity is nested if it shares a character with another entity of the gold record
        (inside, around, crossing, or the same span under another type); a wrong prediction is
        nested if it does so with another prediction. Thus the two parts add up to the whole.
        """
        nested = overlapping(wanted) | (overlapping(found) - wanted)
        for key in wanted | found:
            yield key, self.types[key[2]]
            yield key, self.parts["nested" if key in nested else "flat"]


def overlapping(keys: Iterable[Key]) -> set[Key]:
    """The keys that share at least one character with another; a value without a place never does."""
    spans = sorted(key for key in keys if key[0] is not None)
    reach = list(accumulate((end for _, end, _ in spans), max))  # the furthest end so far
    crossed = set()
    for i, span in enumerate(spans):
        over_earlier = i > 0 and reach[i - 1] > span[0]
        over_later = i + 1 < len(spans) and spans[i + 1][0] < span[1]
        if over_earlier or over_later:
            crossed.add(span)
    return crossed


def _key(entity: Entity) -> Key:
    kind = entity.type or ""
    return (None, entity.text, kind) if entity.start is None else (entity.start, entity.end, kind)


def _canonical(text: str, keys: set[Key]) -> bytes:
    """One line of the digest: independent of the order in which the entities are written."""
    ordered = sorted(keys, key=lambda key: (key[0] is None, key))
    return json.dumps([text, ordered]).encode() + b"\n"
