"""The real files of entity linking, where they are at hand: counts as their README states them, and round trips."""

import json
from pathlib import Path

import pytest

from ie_cli import records, registry
from ie_cli.errors import Report

EL = Path(__file__).parents[3] / "shared" / "data" / "el"
if not EL.is_dir():
    pytest.skip("no real data beside the repository", allow_module_level=True)

# format, file, records, mentions, NIL among them
FILES = [
    ("ccks2019_el", "ccks2019/train_first8000.json", 8000, 27467, 4652),
    ("ccks2020_el", "ccks2020/dev_10.json", 10, 27, 5),
]


def read(name, path, report):
    return list(registry.load("ie_cli.formats", name).read(str(path), report))


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("name", "file", "texts", "mentions", "nil"), FILES)
def test_counts_and_spans(name, file, texts, mentions, nil):
    report = Report()
    found = read(name, EL / file, report)
    for record in found:
        records.check(record)
    links = [entity.link for record in found for entity in record.entities]
    assert (len(found), len({record.id for record in found})) == (texts, texts)
    assert (len(links), sum(link.kb_id is None for link in links)) == (mentions, nil)
    assert not report.counts


@pytest.mark.parametrize(("name", "file"), [row[:2] for row in FILES])
def test_what_is_written_is_what_was_read(name, file, tmp_path):
    path, report = tmp_path / "submission.json", Report()
    with path.open("wb") as out:
        registry.load("ie_cli.formats", name).write(read(name, EL / file, report), out, report)
    assert rows(path) == rows(EL / file)
    assert not report.counts


def test_known_edge_cases():
    found = read("ccks2019_el", EL / FILES[0][1], Report())
    assert sum(record.text.startswith(("\u200b", "\ufeff")) for record in found) == 9
    assert sum(map(overlaps, found)) == 64


def overlaps(record):
    """Mentions that share a character with an earlier one."""
    spans = [(entity.start, entity.end) for entity in record.entities]
    return sum(any(a < end and start < b for a, b in spans[:i]) for i, (start, end) in enumerate(spans))


def test_nil_types_of_2020():
    found = read("ccks2020_el", EL / FILES[1][1], Report())
    kinds = {entity.link.nil_type for record in found for entity in record.entities} - {None}
    assert kinds == {"Other", "Person", "Game", "Work"}
