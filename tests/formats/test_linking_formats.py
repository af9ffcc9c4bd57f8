"""The formats of entity linking: what a link keeps on its way in and out, and what is told."""

import io
import json
from pathlib import Path

import pytest

from ie_cli import registry
from ie_cli.errors import Report
from ie_cli.records import Entity, Link, Record, Relation, Span

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
TEXT = "青禾科技在梁溪"


def read(name, rows, tmp_path):
    path, problems = tmp_path / "raw.json", []
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    report = Report(problems.append)
    return list(registry.load("ie_cli.formats", name).read(str(path), report)), report, problems


def write(name, records):
    out, report = io.BytesIO(), Report()
    registry.load("ie_cli.formats", name).write(records, out, report)
    return [json.loads(line) for line in out.getvalue().decode().splitlines()], report


def row(*mentions, text=TEXT, **more):
    return {"text_id": "1", "text": text, "mention_data": list(mentions), **more}


def mention(kb_id="1", text="青禾科技", offset="0", **more):
    return {"kb_id": kb_id, "mention": text, "offset": offset, **more}


def entity(link=None, **more):
    return Entity(0, 4, more.pop("type", None), "青禾科技", link=link, **more)


LINKS = [
    ("1", Link("1")),
    ("NIL", Link(None)),
    ("NIL_Person", Link(None, nil_type="Person")),
    ("NIL_", Link(None)),
    ("NILE", Link("NILE")),
    (7, Link("7")),
]


@pytest.mark.parametrize("name", ["ccks2019_el", "ccks2020_el"])
@pytest.mark.parametrize(("kb_id", "link"), LINKS)
def test_an_id_becomes_a_link(name, kb_id, link, tmp_path):
    (record,), report, _ = read(name, [row(mention(kb_id))], tmp_path)
    assert record.entities == [entity(link)]
    assert not report.counts


@pytest.mark.parametrize(
    ("name", "link", "kb_id", "lost"),
    [
        ("ccks2019_el", Link("1"), "1", 0),
        ("ccks2019_el", Link(None), "NIL", 0),
        ("ccks2019_el", Link(None, nil_type="Person"), "NIL", 1),
        ("ccks2020_el", Link("1", score=0.5), "1", 0),
        ("ccks2020_el", Link(None), "NIL", 0),
        ("ccks2020_el", Link(None, nil_type="Person"), "NIL_Person", 0),
    ],
)
def test_a_link_becomes_an_id(name, link, kb_id, lost):
    (found,), report = write(name, [Record(TEXT, "1", [entity(link)])])
    assert found["mention_data"] == [mention(kb_id)]
    assert report.counts == ({"lost": lost} if lost else {})


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (mention(offset="1"), "'青禾科技' at offset '1': '青禾科技' is not what the text has there, '禾科技在'"),
        (mention(offset=" 0"), "offsets must be integers"),
        (mention(offset="０"), "offsets must be integers"),
        (mention(offset="-1"), "offsets must be integers"),
        (mention(offset=None), "offsets must be integers"),
        (mention(offset="6"), "outside a text of 7 characters"),
        (mention(text=""), "a mention has no string: ''"),
        ("青禾科技", "a mention has no string: None"),
    ],
)
def test_a_mention_that_does_not_fit_is_lost_with_its_place(item, reason, tmp_path):
    (_, record), report, (problem,) = read("ccks2019_el", [row(), row(item, mention())], tmp_path)
    assert record.entities == [entity(Link("1"))]
    assert (problem.line, report.counts) == (2, {"lost": 1})
    assert reason in problem.reason


def test_offsets_may_be_numbers(tmp_path):
    (record,), _, _ = read("ccks2019_el", [row(mention(offset=0))], tmp_path)
    assert record.entities == [entity(Link("1"))]


def test_a_text_without_mention_data_is_not_annotated(tmp_path):
    (bare, empty), _, _ = read("ccks2019_el", [{"text_id": "1", "text": TEXT}, row()], tmp_path)
    assert (bare.entities, empty.entities) == (None, [])
    assert write("ccks2019_el", [bare, empty])[0] == [{"text_id": "1", "text": TEXT}, row()]


def test_a_mention_without_id_has_no_link_and_is_written_so(tmp_path):
    given = {"mention": "青禾科技", "offset": "0"}
    (record,), report, _ = read("ccks2020_el", [row(given)], tmp_path)
    assert record.entities == [entity()]
    assert write("ccks2020_el", [record])[0] == [row(given)]
    assert not report.counts


def test_further_keys_travel_along(tmp_path):
    given = row(mention(type="Company", source="人工"), domain="新闻")
    (record,), _, _ = read("ccks2020_el", [given], tmp_path)
    assert (record.entities[0].type, record.extra) == ("Company", {"domain": "新闻"})
    assert write("ccks2020_el", [record])[0] == [given]


def test_keys_with_a_meaning_of_their_own_are_lost(tmp_path):
    (record,), report, _ = read("ccks2019_el", [row(mention(score=1, start=0))], tmp_path)
    assert record.entities == [entity(Link("1"))]
    assert report.counts == {"lost": 2}


def test_what_a_submission_has_no_place_for_is_told():
    extra = {"candidates": [{"kb_id": "1", "score": 0.5}]}
    mentions = [entity(Link("1"), extra=extra), Entity(None, None, None, "梁溪")]
    spans = Span(0, 4, None, "青禾科技"), Span(5, 7, None, "梁溪")
    (found,), report = write("ccks2019_el", [Record(TEXT, "1", mentions, [Relation("位于", *spans)])])
    assert found == row(mention())
    assert dict(report.reasons) == {("lost", "no place"): 1, ("lost", "relation in this format"): 1}


def test_other_formats_tell_that_a_mention_has_no_type():
    _, report = write("cluener", [Record(TEXT, "1", [entity(Link("1"))])])
    assert dict(report.reasons) == {("lost", "no type"): 1, ("lost", "link in this format"): 1}


@pytest.mark.parametrize(
    "name", ["brat", "conll", "doccano", "label_studio", "ccks_clinical", "cmeee", "duie1", "text"]
)
def test_every_format_copes_with_mentions_that_have_no_type(name, tmp_path):
    module, report = registry.load("ie_cli.formats", name), Report()
    records = [Record(TEXT, "1", [entity(Link("1")), Entity(5, 7, None, "梁溪")])]
    if hasattr(module, "write_folder"):
        module.write_folder(records, tmp_path / "out", report)
    else:
        module.write(records, io.BytesIO(), report)
    assert report.counts["lost"] >= 2


@pytest.mark.parametrize("name", ["ccks2019_el", "ccks2020_el"])
def test_samples_keep_their_links_when_written_and_read_again(name, tmp_path):
    before = list(registry.load("ie_cli.formats", name).read(str(SAMPLES / name / "raw.json"), Report()))
    found, report = write(name, before)
    after, again, _ = read(name, found, tmp_path)
    assert after == before
    assert not report.counts + again.counts
