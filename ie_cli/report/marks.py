"""A text with its spans as a tree of marks, for HTML, where elements nest but never cross."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ie_cli.analysis.cases import RIGHT, Case
from ie_cli.analysis.error_analysis import AnalysedRecord
from ie_cli.analysis.items import Item


@dataclass(frozen=True)
class Mark:
    """A coloured span of a text.

    Args:
        label: shown behind it; empty for the rest of a span that had to be split.
        type: decides the colour.
        case: the class of its case, see `analysis.error_analysis`.
        parts: the text inside, and marks in it.
    """

    start: int
    end: int
    label: str
    type: str
    case: str
    parts: tuple[str | Mark, ...] = field(default=())

    @property
    def right(self) -> bool:
        return self.case == RIGHT


def sides(seen: AnalysedRecord) -> tuple[list[str | Mark], list[str | Mark]]:
    """The text of a record with its gold marks, and with its predicted ones."""
    return tuple(tree(seen.record.text, _marks(seen.cases, side)) for side in ("gold", "pred"))


def tree(text: str, marks: Iterable[Mark], start: int = 0, end: int | None = None) -> list[str | Mark]:
    """Pieces of text and marks, outer marks around inner ones; a mark that crosses another one is split."""
    end, at = len(text) if end is None else end, start
    left = sorted(marks, key=lambda mark: (mark.start, -mark.end))
    out: list[str | Mark] = []
    while left:
        first, *left = left
        out.append(text[at : first.start])
        inner, left = _inside(first, left)
        out.append(replace(first, parts=tuple(tree(text, inner, first.start, first.end))))
        at = first.end
    return [piece for piece in [*out, text[at:end]] if piece]


def _inside(outer: Mark, others: Sequence[Mark]) -> tuple[list[Mark], list[Mark]]:
    """The marks, or parts of them, that are inside of one, and those behind it."""
    inner, behind = [], []
    for mark in others:
        if mark.start < outer.end:
            inner.append(replace(mark, end=min(mark.end, outer.end)))
        if mark.end > outer.end:
            rest = mark.start < outer.end
            behind.append(replace(mark, start=outer.end, label="") if rest else mark)
    return inner, sorted(behind, key=lambda mark: (mark.start, -mark.end))


def _marks(cases: Iterable[Case], side: str) -> list[Mark]:
    """One mark for each span and label: several relations may share a subject."""
    found: dict[tuple[int, int, str], Mark] = {}
    for case in cases:
        item: Item | None = getattr(case, side)
        for span, label in () if item is None else item.spans:
            if span.start is None:
                continue
            mark = Mark(span.start, span.end, label, item.type, case.name)
            before = found.setdefault((mark.start, mark.end, label), mark)
            if before.right and not mark.right:
                found[mark.start, mark.end, label] = mark
    return list(found.values())
