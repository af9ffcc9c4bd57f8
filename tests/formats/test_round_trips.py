"""Property tests: any text and any spans go through the formats that can hold them unchanged."""

import io
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ie_cli import records
from ie_cli.errors import Report
from ie_cli.formats import brat, ccks_clinical, cluener, cmeee, conll, doccano, jsonl, label_studio
from ie_cli.records import Entity, Record, Relation, Span

# Characters that break naive readers: non-BMP, byte order mark, line and paragraph separators, spaces.
TRICKY = "🙂👨‍👩‍👧𠮷\ufeff\u2028\u2029\x85\x0b\x0c\x1c　\t |;/\\\"'\u200b\ufffdＡaé0"
characters = st.one_of(st.sampled_from(TRICKY), st.characters(exclude_categories=["Cs"]))
texts = st.text(st.one_of(characters, st.sampled_from("\r\n")), min_size=1, max_size=30)
lines = st.text(characters.filter(lambda c: c not in "\r\n"), min_size=1, max_size=30)
labels = st.sampled_from(["PER", "机构", "PER.NAM", "a-b"])


@st.composite
def annotated(draw, text=texts):
    body = draw(text)
    entities = []
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(body) - 1))
        end = draw(st.integers(start + 1, len(body)))
        entities.append(Entity(start, end, draw(labels), body[start:end]))
    return Record(body, "a", entities)


def without_overlaps(record):
    taken, kept = set(), []
    for entity in record.entities:
        if not taken & set(range(entity.start, entity.end)):
            taken |= set(range(entity.start, entity.end))
            kept.append(entity)
    return Record(record.text, record.id, kept)


def key(span):
    return span.start, span.end, span.type, span.text


def through(module, given_, tmp_path, **options):
    """The records after being written and read, and the report of both."""
    report, path = Report(), tmp_path / "x.jsonl"
    with path.open("wb") as out:
        module.write(given_, out, report)
    return list(module.read(str(path), report, **options)), report


def assert_same(before, after, report):
    assert not report.counts
    assert [r.text for r in after] == [r.text for r in before]
    assert [sorted(map(key, r.entities)) for r in after] == [sorted(map(key, r.entities)) for r in before]


@given(batch=st.lists(annotated(), min_size=1, max_size=3))
def test_offset_formats(batch, tmp_path_factory):
    folder = tmp_path_factory.mktemp("x")
    for module in (cluener, cmeee, doccano, label_studio, jsonl):
        assert_same(batch, *through(module, batch, folder))
    assert_same(batch, *through(ccks_clinical, batch, folder, variant="2019"))


@given(
    batch=st.lists(annotated().map(without_overlaps), min_size=1, max_size=3),
    scheme=st.sampled_from(["bio", "bmes", "bioes"]),
)
def test_conll(batch, scheme, tmp_path_factory):
    path, report = tmp_path_factory.mktemp("x") / "x.conll", Report()
    with path.open("wb") as out:
        conll.write(batch, out, report, scheme=scheme)
    with_newline = sum("\n" in record.text for record in batch)
    assert report.counts == ({"mended": with_newline} if with_newline else {})
    report = Report()
    after = list(conll.read(str(path), report, scheme=scheme))
    assert_same([spaced(record) for record in batch], after, report)


def spaced(record):
    """The record with a space for each newline, which no line can hold."""
    entities = [Entity(e.start, e.end, e.type, e.text.replace("\n", " ")) for e in record.entities]
    return Record(record.text.replace("\n", " "), record.id, entities)


@given(record=annotated())
def test_brat(record, tmp_path_factory):
    record.entities = [e for e in record.entities if e.text.strip("\n") == e.text]  # what brat can hold
    folder, report = tmp_path_factory.mktemp("x") / "out", Report()
    brat.write_folder([record], folder, report)
    assert_same([record], list(brat.read(str(folder), report)), report)


@given(record=annotated(), name=st.text(characters.filter(lambda c: not c.isspace()), min_size=1, max_size=5))
def test_relations(record, name, tmp_path_factory):
    spans = [Span(e.start, e.end, e.type, e.text) for e in record.entities if e.text.strip("\n") == e.text]
    record.entities = [Entity(s.start, s.end, s.type, s.text) for s in spans]
    record.relations = [Relation("r" + name, subject, object_) for subject, object_ in pairwise(spans)]
    folder = tmp_path_factory.mktemp("x")
    found = [through(module, [record], folder)[0][0] for module in (doccano, label_studio, jsonl)]
    report = Report()
    brat.write_folder([record], folder / "out", report)
    if not report.counts:  # brat has no place for some names
        found += brat.read(str(folder / "out"), report)
    for after in found:
        ends = [(r.predicate, key(r.subject), key(r.object)) for r in after.relations or []]
        assert ends == [(r.predicate, key(r.subject), key(r.object)) for r in record.relations]


@given(batch=st.lists(lines, min_size=1, max_size=4))
def test_text(batch, tmp_path_factory):
    from ie_cli.formats import text

    after, report = through(text, [Record(line) for line in batch], tmp_path_factory.mktemp("x"))
    assert not report.counts
    assert [r.text for r in after] == batch


@given(record=annotated())
def test_records_json(record):
    out = io.BytesIO()
    records.write([record], out)
    assert list(records.read(io.BytesIO(out.getvalue()), "x", Report())) == [record]
