"""Texts: how long, how many of them empty, and which stand in the data more than once."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from ie_cli.checking.findings import DEV, TRAIN, Cases, Figures, Finding, Section, excerpt
from ie_cli.errors import place
from ie_cli.lengths import Lengths
from ie_cli.records import PARTS, Placed, Record, to_json

ROWS = ("records", "annotated", "without a single annotation", "empty texts", "texts seen before")


class FirstText(NamedTuple):
    """Where a text stands first, and a hash of what it is annotated with there."""

    split: str
    path: str
    line: int | None
    annotation_hash: bytes


class Texts:
    """Counts records, their lengths in characters and what they are annotated for; knows each text again."""

    def __init__(self):
        self._figures = Figures("records", *ROWS)
        self._lengths: dict[str, Lengths] = defaultdict(Lengths)
        self._seen: dict[bytes, FirstText] = {}
        self._cases: dict[str, Cases] = defaultdict(Cases)
        self._missing: dict[str, Cases] = {part: Cases() for part in PARTS}

    def add(self, item: Placed, split: str) -> None:
        record, counts = item.record, self._figures.counts[split]
        counts["records"] += 1
        self._lengths[split].add(len(record.text))
        if not record.text.strip():
            counts["empty texts"] += 1
            self._cases["empty"].add(item.place, repr(record.text))
        self._note_parts(item, split)
        self._note_repeat(item, split)

    def _note_parts(self, item: Placed, split: str) -> None:
        """Whether anybody looked for each part, and whether there was anything."""
        parts = {part: getattr(item.record, part) for part in PARTS}
        counts = self._figures.counts[split]
        counts["annotated"] += any(found is not None for found in parts.values())
        counts["without a single annotation"] += not any(parts.values())
        for part, found in parts.items():
            if found is None and split == TRAIN:
                self._missing[part].add(item.place, lambda: excerpt(item.record.text, None, None))

    def _note_repeat(self, item: Placed, split: str) -> None:
        here = FirstText(split, item.path, item.line, _hash(annotation(item.record)))
        first = self._seen.setdefault(_hash(item.record.text), here)
        if first is here:
            return
        self._figures.counts[split]["texts seen before"] += 1
        across, same = first.split != split, first.annotation_hash == here.annotation_hash
        kind = "dev_in_train" if across else "repeated" if same else "contradictory"
        differs = "" if same else ", annotated differently"

        def shown() -> str:
            return f"= {place(first.path, first.line)}{differs}: {excerpt(item.record.text, None, None)}"

        self._cases[kind].add(item.place, shown)
        if across and not same:
            self._cases["dev_differs"].add(item.place, shown)

    def sections(self) -> Iterator[Section]:
        yield from self._figures.sections()
        yield Section("characters in a text", {split: lengths.rows() for split, lengths in self._lengths.items()})

    def findings(self) -> Iterator[Finding]:
        total = {split: counts["records"] for split, counts in self._figures.counts.items()}
        everything = sum(total.values())
        differ = self._cases["dev_differs"].count
        for kind, of, what, advice, spoils in (
            ("dev_in_train", total.get(DEV, 0), f"dev texts that are in train ({differ} annotated differently)",
             "take them out of train, or leave out --dev: `ie train` splits by text; the dev score is too good", True),
            ("contradictory", everything, "texts that repeat one of their split with another annotation",
             "keep the right one: a model cannot learn both", True),
            ("repeated", everything, "texts that repeat one of their split with the same annotation",
             "harmless if few; else keep one of each, since repeats weigh more in training", False),
            ("empty", everything, "empty texts", "remove them: there is nothing to learn from", False),
        ):  # fmt: skip
            if (cases := self._cases.get(kind)) is not None:
                yield Finding(kind, what, cases.count, of, advice, cases.examples, spoils)
        yield from self._unannotated(total.get(TRAIN, 0))

    def _unannotated(self, total: int) -> Iterator[Finding]:
        """Parts that some training records have and others lack: a model of one task is not trained on the latter."""
        for part, cases in self._missing.items():
            if 0 < cases.count < total:
                advice = f'annotate them, or train with --task multi; where there are none indeed, write "{part}": []'
                what = f"training records without '{part}', which others have: a single-task model leaves them out"
                yield Finding(f"no_{part}", what, cases.count, total, advice, cases.examples)


def annotation(record: Record) -> str:
    """What a record says of its text, sorted."""
    data = to_json(record)
    parts = {part: sorted(json.dumps(x, sort_keys=True) for x in data[part]) for part in PARTS if part in data}
    return json.dumps(parts)


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()
