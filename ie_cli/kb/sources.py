"""Entities from files: CCKS knowledge bases, and catalogues of one's own as JSON, CSV or TSV.

    {"subject_id": "10001", "subject": "夜航", "alias": ["夜航"], "type": ["Work"],
     "data": [{"predicate": "摘要", "object": "陆时雨的小说。"}, {"predicate": "作者", "object": "陆时雨"}]}
    {"id": "P-17", "name": "青禾收割机", "aliases": ["收割机"], "type": "产品", "description": "…", "产地": "梁溪"}
    id,name,aliases,type,description
    P-17,青禾收割机,收割机|小青,产品,…

Which form it is shows in the first character: JSON (lines, or one array) begins with { or [, a first line
with a TAB is TSV, any other CSV. Columns and keys are known by their usual names (`_columns.USUAL`) or are
named; those that are none of the five become facts. In CSV and TSV several aliases or types are parted
by a sign. Cells of TSV are taken as they are, those of CSV may be quoted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from ie_cli import files
from ie_cli.errors import FormatError, Report
from ie_cli.kb import _columns
from ie_cli.kb._columns import Columns
from ie_cli.kb._store import SourcedEntry

SEPARATOR = "|"
Rows = Iterator[tuple[int, dict[str, Any]]]


def read(
    path: str,
    report: Report,
    *,
    named: Columns | None = None,
    separator: str = SEPARATOR,
    encoding: str | None = None,
) -> Iterator[SourcedEntry]:
    """The entities of a file, `-` for standard input; a row without id or name is skipped and reported.

    Args:
        named: what the columns are called where the usual names mislead: {"id": "code"}.
        separator: what parts several aliases or types of one cell.

    Raises:
        FormatError: the file is empty; a CSV or TSV has no column for id or name, or none that was named.
    """
    first, lines = files.first_line(files.lines(path, report, encoding=encoding))
    named = named or {}
    is_json = first.lstrip().startswith(("{", "["))
    rows = _json(lines, path, report) if is_json else _table(lines, path, report, named, separator)
    for line, row in rows:
        try:
            entry = _columns.entry(row, _columns.match_columns(row, named), _report_lost(report, path, line))
        except ValueError as error:
            report.skipped(path, line, str(error))
        else:
            yield SourcedEntry(path, line, entry)


def _report_lost(report: Report, path: str, line: int) -> _columns.Lost:
    """What tells the report of the parts of a row that cannot be read."""
    return lambda reason, cause: report.lost(path, line, reason, cause=cause)


def _json(lines: Iterable[tuple[int, str]], path: str, report: Report) -> Rows:
    for line, _, row in files.json_values(lines, path, report):
        if isinstance(row, dict):
            yield line, row
        else:
            report.skipped(path, line, "not a JSON object")


# --- Tables --------------------------------------------------------------------------------------


def _table(lines: Iterator[tuple[int, str]], path: str, report: Report, named: Columns, separator: str) -> Rows:
    rows = _cells(lines, path, report)
    first, header = next(rows, (1, None))
    if header is None:
        raise FormatError(path, None, "holds nothing; a catalogue is JSON, CSV or TSV, see `ie kb build --help`")
    columns = _checked(header, named, path, first)
    several = {columns[what] for what in ("aliases", "type") if what in columns}
    for line, cells in rows:
        if len(cells) != len(header):
            report.skipped(
                path, line, f"{len(cells)} cells, but {len(header)} columns", cause="cells and columns differ"
            )
            continue
        row: dict[str, Any] = dict(zip(header, cells, strict=True))
        yield line, row | {key: row[key].split(separator) for key in several}


def _cells(lines: Iterator[tuple[int, str]], path: str, report: Report) -> Iterator[tuple[int, list[str]]]:
    first = next(((number, line) for number, line in lines if line.strip()), None)
    if first is None:
        return iter(())
    lines = chain([first], lines)
    if "\t" not in first[1]:
        return files.csv_rows(lines, path, report)
    return ((number, line.split("\t")) for number, line in lines if line)


def _checked(header: list[str], named: Columns, path: str, line: int) -> Columns:
    existing = f"the columns are {', '.join(map(repr, header))}"
    for what, name in named.items():
        if name not in header:
            raise FormatError(path, line, f"no column '{name}' for --{what}; {existing}")
    columns = _columns.match_columns(header, named)
    for what in ("id", "name"):
        if what not in columns and len(header) == 1:
            raise FormatError(path, line, f"one column, {header[0]!r}: commas or tabs have to separate several")
        if what not in columns:
            raise FormatError(path, line, f"no column for the {what}; {existing}: name it with --{what} COLUMN")
    if repeated := next((name for name in header if header.count(name) > 1), None):
        raise FormatError(path, line, f"two columns are called '{repeated}'")
    return columns
