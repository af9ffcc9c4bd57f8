"""brat standoff: a text file and an annotation file beside it; end exclusive.

    doc.txt   小米雷军
    doc.ann   T1	ORG 0 2	小米
              T2	PER 2 4	雷军
              T3	创办 2 4	雷军
              R1	创始人 Arg1:T1 Arg2:T2
              E1	创办:T3 Who:T2 What:T1

- The path is a .txt, an .ann or a folder (with all below it). A .txt without .ann has no `entities`. The id is the
  name of the file, with its folders where several files have that name.
- A span in pieces (`0 2;3 5`) is one entity where only line ends lie between them, as brat writes spans
  that cross lines; else it is discontinuous and reported as lost.
- A trigger, whose label is the type of its event, is no entity, nor is an argument labelled `argument`, as
  those are written that have no type. Where there are events and no other spans, there are no `entities`.
- brat numbers the roles that an event has several times (`Who`, `Who2`); the numbers are not kept. An
  event as an argument is read as its trigger.
- Attributes, normalisations and notes are reported as lost.
- A U+FEFF at the start, and the CR of a line end CR LF, count in the offsets, as they do in brat, unless more spans
  fit without. Offsets are code points, unless more spans fit in UTF-16 units, which Java tools write.
- Written is a new folder with a pair for each record, named by its id. A label cannot hold spaces.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from ie_cli import files
from ie_cli.errors import FormatError, IEError, Report
from ie_cli.formats import _utf16
from ie_cli.formats._brat_events import FORBIDDEN, event_line, read_events
from ie_cli.formats._reading import Row, kept
from ie_cli.formats._span_graph import with_events
from ie_cli.formats._writing import Draft, drafts
from ie_cli.records import Entity, Record, Relation

SUFFIXES = (".txt", ".ann")
_SPAN = re.compile(r"(\S+) ([0-9]{1,9} [0-9]{1,9}(?:;[0-9]{1,9} [0-9]{1,9})*)")
_RELATION = re.compile(r"(\S+) \S+?:(\S+) \S+?:(\S+)\s*")
_OTHERS = {"A": "attribute", "M": "attribute", "N": "normalisation", "#": "note", "*": "equivalence"}


def read(path: str, report: Report, *, encoding: str | None = None) -> Iterator[Record]:
    """Records of a document, or of all documents in a folder."""
    return read_all([path], report, encoding=encoding)


def read_all(paths: Iterable[str], report: Report, *, encoding: str | None = None) -> Iterator[Record]:
    """Records of several paths, each document once even if both its files are named."""
    found = dict.fromkeys(_text_of(inside) for path in paths for inside in _inside(path))
    stems = Counter(path.stem for path in found)
    for path in found:
        if path.suffix == ".ann" and path.exists():
            report.skipped(path, None, "an .ann without its .txt")
        else:
            ident = path.stem if stems[path.stem] == 1 else path.with_suffix("").as_posix()
            yield _document(path, ident, report, encoding)


def _inside(path: str) -> list[Path]:
    """The files that a path stands for."""
    if str(path) == "-":
        raise FormatError(path, None, "brat documents are pairs of files; name them or their folder")
    if not os.path.isdir(path):
        if os.path.exists(path) and Path(path).suffix not in SUFFIXES:
            raise FormatError(path, None, "is no .txt and no .ann; name these or their folder")
        return [Path(path)]
    found = sorted(p for p in Path(path).rglob("*") if p.suffix in SUFFIXES)
    if not found:
        raise FormatError(path, None, "no .txt or .ann in this folder")
    return found


def _text_of(path: Path) -> Path:
    """The .txt beside an .ann if there is one, else the path itself."""
    text = path.with_suffix(".txt")
    return text if path.suffix == ".ann" and text.exists() else path


def _document(path: Path, ident: str, report: Report, encoding: str | None) -> Record:
    text = files.text(path, report, encoding=encoding, keep_bom=True)
    ann = path.with_suffix(".ann")
    if not ann.exists():
        return Row(path, None, text, {}, report).record(ident)
    lines = [(number, line) for number, line in files.lines(ann, report, encoding=encoding) if line.strip()]
    text, units = _as_counted(text, lines, path, report)
    rows = _distinct(Row(ann, number, text, {"line": line, "units": units}, report) for number, line in lines)
    spans = {_key(row): _entity(row) for row in rows if _key(row).startswith("T")}
    relations = kept(_relation(row, spans) for row in rows if _key(row).startswith("R"))
    events, parts = read_events([row for row in rows if _key(row).startswith("E")], spans)
    for row in rows:
        if not _key(row).startswith(("T", "R", "E")):
            what = _OTHERS.get(_key(row)[:1], "line")
            row.lost(f"{what} '{_key(row)}' is not read", cause=f"brat {what}")
    entities = [span for key, span in spans.items() if span and key not in parts]
    whole = Row(path, None, text, {}, report)
    return whole.record(
        ident, entities=entities or (None if events else []), relations=relations or None, events=events or None
    )


def _as_counted(text: str, lines: list[tuple[int, str]], path: Path, report: Report) -> tuple[str, _utf16.Table | None]:
    """The text of which the spans count the characters, and what turns their offsets into code points, if need be."""
    for what, other in (
        ("byte order mark", text.removeprefix(files.BOM)),
        ("CR of the line ends", text.replace("\r\n", "\n")),
    ):
        if other != text and _fitting(lines, other) > _fitting(lines, text):
            report.mended(path, None, f"the spans do not count the {what}, so it is dropped", cause=what)
            text = other
    units = _utf16.table(text)
    if units is None or _fitting(lines, text, units) <= _fitting(lines, text):
        return text, None
    report.mended(path, None, "the spans count UTF-16 units", cause="offsets in UTF-16 units")
    return text, units


def _distinct(rows: Iterable[Row]) -> list[Row]:
    """The annotation lines; a second span or event of the same id gets one of its own."""
    out, taken = [], set()
    for row in rows:
        key = _key(row)
        if key.startswith(("T", "E")) and not row.is_new(key, taken):
            row.data["line"] = f"{key}@{row.line}{row.data['line'].removeprefix(key)}"
        taken.add(key)
        out.append(row)
    return out


def _key(row: Row) -> str:
    """The id of an annotation line: `T1`, `R2`, …"""
    return row.data["line"].partition("\t")[0]


def _parts(line: str, units: _utf16.Table | None = None) -> tuple[list[tuple[int, int]], str, str | None] | None:
    """Pieces, label and surface of a T line, or None where it is none.

    Args:
        units: what turns its offsets into code points, if need be.
    """
    _, body, surface = [*line.split("\t", 2), None, None][:3]
    found = _SPAN.fullmatch(body or "")
    if found is None:
        return None
    pieces = [tuple(map(int, piece.split())) for piece in found[2].split(";")]
    if units is not None:
        pieces = [tuple(_utf16.code_points(units, at, at) for at in piece) for piece in pieces]
    return pieces, found[1], surface


def _fits(text: str, pieces: list[tuple[int, int]], surface: str | None) -> bool:
    """Whether the pieces are the surface, in which brat has a space for a line end and between pieces."""
    there = " ".join(text[start:end] for start, end in pieces)
    return surface is None or _flat(there) == _flat(surface)


def _flat(surface: str) -> str:
    return re.sub(r"[\r\n]", " ", surface)


def _fitting(lines: Iterable[tuple[int, str]], text: str, units: _utf16.Table | None = None) -> int:
    found = (_parts(line, units) for _, line in lines)
    return sum(_fits(text, parts[0], parts[2]) for parts in found if parts)


def _entity(row: Row) -> Entity | None:
    parts = _parts(row.data["line"], row.data["units"])
    if parts is None:
        row.lost("not ID, TYPE START END, TEXT divided by tabs", cause="annotation that cannot be read")
        return None
    pieces, kind, surface = parts
    between = [(end, start) for (_, end), (start, _) in pairwise(pieces)]
    if any(start < end or row.text[end:start].strip("\r\n") for end, start in between):
        row.lost(f"{kind} '{surface}' is in pieces with text between them", cause="discontinuous span")
        return None
    return row.entity(pieces[0][0], pieces[-1][1], kind, None if _fits(row.text, pieces, surface) else surface)


def _relation(row: Row, entities: dict[str, Entity | None]) -> Relation | None:
    found = _RELATION.fullmatch(row.data["line"].partition("\t")[2])
    if found is None:
        row.lost("not ID and LABEL Arg1:ID Arg2:ID divided by a tab", cause="annotation that cannot be read")
        return None
    return row.relation(found[1], entities.get(found[2]), entities.get(found[3]))


# --- Writing -------------------------------------------------------------------------------------


def write_folder(records: Iterable[Record], folder: str | os.PathLike, report: Report) -> None:
    """Write a .txt for each record, and an .ann unless nobody annotated it, into a new or empty folder."""
    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()):
        raise IEError(f"{folder}: the folder is not empty; name a new one")
    folder.mkdir(parents=True, exist_ok=True)
    for draft in drafts(records, report):
        record, name = draft.record, _file_name(draft, folder)
        draft.without_record_keys()
        draft.cannot_say_none("relations", "events", *(("entities",) if record.events else ()))
        (folder / f"{name}.txt").write_bytes(record.text.encode())
        if record.entities is not None or record.relations is not None or record.events:
            lines = "".join(f"{line}\n" for line in _annotations(draft))
            (folder / f"{name}.ann").write_bytes(lines.encode())


def _file_name(draft: Draft, folder: Path) -> str:
    numbered = f"{draft.number:06d}"
    wanted = numbered if draft.record.id is None else str(draft.record.id)
    name = re.sub(r"[^\w.-]", "_", wanted)[:60].strip(".") or numbered
    while (folder / f"{name}.txt").exists():
        name = f"{name}-{draft.number}"
    if name != wanted:
        draft.mended(f"is written as {name}.txt", cause="id that is no file name")
    return name


def _annotations(draft: Draft) -> Iterator[str]:
    spans, relations, events = with_events(draft, prefix="")
    written: set[int] = set()
    for i, span in enumerate(spans):
        pieces = [match.span() for match in re.finditer(r"[^\n]+", span.text)]
        if not pieces or pieces[0][0] > 0 or pieces[-1][1] < len(span.text):
            reason = f"'{_flat(span.text)}' begins or ends with a line end"
            draft.lost(reason, cause="span that begins or ends with a line end")
            continue
        written.add(i)
        places = ";".join(f"{span.start + start} {span.start + end}" for start, end in pieces)
        surface = _flat(" ".join(span.text[start:end] for start, end in pieces))
        yield f"T{i + 1}\t{draft.label(span.type, FORBIDDEN)} {places}\t{surface}"
    for i, (predicate, subject, object_) in enumerate(relations, 1):
        if {subject, object_} <= written:
            yield f"R{i}\t{draft.label(predicate, FORBIDDEN)} Arg1:T{subject + 1} Arg2:T{object_ + 1}"
        else:
            draft.lost(f"'{predicate}' has lost an argument", cause="relation without its entities")
    for i, event in enumerate(events, 1):
        if line := event_line(draft, event, written):
            yield f"E{i}\t{line}"
