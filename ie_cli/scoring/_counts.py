"""What the scorers of all kinds share: streaming over pairs of records, and tallies under a rule."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections import defaultdict
from collections.abc import Iterable
from copy import copy
from typing import Any, ClassVar

from ie_cli.errors import UsageError
from ie_cli.records import Record
from ie_cli.registry import unknown
from ie_cli.scoring._score import GoldPred, Score, Tally

GOLD, PRED = 0, 1  # the sides of `repeats` and `values`


class Sheet:
    """Tallies under one rule.

    Args:
        parts: names of the other split (see `Score.parts`).
        blank: what a tally starts as: `Tally(0.0)` for partial credit, `Tally(found=0)` for hits counted apart.

    Attributes:
        by_record: what each record adds to the total, four numbers a record (see `Score.by_record`).
    """

    def __init__(self, parts: Iterable[str] = (), blank: Tally | None = None):
        blank = blank or Tally()
        self.types: dict[str, Tally] = defaultdict(lambda: copy(blank))
        self.parts = {name: copy(blank) for name in parts}
        self.repeats, self.values = [0, 0], [0, 0]
        self.by_record = array("d")
        self._blank, self._record = blank, copy(blank)

    def add_gold(self, type_: str, part: str | None, hit: float = 0) -> None:
        """Count a gold item in the tallies of its type and of its part."""
        for tally in self._of(type_, part):
            tally.add_gold(hit)

    def add_pred(self, type_: str, part: str | None, hit: float = 0) -> None:
        """Count a predicted item likewise."""
        for tally in self._of(type_, part):
            tally.add_pred(hit)

    def end_record(self) -> None:
        """Note what was added since the last call: one record's share."""
        one = self._record
        self.by_record.extend((one.tp, one.n_pred, one.n_gold, one.tp if one.found is None else one.found))
        self._record = copy(self._blank)

    def _of(self, type_: str, part: str | None) -> list[Tally]:
        return [self.types[type_], self._record] + ([] if part is None else [self.parts[part]])


class CountsBase:
    """Adds up one pair of records after the other and keeps counts only.

    A kind says what it is (`kind`, its module's name; `part`, the field of the record that is scored, unless it
    overrides `_annotated` and `_predicted`; `rules`), makes its `_sheets` (one a rule; several until the rule is
    known), and defines `_count`, which compares the items of a record, and `score`, which ends in `_score`.
    """

    kind: ClassVar[str]
    part: ClassVar[str]
    rules: ClassVar[dict[str, str]]
    aliased: ClassVar[frozenset[str]] = frozenset()  # rules with which Counts takes `aliases=` as well
    _sheets: dict[str, Sheet]

    def __init__(self, rule: str | None = None):
        if rule is not None and rule not in self.rules:
            raise UsageError(unknown(f"rule of {self.part}", rule, self.rules))
        self.rule = rule
        self.records = self.missing = self.unlabelled = 0
        self._bare = 0  # predictions without this part
        self._data = hashlib.sha256()

    def add(self, gold: Record, pred: Record | None) -> bool:
        """Count one record; `pred` is None where there is no prediction for it.

        Returns:
            Whether it counts. A gold record whose part is None was never annotated: it is left out, and reported.
        """
        gold_items = self._annotated(gold)
        if gold_items is None:
            self.unlabelled += 1
            return False
        pred_items = None if pred is None else self._predicted(pred)
        self.records += 1
        self.missing += pred_items is None
        self._bare += pred is not None and pred_items is None
        self._count(gold, gold_items, pred_items or [])
        for sheet in self._sheets.values():
            sheet.end_record()
        return True

    def score(self) -> Score:
        """The score of what was added so far."""
        raise NotImplementedError

    def _annotated(self, gold: Record) -> list | None:
        """What the gold has for this kind; None if nobody looked."""
        return getattr(gold, self.part)

    def _predicted(self, pred: Record) -> list | None:
        """What a prediction has for this kind; None if nothing was predicted."""
        return getattr(pred, self.part)

    def _count(self, gold: Record, gold_items: list, pred_items: list) -> None:
        """Compare the items of one record; calls `_digest` once."""
        raise NotImplementedError

    def _digest(self, text: str, items: list) -> None:
        """Take a gold record into the digest; the items (JSON values) come sorted."""
        self._data.update(json.dumps([text, items]).encode() + b"\n")

    def _score(self, sheet: Sheet, rule: str, *, remarks: dict[str, int] | None = None, **more: Any) -> Score:
        """The score of a sheet; `more` goes to `Score` as it is."""
        bare = {f"predictions without '{self.part}', counted as empty": self._bare} if self._bare else {}
        return Score(
            kind=self.kind,
            rule=rule,
            data=self._data.hexdigest()[:12],
            types={name: copy(sheet.types[name]) for name in sorted(sheet.types)},
            parts={name: copy(tally) for name, tally in sheet.parts.items()},
            records=self.records,
            missing=self.missing,
            unlabelled=self.unlabelled,
            duplicates=GoldPred(*sheet.repeats),
            unplaced=GoldPred(*sheet.values),
            remarks=bare | (remarks or {}),
            by_record=sheet.by_record,
            **({"items": self.part} | more),
        )
