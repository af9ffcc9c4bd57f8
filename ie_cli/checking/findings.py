"""What a check says: figures in sections, and findings with a few places each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

TRAIN, DEV = "train", "dev"  # the splits
EXAMPLES = 3
AROUND = 10  # characters of text shown on either side of a span

Number = int | float


class Example(NamedTuple):
    """A place (`file:line`) and what is to be seen there."""

    place: str
    shown: str


@dataclass
class Cases:
    """How often something was met, and the first records that have it."""

    count: int = 0
    examples: list[Example] = field(default_factory=list)

    def add(self, where: str, shown: str | Callable[[], str]) -> None:
        """Count one; what is shown may be a function, called only for the first few."""
        self.count += 1
        if len(self.examples) < EXAMPLES and not (self.examples and self.examples[-1].place == where):
            self.examples.append(Example(where, shown if isinstance(shown, str) else shown()))


@dataclass(frozen=True)
class Finding:
    """Something in the data that a person should look at.

    Attributes:
        kind: a name for scripts.
        what: the same for people, behind the count.
        of: how many there could have been.
        advice: what to try.
        spoils: whether training or its score cannot be trusted before this is mended.
    """

    kind: str
    what: str
    count: int
    of: int
    advice: str
    examples: list[Example]
    spoils: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain data; `share` is count / of."""
        return {
            "kind": self.kind,
            "what": self.what,
            "count": self.count,
            "of": self.of,
            "share": round(self.count / self.of, 4) if self.of else 0.0,
            "spoils": self.spoils,
            "try": self.advice,
            "examples": [example._asdict() for example in self.examples],
        }


@dataclass(frozen=True)
class Section:
    """A table of figures.

    Attributes:
        columns: split -> name of the row -> number.
        whole: split -> what the numbers are shares of; None where they are no shares.
    """

    title: str
    columns: dict[str, dict[str, Number]]
    whole: dict[str, int] | None = None

    @property
    def rows(self) -> list[str]:
        """Names of the rows that any split has, in order."""
        return list(dict.fromkeys(name for column in self.columns.values() for name in column))


class Figures:
    """Counts of one section by split, and cases of what is odd.

    Args:
        title: of the section, a word for what is counted.
        rows: names of the counts; the first is what the others are shares of.
        advice: of the rows whose cases in train are findings, what to try.
    """

    def __init__(self, title: str, *rows: str, advice: dict[str, str] | None = None):
        self.title, self.rows, self.advice = title, rows, advice or {}
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._cases: dict[str, Cases] = defaultdict(Cases)

    def note(self, kind: str, split: str, where: str, shown: str) -> None:
        """Count something odd, and keep its place if it is in train."""
        self.counts[split][kind] += 1
        if split == TRAIN:
            self._cases[kind].add(where, shown)

    def sections(self) -> Iterator[Section]:
        """The counts as a table, without rows that are 0 everywhere; nothing if all are."""
        met = [row for row in self.rows if any(column[row] for column in self.counts.values())]
        if met:
            columns = {split: {row: column[row] for row in met} for split, column in self.counts.items()}
            yield Section(self.title, columns, {split: column[self.rows[0]] for split, column in self.counts.items()})

    def findings(self) -> Iterator[Finding]:
        """The kinds that were met and have an advice."""
        total = self.counts.get(TRAIN, Counter())[self.rows[0]]
        for kind, advice in self.advice.items():
            if (cases := self._cases.get(kind)) is not None:
                name = f"{self.title}_{kind}".replace(" ", "_")
                yield Finding(name, f"{self.title} {kind}", cases.count, total, advice, cases.examples)


def excerpt(text: str, start: int | None, end: int | None) -> str:
    """A span in square brackets with a little of the text around it; the first characters without a span."""
    if start is None:
        return text[: 4 * AROUND] + ("…" if len(text) > 4 * AROUND else "")
    low, high = max(0, start - AROUND), min(len(text), end + AROUND)
    before, behind = "…" if low else "", "…" if high < len(text) else ""
    return f"{before}{text[low:start]}[{text[start:end]}]{text[end:high]}{behind}"
