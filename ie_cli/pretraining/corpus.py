"""Raw text on disk as packed rows of tokens on disk, memory-mapped by `datasets`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import datasets

from ie_cli import files, records
from ie_cli.compressed import inner_name
from ie_cli.errors import IEError, Report
from ie_cli.pretraining.settings import Texts
from ie_cli.text import jieba_words
from ie_cli.text.encoding import Encoding, Tokenizer
from ie_cli.training import data

STARTS = "starts"  # column: 1 where a word begins, so that whole words can be masked
TEACHER = "teacher"  # column: the tokens' ids in the teacher's vocabulary
WORD_STARTS = (jieba_words.BEGIN, jieba_words.SINGLE)
BLOCK = 256  # rows that one process takes in turn
_SENTENCE_END = re.compile(r"[。！？；!?;]")


def lines(paths: Sequence[str], report: Report) -> Iterator[str]:
    """The paragraphs of some files, "" between documents; what cannot be read is reported."""
    for path in paths:
        if inner_name(path).suffix == ".jsonl":
            for record in records.read(_raw(path), path, report):
                yield from (*record.text.splitlines(), "")
        else:
            yield from (line.strip() for _, line in files.lines(path, report, encoding="utf-8"))
        yield ""


def _raw(path: str) -> Iterator[bytes]:
    with files.opened(path) as stream:
        yield from stream


def rows(paragraphs: Iterable[str], length: int) -> Iterator[str]:
    """Texts of at most `length` characters: neighbours of a document packed together, long paragraphs cut."""
    row = ""
    for paragraph in paragraphs:
        pieces = list(_pieces(paragraph, length))
        if not pieces and row:
            yield row
            row = ""
        for piece in pieces:
            if row and len(row) + 1 + len(piece) > length:
                yield row
                row = ""
            row = f"{row}\n{piece}" if row else piece
    if row:
        yield row


def _pieces(paragraph: str, length: int) -> Iterator[str]:
    """A paragraph cut behind sentences where it is too long, or else wherever it must be."""
    while len(paragraph) > length:
        ends = [m.end() for m in _SENTENCE_END.finditer(paragraph, length // 2, length)]
        cut = ends[-1] if ends else length
        yield paragraph[:cut]
        paragraph = paragraph[cut:]
    if paragraph:
        yield paragraph


def sampled_rows(settings: Texts, report: Report) -> Iterator[str]:
    """The rows as text, of which `share` is used whatever their order."""
    for row in rows(lines(settings.files, report), settings.length):
        if settings.share >= 1 or data.hash_fraction(row) < settings.share:
            yield row


class Corpus(NamedTuple):
    """Tokenised rows, and how many tokens each has."""

    rows: datasets.Dataset
    lengths: list[int]


def tokenise(
    settings: Texts, tokenizer: Tokenizer, teacher: Tokenizer | None, *, key: Any, report: Report,
    cache: str | None = None, processes: int = 1,
) -> Corpus:  # fmt: skip
    """Encode every row once; the result lies on disk and is found again for the same texts and tokenizers.

    Args:
        key: plain data that decides what the tokenizers do.
        report: gets what cannot be read, also where the rows are there already.
        cache: folder for the tokenised files; None takes that of `datasets`.
        processes: how many tokenise; the order of the rows depends on it, their number does not.

    Raises:
        IEError: there are not even two rows, or the teacher's tokens are others.
    """
    for path in settings.files:
        if not Path(path).is_file():
            raise IEError(f"{path}: no such file; texts are read twice, so a pipe will not do")
    if sum(1 for _ in sampled_rows(settings, report)) < 2:
        raise IEError("the texts make fewer than two rows; name more of them, or set texts.length lower")
    identity = [data.digest(settings.files), asdict(replace(settings, files=[])), key, processes, _code()]
    with data.stated(cache):
        encoded = datasets.Dataset.from_generator(
            _Rows(settings, tokenizer, teacher, processes),
            gen_kwargs={"turns": list(range(processes))},
            num_proc=processes if processes > 1 else None,
            cache_dir=cache,
            fingerprint=hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16],
            features=_columns(tokenizer, teacher),
        )
    return Corpus(encoded.remove_columns("length"), list(encoded["length"]))


def _columns(tokenizer: Tokenizer, teacher: Tokenizer | None) -> datasets.Features:
    names = (*tokenizer("").features, STARTS, *([TEACHER] if teacher else []))
    lists = {name: datasets.List(datasets.Value("int32")) for name in names}
    return datasets.Features(lists | {"length": datasets.Value("int64")})


@dataclass
class _Rows:
    """The generator of rows. A compressed file cannot be cut, so each process reads all and takes blocks in turn."""

    settings: Texts
    tokenizer: Tokenizer
    teacher: Tokenizer | None
    processes: int

    def __call__(self, turns: list[int]) -> Iterator[dict[str, Any]]:
        for turn in turns:
            for text in self._mine(sampled_rows(self.settings, Report()), turn):  # the faults are told already
                yield from self._encoded(text)

    def _mine(self, texts: Iterator[str], turn: int) -> Iterator[str]:
        block = 0
        while taken := list(islice(texts, BLOCK)):
            if block % self.processes == turn:
                yield from taken
            block += 1

    def _encoded(self, text: str) -> Iterator[dict[str, Any]]:
        """The row, or several where characters are more than one token each."""
        encoding = self.tokenizer(text)
        columns = encoding.features | {STARTS: word_starts(text, encoding)}
        if self.teacher:
            columns[TEACHER] = _teacher_ids(text, encoding, self.teacher)
        for first in range(0, len(encoding), self.settings.length):
            part = {name: values[first : first + self.settings.length] for name, values in columns.items()}
            yield part | {"length": len(part["ids"])}


def word_starts(text: str, encoding: Encoding) -> list[int]:
    """1 for each token that begins a word of jieba's, or lies in the same word as no token before it."""
    word, words = 0, []
    for place in jieba_words.boundaries(text):
        word += place in WORD_STARTS
        words.append(word)
    own = [words[start] for start in encoding.starts]
    return [int(i == 0 or own[i] != own[i - 1]) for i in range(len(own))]


def _teacher_ids(text: str, encoding: Encoding, teacher: Tokenizer) -> list[int]:
    theirs = teacher(text)
    if theirs.starts != encoding.starts:
        raise IEError(
            "the teacher cuts texts into other tokens than the student; "
            "both must read characters (encoder.mode=characters, or student.vocabulary)"
        )
    return theirs.features["ids"]


def _code() -> str:
    """Hash of the code that makes rows, so that a change of it is never answered from the cache."""
    root = Path(__file__).parent
    return data.digest([str(p) for p in (*sorted(root.with_name("text").glob("*.py")), Path(__file__))])
