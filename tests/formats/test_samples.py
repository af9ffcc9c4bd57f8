"""Golden files: each format reads its sample to records.jsonl, and what it writes it reads again."""

import io
from collections import Counter
from pathlib import Path

import pytest

from ie_cli import records, registry
from ie_cli.commands.convert import located
from ie_cli.errors import Report
from ie_cli.locate import PlaceChoice

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
FORMATS = "ie_cli.formats"
ALL = registry.names(FORMATS)
MINE = [name for name in ALL if (SAMPLES / name).is_dir()]


def read_paths(module, paths, report, **options):
    if hasattr(module, "read_all"):
        return list(module.read_all(paths, report, **options))
    return [record for path in paths for record in module.read(path, report, **options)]


def placed(found, report):
    """The records as `ie convert` gives them: with places for what the format gives as strings."""
    return list(located(found, PlaceChoice.nearest, report, Counter()))


def sample(name, report):
    found = read_paths(registry.load(FORMATS, name), sorted(map(str, (SAMPLES / name).glob("raw*"))), report)
    return placed(found, report)


def golden(name):
    return (SAMPLES / name / "records.jsonl").read_bytes()


def as_jsonl(found):
    out = io.BytesIO()
    records.write(found, out)
    return out.getvalue()


def spans(record):
    return None if record.entities is None else sorted((e.start, e.end, e.type, e.text) for e in record.entities)


def links(record):
    found = record.relations or ()
    ends = [(r.predicate, r.subject.start, r.subject.end, r.object.start, r.object.end) for r in found]
    return sorted(ends, key=repr)


def test_every_format_has_a_sample():
    assert set(MINE) == set(ALL)


@pytest.mark.parametrize("name", MINE)
def test_sample_reads_to_the_golden_file(name):
    assert as_jsonl(sample(name, Report())).decode() == golden(name).decode()


# What is wrong in the samples on purpose, by kind.
DEFECTS = {
    "brat": {"lost": 8, "mended": 2},
    "ccks2019_el": {"lost": 5, "skipped": 1},
    "ccks2020_el": {"lost": 1},
    "ccks_clinical": {"lost": 2, "mended": 1},
    "ccks_event_entity": {"skipped": 2, "mended": 2},
    "cluener": {"lost": 1},
    "cmeee": {"lost": 3},
    "cmeie": {"lost": 2, "mended": 3, "skipped": 1},
    "conll": {"mended": 7},
    "doccano": {"lost": 4, "mended": 1},
    "duee": {"lost": 2, "mended": 1},
    "duee_fin": {"mended": 4},
    "duie1": {"lost": 4, "mended": 5, "skipped": 1},
    "duie2": {"lost": 5, "mended": 1},
    "fewfc": {"lost": 1},
    "jsonl": {"skipped": 1, "mended": 1},
    "label_studio": {"lost": 4, "mended": 1},
    "text": {},
}


@pytest.mark.parametrize("name", DEFECTS)
def test_each_defect_of_a_sample_is_counted(name):
    report = Report()
    sample(name, report)
    assert dict(report.counts) == DEFECTS[name]


@pytest.mark.parametrize("name", [n for n in MINE if hasattr(registry.load(FORMATS, n), "write") and n != "text"])
def test_what_a_format_writes_it_reads_again(name, tmp_path):
    module, before = registry.load(FORMATS, name), sample(name, Report())
    if name == "conll":  # O stands for entities that nobody looked for, too
        before = [record for record in before if record.entities is not None]
    path, report = tmp_path / "again.json", Report()
    with path.open("wb") as out:
        module.write(before, out, report)
    options = {"variant": "2019"} if name == "ccks_clinical" else {}
    after = read_paths(module, [str(path)], report, **options)
    assert not report.counts
    after = placed(after, report)
    assert [r.text for r in after] == [r.text for r in before]
    assert [spans(r) for r in after] == [spans(r) for r in before]
    assert [links(r) for r in after] == [links(r) for r in before]
    if name not in ("cmeee", "conll"):  # which have no place for ids
        assert [r.id for r in after] == [r.id for r in before]


def test_brat_reads_again_the_folder_it_writes(tmp_path):
    module, before, report = registry.load(FORMATS, "brat"), sample("brat", Report()), Report()
    module.write_folder(before, tmp_path / "out", report)
    after = list(module.read(str(tmp_path / "out"), report))
    assert as_jsonl(after) == golden("brat")
    assert not report.counts


def test_news_for_the_readme_is_unlabelled():
    with (SAMPLES / "news.jsonl").open("rb") as lines:
        found = list(records.read(lines, "news.jsonl", Report()))
    assert len(found) == 10
    assert all(record.entities is None and record.id is not None for record in found)
