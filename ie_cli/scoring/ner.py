"""Entities: exact triples (start, end, type), a set per record.

Source: the evaluation rule of GlobalPointer (kexue.fm/archives/8373) and of CMeEE (micro F1);
CLUENER's leaderboard averages the same matches over types (macro).

An entity without offsets is a value: it matches a value of the same text and type, never an entity
that has a place. An entity without a type has the type "".
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from ie_cli.records import Entity, Record, place_or_text
from ie_cli.scoring._counts import GOLD, PRED, CountsBase, Sheet
from ie_cli.scoring._score import Score

Key = tuple[int, int, str] | tuple[None, str, str]  # (start, end, type), or (None, text, type) for a value

RULES = {"strict": "start, end and type are equal"}


class Counts(CountsBase):
    """Tallies of entities."""

    kind, part, rules = "ner", "entities", RULES

    def __init__(self, rule: str | None = None):
        super().__init__(rule)
        self._sheet = Sheet(("flat", "nested"))
        self._sheets = {"strict": self._sheet}

    def score(self) -> Score:
        """The score of what was added so far."""
        values = "+value(text,type)" if any(self._sheet.values) else ""
        return self._score(self._sheet, f"exact(start,end,type){values}")

    def _count(self, gold: Record, gold_items: list[Entity], pred_items: list[Entity]) -> None:
        gold_keys, pred_keys = self._keys(gold_items, GOLD), self._keys(pred_items, PRED)
        self._digest(gold.text, sorted(gold_keys, key=lambda key: (key[0] is None, key)))
        nested = nesting(gold_keys, pred_keys)
        for key in gold_keys:
            self._sheet.add_gold(key[2], "nested" if key in nested else "flat")
        for key in pred_keys:
            self._sheet.add_pred(key[2], "nested" if key in nested else "flat", key in gold_keys)

    def _keys(self, entities: list[Entity], side: int) -> set[Key]:
        keys = {_key(entity) for entity in entities}
        self._sheet.repeats[side] += len(entities) - len(keys)
        self._sheet.values[side] += sum(key[0] is None for key in keys)
        return keys


def nesting(gold_keys: set[Key], pred_keys: set[Key]) -> set[Key]:
    """The nested ones of the entities of a record.

    A gold entity is nested if it shares a character with another entity of the gold record
    (inside, around, crossing, or the same span under another type); a wrong prediction is
    nested if it does so with another prediction. Thus the two parts add up to the whole.
    """
    return overlapping(gold_keys) | (overlapping(pred_keys) - gold_keys)


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
    return *place_or_text(entity), entity.type or ""
