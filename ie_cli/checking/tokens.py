"""What an encoder makes of the records: lengths in tokens, windows, and gold that is lost by cause.

It is counted as `ie train` counts it, by the task's own codec.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Protocol

from ie_cli import lost_causes
from ie_cli.checking.findings import DEV, TRAIN, Cases, Finding, Section, excerpt
from ie_cli.lengths import Lengths
from ie_cli.records import Placed, Record

ADVICE = {
    lost_causes.INSIDE_A_TOKEN: "--set encoder.mode=characters: every character is then a token",
    lost_causes.NO_OFFSETS: "`ie convert` finds places of strings; what is not in the text cannot be learned",
    lost_causes.BEYOND_THE_OVERLAP: "raise train.max_length or model.window_overlap",
    lost_causes.NEVER_IN_ONE_WINDOW: "raise train.max_length as far as the encoder and the memory go",
    lost_causes.OVERLAPS_A_LONGER_ONE: "take ner_pointer, or event_gplinker for events: they learn overlapping spans",
    lost_causes.UNKNOWN_ID: "`ie kb build NEW --update KB` adds it",
    lost_causes.UNKNOWN_NAME: "`ie kb build NEW --update KB` gives the entity an alias",
    lost_causes.NOT_ANNOTATED: "annotate it for one of them, or leave it out: it teaches nothing",
}
OTHER = "correct the annotation, or add cases of this label to train"


class Codec(Protocol):
    """Of a task: tokens of a text, and a record as examples (one a window) with what was lost.

    Attributes:
        limit: the encoder's longest input in tokens, or None for any.
    """

    tokenizer: Any
    limit: int | None

    def examples(self, record: Record, length: int) -> tuple[list[dict[str, list[int]]], Counter[str]]: ...


class Tokens:
    """Counts in tokens.

    Args:
        length: longest window of training in tokens.
    """

    def __init__(self, codec: Codec, length: int):
        self._codec, self._length = codec, length
        self._lengths: dict[str, Lengths] = defaultdict(Lengths)
        self._windows: Counter[str] = Counter()
        self._lost: dict[str, dict[str, Cases]] = {split: defaultdict(Cases) for split in (TRAIN, DEV)}
        self._texts: Counter[str] = Counter()
        self._long = Cases()

    def add(self, item: Placed, split: str) -> None:
        examples, lost = self._codec.examples(item.record, self._length)
        whole = len(examples) == 1
        size = len(examples[0]["ids"]) if whole else len(self._codec.tokenizer(item.record.text))
        self._texts[split] += 1
        self._windows[split] += len(examples)
        self._lengths[split].add(size)
        if not whole and split == TRAIN:
            self._long.add(item.place, f"{size} tokens: {excerpt(item.record.text, None, None)}")
        for cause, n in lost.items():
            for _ in range(n):
                self._lost[split][cause].add(item.place, excerpt(item.record.text, None, None))

    def sections(self) -> Iterator[Section]:
        columns = {
            split: lengths.rows() | {"windows": self._windows[split]} for split, lengths in self._lengths.items()
        }
        yield Section("tokens in a text", columns)
        lost = {split: {cause: cases.count for cause, cases in self._lost[split].items()} for split in columns}
        if any(lost.values()):
            yield Section("gold that is lost", lost)

    def findings(self) -> Iterator[Finding]:
        if self._long.count:
            window = min(self._length, self._codec.limit or self._length)
            what = f"training texts of more than {window} tokens, read in several windows"
            advice = "if gold is lost by it: --set train.max_length=N, up to the encoder's limit"
            yield Finding("long", what, self._long.count, self._texts[TRAIN], advice, self._long.examples)
        for split, causes in self._lost.items():
            for cause, cases in causes.items():
                what = f"gold parts of {split} lost: {cause}"
                advice = ADVICE.get(cause, OTHER)
                yield Finding(f"lost_{split}", what, cases.count, 0, advice, cases.examples)
