"""The real triples, where they are at hand: counts as their README states them, places, and round trips."""

import io
import json
from collections import Counter
from pathlib import Path

import pytest

from ie_cli import locate, records, registry
from ie_cli.errors import Report
from ie_cli.locate import PlaceChoice

RE = Path(__file__).parents[3] / "shared" / "data" / "re"
if not RE.is_dir():
    pytest.skip("no real data beside the repository", allow_module_level=True)

DUIE2, CMEIE = "duie2/train_data_5000.json", "cmeie/CMeIE_dev_first1800.jsonl"
CASE = "string found in other case or width"
# format, file, its schema, records, triples, slots, strings placed, how, triples with several pairs of places
FILES = [
    ("duie1", "duie1/train_data.json", "duie1/all_50_schemas", 2601, 5293, 0, 10586, {CASE: 10}, 810),
    ("duie1", "duie1/dev_data.json", "duie1/all_50_schemas", 1000, 2073, 0, 4146, {}, 248),
    ("duie2", DUIE2, "duie2/duie_schema.json", 5000, 8945, 348, 18238, {}, 2000),
    ("cmeie", CMEIE, "cmeie/53_schemas.json", 1800, 5333, 0, 10666, {}, 1905),
]
NAMES = [row[:2] for row in FILES]


def read(name, path, report, **options):
    return list(registry.load("ie_cli.formats", name).read(str(path), report, **options))


def raw(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("row", FILES, ids=lambda row: row[1])
def test_counts_and_places(row):
    name, file, schema, texts, triples, slots, placed, how, several = row
    report, notes, seen = Report(), Counter(), Counter()
    for record in read(name, RE / file, report, schema=str(RE / schema)):
        found = locate.locate(record)
        records.check(found.record)
        notes.update(cause for _, cause in found.notes)
        seen["records"] += 1
        seen["placed"] += found.placed
        for relation in found.record.relations:
            seen["triples"] += 1
            seen["slots"] += len(relation.slots)
        for relation in record.relations:
            ends = [locate.places(record.text, span.text).places for span in (relation.subject, relation.object)]
            seen["several"] += len(ends[0]) * len(ends[1]) > 1
    assert seen == {"records": texts, "triples": triples, "slots": slots, "placed": placed, "several": several}
    assert notes == how
    assert not report.reasons  # the schemas fit their data


def normalised(triple):
    """The triple as scorers compare it: lower case, without title marks."""
    values = triple["object"] if isinstance(triple["object"], dict) else {"@value": triple["object"]}
    parts = {"": triple["subject"], **values}
    return repr((triple["predicate"], sorted((slot, text.lower().strip("《》")) for slot, text in parts.items())))


@pytest.mark.parametrize("choice", [PlaceChoice.nearest, PlaceChoice.all])
@pytest.mark.parametrize(("name", "file"), NAMES)
def test_a_submission_loses_nothing(name, file, choice, tmp_path):
    report, given = Report(), raw(RE / file)
    before = [locate.locate(record, choice).record for record in read(name, RE / file, report)]
    path, jsonl = tmp_path / "submission.json", io.BytesIO()
    with path.open("wb") as out:
        registry.load("ie_cli.formats", name).write(before, out, report)
    written = raw(path)
    assert [row["text"] for row in written] == [row["text"] for row in given]
    assert [row["spo_list"] for row in written] == [row["spo_list"] for row in given]
    for ours, theirs in zip(written, given, strict=True):
        assert sorted(map(normalised, ours["spo_list"])) == sorted(map(normalised, theirs["spo_list"]))
        assert ours.keys() - {"id"} == theirs.keys()
    after = [locate.locate(record, choice).record for record in read(name, path, report)]
    assert after == before
    assert not report.reasons
    records.write(before, jsonl)
    assert list(records.read(io.BytesIO(jsonl.getvalue()), "x", report)) == before


KNOWN = [  # what the README of the data names
    ("duie1", "duie1/train_data.json", 606, lambda record: record.extra["postag"] == []),
    ("duie2", DUIE2, 152, lambda record: any(r.subject.text == r.object.text for r in record.relations)),
    ("duie2", DUIE2, 2094, lambda record: any(s.text != s.text.strip() for _, s in records.spans(record))),
    ("duie2", DUIE2, 3461, lambda record: any(ord(char) > 0xFFFF for char in record.text)),
]


@pytest.mark.parametrize(("name", "file", "line", "holds"), KNOWN)
def test_known_edge_cases_stay_as_they_are(name, file, line, holds):
    record = read(name, RE / file, Report())[line - 1]
    assert holds(record)
    assert all(span.start is not None for _, span in records.spans(locate.locate(record).record))


@pytest.mark.parametrize(("name", "file", "count"), [("duie2", DUIE2, 5), ("cmeie", CMEIE, 5)])
def test_repeated_triples_are_kept(name, file, count):
    found = [[repr(relation) for relation in record.relations] for record in read(name, RE / file, Report())]
    assert sum(len(relations) - len(set(relations)) for relations in found) == count
