"""CCKS entity tasks: clinical records 2017, 2019, 2020, and the military texts of 2020.

    2019, 2020      {"originalText": "直肠癌术后", "entities": [{"label_type": "疾病和诊断", "overlap": 0,
                                                              "start_pos": 0, "end_pos": 3}]}
    2020-military   the same keys, one document a file, often GBK with CRLF
    2017            X.txtoriginal.txt is the text; X.txt has lines SURFACE <tab> START <tab> END <tab> TYPE

The offsets differ: end exclusive (2019, and 2020 clinical), both inclusive (2017), both inclusive and
counted from 1 (2020-military). Pairs are 2017 and anything else 2019, unless the offsets in the first
200 documents of a set fit another convention better: an offset outside the text, an empty span or a
surface that differs weighs ten; a span that begins or ends with a space or punctuation weighs one, and
one that has such a neighbour outside weighs minus one. A guess that differs from the layout, or that
could as well be another, is reported; `variant` (2017, 2019, 2020-military) settles it.

The path is a file, one of a pair, or a folder. `overlap` follows from the offsets and is not kept.
Documents without annotations have no `entities`. Written is the form of 2019.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ie_cli import files
from ie_cli.errors import FormatError, Report, UsageError
from ie_cli.formats._reading import Row, items, kept, misfit, rows, without
from ie_cli.formats._writing import Draft, drafts, write_json_lines
from ie_cli.overlaps import overlap
from ie_cli.records import Entity, Record
from ie_cli.registry import unknown

SAMPLE = 200  # documents from which the convention is guessed
VARIANTS = {"2017": (0, 1), "2019": (0, 0), "2020-military": (-1, 0)}  # what to add to start and to end
_ORIGINAL = "original.txt"
_ROW = {"id", "originalText", "entities"}
_MENTION = re.compile(r"(.*)\t([0-9]{1,9})\t([0-9]{1,9})\t([^\t]+)")


@dataclass
class Mention:
    """One annotation as published: offsets not yet converted, and the surface where there is one."""

    row: Row
    start: Any
    end: Any
    type: Any
    surface: str | None = None


@dataclass
class Document:
    """A text with its annotations as published; None where it has not been annotated."""

    row: Row
    id: str | None
    mentions: list[Mention] | None


def read(path: str, report: Report, *, variant: str | None = None, encoding: str | None = None) -> Iterator[Record]:
    """Records of a file, a pair of files or a folder."""
    return read_all([path], report, variant=variant, encoding=encoding)


def read_all(
    paths: Iterable[str], report: Report, *, variant: str | None = None, encoding: str | None = None
) -> Iterator[Record]:
    """Records of several paths; files of one document, and pairs, are judged together."""
    if variant is not None and variant not in VARIANTS:
        raise UsageError(unknown("variant", variant, VARIANTS))
    for usual, documents in _sets(_gather(paths), report, encoding):
        sample = list(itertools.islice(documents, SAMPLE))
        used = variant or _guess(sample, usual, report)
        for document in itertools.chain(sample, documents):
            yield _record(document, *VARIANTS[used])


def _sets(names: Iterable[str], report: Report, encoding: str | None) -> Iterator[tuple[str, Iterator[Document]]]:
    """Documents that share a convention, with the one usual for their layout.

    These are the documents of one file, those of all files with a single one, and all pairs.
    """
    pairs, singles = [], []
    for name in names:
        if name.endswith(_ORIGINAL):
            pairs.append(name)
            continue
        documents = _objects(name, report, encoding)
        first = list(itertools.islice(documents, 2))
        if len(first) > 1:
            yield "2019", itertools.chain(first, documents)
        else:
            singles += first
    if singles:
        yield "2019", iter(singles)
    if pairs:
        yield "2017", (_pair(name, report, encoding) for name in pairs)


def _gather(paths: Iterable[str]) -> list[str]:
    """One path for each input: folders opened, the two files of a pair taken as one."""
    found: dict[str, None] = {}
    for path in paths:
        inside = [str(path)]
        if os.path.isdir(path):
            texts = sorted(str(p) for p in Path(path).rglob(f"*{_ORIGINAL}"))
            inside = texts or sorted(str(p) for p in Path(path).rglob("*.json"))
        if not inside:
            raise FormatError(path, None, f"no *{_ORIGINAL} and no *.json in this folder")
        found |= dict.fromkeys(p + _ORIGINAL if os.path.exists(p + _ORIGINAL) else p for p in inside)
    return list(found)


def _pair(path: str, report: Report, encoding: str | None) -> Document:
    row = Row(path, None, files.text(path, report, encoding=encoding), {}, report)
    annotations = path.removesuffix(_ORIGINAL)
    ident = files.stem(annotations)
    if not os.path.exists(annotations):
        return Document(row, ident, None)
    mentions = []
    for number, line in files.lines(annotations, report, encoding=encoding):
        place = Row(annotations, number, row.text, {}, report)
        if found := _MENTION.fullmatch(line):
            mentions.append(Mention(place, int(found[2]), int(found[3]), found[4], found[1]))
        elif line.strip():
            place.lost("not SURFACE, START, END and TYPE divided by tabs", cause="annotation that cannot be read")
    return Document(row, ident, mentions)


def _objects(path: str, report: Report, encoding: str | None) -> Iterator[Document]:
    for row in rows(files.json_rows(path, report, encoding=encoding), path, report, "originalText"):
        try:
            found = items(row.data["entities"], list, "entities") if "entities" in row.data else None
        except ValueError as error:
            report.skipped(path, row.line, str(error))
            continue
        yield Document(row, row.data.get("id"), None if found is None else [_mention(row, item) for item in found])


def _mention(row: Row, item: Any) -> Mention:
    item = item if isinstance(item, dict) else {}
    return Mention(row, item.get("start_pos"), item.get("end_pos"), item.get("label_type"))


def _record(document: Document, at_start: int, at_end: int) -> Record:
    entities = None
    if document.mentions is not None:
        entities = kept(m.row.entity(*_converted(m, at_start, at_end), m.type, m.surface) for m in document.mentions)
    return document.row.record(document.id, entities=entities, extra=without(document.row.data, "id", "entities"))


def _converted(mention: Mention, at_start: int, at_end: int) -> tuple[Any, Any]:
    if type(mention.start) is not int or type(mention.end) is not int:
        return mention.start, mention.end
    return mention.start + at_start, mention.end + at_end


# --- Which convention the offsets follow ---------------------------------------------------------


def _guess(sample: list[Document], usual: str, report: Report) -> str:
    """The variant whose convention fits the sample best, the usual one where several do."""
    path = sample[0].row.path
    mentions = [mention for document in sample for mention in document.mentions or ()]
    weights = {variant: sum(_weight(m, *shifts) for m in mentions) for variant, shifts in VARIANTS.items()}
    best = min(VARIANTS, key=lambda variant: (weights[variant], variant != usual))
    equal = [variant for variant, weight in weights.items() if weight == weights[best]]
    if best != usual:
        reason = f"offsets read as those of {best}, which fit better than {usual}; --variant settles it"
        report.mended(path, None, reason, cause=f"offsets told to be those of {best}")
    elif mentions and len(equal) > 1:
        reason = f"offsets read as those of {usual}, but could be any of {', '.join(equal)}; --variant settles it"
        report.mended(path, None, reason, cause="offsets that fit several conventions")
    return best


def _weight(mention: Mention, at_start: int, at_end: int) -> int:
    """How badly one span fits under a convention; the less, the better."""
    text = mention.row.text
    start, end = _converted(mention, at_start, at_end)
    if misfit(text, start, end, mention.surface):
        return 10
    return _divides(text, start) + _divides(text, end - 1) - _divides(text, start - 1) - _divides(text, end)


def _divides(text: str, index: int) -> bool:
    """Whether a place is outside the text or holds a space or punctuation."""
    return not 0 <= index < len(text) or not text[index].isalnum()


# --- Writing -------------------------------------------------------------------------------------


def write(records: Iterable[Record], out: BinaryIO, report: Report) -> None:
    """Write the form of 2019, JSON lines."""
    write_json_lines(map(_row, drafts(records, report)), out)


def _row(draft: Draft) -> dict[str, Any]:
    draft.leave_out("relations", "events")
    record = draft.record
    row = draft.row(text="originalText")
    if record.entities is not None:
        found = draft.placed_entities()
        row["entities"] = [
            {"label_type": e.type, "overlap": int(_overlaps(e, found)), "start_pos": e.start, "end_pos": e.end}
            for e in found
        ]
    return draft.with_record_keys(row, _ROW)


def _overlaps(entity: Entity, others: Iterable[Entity]) -> bool:
    place = entity.start, entity.end
    return any(other is not entity and overlap((other.start, other.end), place) for other in others)
