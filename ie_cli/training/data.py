"""Records on disk as tokenised examples on disk, memory-mapped by `datasets`."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import datasets
from datasets.exceptions import DatasetGenerationError

import ie_cli
from ie_cli import records
from ie_cli.compressed import is_packed
from ie_cli.errors import IEError, Report
from ie_cli.files import is_read_once, opened
from ie_cli.records import Record

datasets.disable_progress_bars()

Range = tuple[str, int, int]  # a file and the bytes in which its lines begin
UNKNOWN = sys.maxsize  # bytes of a compressed file, which is one range


@dataclass(frozen=True)
class Part:
    """Records of some files; with `dev_fraction`, those that fall on one side of a seeded split.

    Attributes:
        dev_fraction: of the records that go to the dev side; 0 is no split.
        dev: which side of the split.
        needs: what a record must be annotated for ("entities", …) to be read; None reads all.
    """

    files: tuple[str, ...]
    dev_fraction: float = 0.0
    seed: int = 1
    dev: bool = False
    needs: str | None = None

    def __iter__(self) -> Iterator[Record]:
        return self.read(Report())

    def read(self, report: Report) -> Iterator[Record]:
        """The records in order; bad lines are reported."""
        for path in self.files:
            yield from self.within((path, 0, _size(path)), report)

    def within(self, place: Range, report: Report) -> Iterator[Record]:
        """The records of one range of one file."""
        for record in records.read(_lines(place), place[0], report):
            if self._is_mine(record):
                yield record

    def ranges(self, pieces: int) -> list[Range]:
        """The files cut into at least `pieces` ranges, in order."""
        ranges = []
        for path in self.files:
            size = _size(path)
            cuts = [0, *[size * i // pieces if size < UNKNOWN else size for i in range(1, pieces + 1)]]
            ranges += [(path, low, high) for low, high in pairwise(cuts)]
        return ranges

    def _is_mine(self, record: Record) -> bool:
        if self.needs and getattr(record, self.needs) is None:
            return False
        return not self.dev_fraction or self._is_dev(record) == self.dev

    def _is_dev(self, record: Record) -> bool:
        """By the text, not by chance: a repeated text never stands on both sides, and order does not matter."""
        return hash_fraction(f"{self.seed}\0{record.text}") < self.dev_fraction


def hash_fraction(text: str) -> float:
    """A number of [0, 1) that a text always has, and that says nothing about it."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64


def _size(path: str) -> int:
    if is_read_once(path):
        raise IEError(f"{path}: training records are read several times, so a pipe will not do; name a file")
    try:
        size = Path(path).stat().st_size
        return UNKNOWN if is_packed(path) else size
    except OSError as error:
        raise IEError(f"{path}: {error.strerror}") from None


def _lines(place: Range) -> Iterator[bytes]:
    """The lines that begin within a range."""
    path, low, high = place
    if low == high:
        return
    with opened(path) as stream:
        if high == UNKNOWN:
            yield from stream
            return
        if low > 0:
            stream.seek(low - 1)
            stream.readline()  # the rest of the line that the range before owns
        while stream.tell() < high:
            yield stream.readline()


def digest(files: Sequence[str]) -> str:
    """Hash of the files' contents: 16 hex digits of SHA-256."""
    total = hashlib.sha256()
    for path in files:
        with open(path, "rb") as stream:
            while block := stream.read(1 << 20):
                total.update(block)
    return total.hexdigest()[:16]


@dataclass(frozen=True)
class Examples:
    """Tokenised examples and what was lost on the way.

    Attributes:
        rows: the examples; a column each for the features and the task's labels.
        lengths: tokens of each.
        texts: number of records.
        lost: gold parts that no example holds, by cause.
    """

    rows: datasets.Dataset
    lengths: list[int]
    texts: int
    lost: Counter[str]


def tokenise(part: Part, codec: Any, *, length: int, key: Any, cache: str | None, processes: int) -> Examples:
    """Encode every record once; the result lies on disk and is found again for the same data and codec.

    Args:
        length: longest window in tokens.
        key: plain data that decides what the codec does (encoder, labels, settings).
        cache: folder for the tokenised files; None takes that of `datasets`.

    Raises:
        IEError: the folder cannot be written to.
    """
    identity = [digest(part.files), part.dev_fraction, part.seed, part.dev, part.needs, length, key, _code()]
    fingerprint = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]
    with stated(cache):
        rows = datasets.Dataset.from_generator(
            _Rows(part, codec, length),
            gen_kwargs={"ranges": part.ranges(processes)},
            num_proc=processes if processes > 1 else None,
            cache_dir=cache,
            fingerprint=fingerprint,
            features=_columns(codec),
        )
    lost: Counter[str] = Counter()
    for entry in rows["lost"]:
        lost.update(json.loads(entry) if entry else {})
    lengths, texts = list(rows["length"]), sum(rows["first"])
    return Examples(rows.remove_columns(["lost", "first", "length"]), lengths, texts, lost)


@contextlib.contextmanager
def stated(cache: str | None) -> Iterator[None]:
    """State what goes wrong while `datasets` writes rows to disk; it raises an error of its own from that of the rows.

    Raises:
        IEError: as the rows have it, or the folder cannot be written to.
    """
    try:
        yield
    except (DatasetGenerationError, OSError) as error:
        cause = error.__cause__ if isinstance(error, DatasetGenerationError) else error
        if isinstance(cause, IEError):
            raise cause from None
        if not isinstance(cause, OSError):
            raise
        folder = cache or datasets.config.HF_DATASETS_CACHE
        reason = f"tokenised data cannot be kept there ({cause.strerror or cause}); name a folder for them with --cache"
        raise IEError(f"{folder}: {reason}") from None


def _columns(codec: Any) -> datasets.Features:
    """The types of the columns; `datasets` would guess them from the first rows, which may hold no gold."""
    lists = (*codec.tokenizer("").features, *codec.columns)
    numbers = {name: datasets.List(datasets.Value("int64")) for name in lists}
    strings = {name: datasets.Value("string") for name in ("lost", *codec.strings)}
    return datasets.Features(numbers | {name: datasets.Value("int64") for name in ("length", "first")} | strings)


@dataclass
class _Rows:
    """The generator of example rows; order does not depend on how the ranges are shared out."""

    part: Part
    codec: Any
    length: int

    def __call__(self, ranges: list[Range]) -> Iterator[dict[str, Any]]:
        for place in ranges:
            for record in self.part.within(place, Report()):
                examples, lost = self.codec.examples(record, self.length)
                for i, example in enumerate(examples):
                    note = json.dumps(lost, ensure_ascii=False) if lost and i == 0 else ""
                    yield example | {"length": len(example["ids"]), "first": int(i == 0), "lost": note}


def _code() -> str:
    """Hash of the code that makes examples, so that a change of it is never answered from the cache."""
    root = Path(ie_cli.__file__).parent
    return digest([str(p) for folder in ("text", "tasks") for p in sorted((root / folder).glob("*.py"))])
