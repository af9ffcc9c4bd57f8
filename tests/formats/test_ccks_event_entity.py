"""The CSV of CCKS 2019: rows, texts, questions of a test file, and what is no row."""

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from same_events import events, read, through

from ie_cli.errors import IEError, Report
from ie_cli.formats import ccks_event_entity
from ie_cli.records import Argument, Event, Record

ROWS = (
    '"1","甲乙被罚","涉嫌违法","甲"\n'
    '"2","无事","其他","NaN"\n'
    '"3","甲乙被罚","涉嫌违法","乙"\n'
    '"4","甲乙被罚","涉嫌违法","甲"\n'
    '"5","甲乙被罚","其他","NaN"\n'
)


def test_ccks_joins_the_rows_of_a_text(tmp_path):
    found, _ = read("ccks_event_entity", ROWS, tmp_path, variant="texts")
    assert [(r.id, [(e.arguments[0].text, e.extra) for e in r.events], r.extra) for r in found] == [
        ("1", [("甲", {"ids": ["1", "4"]}), ("乙", {"ids": ["3"]})], {"ids_without_event": ["5"]}),
        ("2", [], {}),
    ]
    out = io.BytesIO()
    ccks_event_entity.write(found, out, Report())
    assert sorted(out.getvalue().decode().splitlines()) == ROWS.splitlines()


def test_ccks_writes_the_bytes_it_read(tmp_path):
    found, _ = read("ccks_event_entity", ROWS, tmp_path)
    out = io.BytesIO()
    ccks_event_entity.write(found, out, Report())
    assert out.getvalue().decode() == ROWS


def test_ccks_answers_a_test_file(tmp_path):
    found, _ = read("ccks_event_entity", 'id,text,type\r\n1,甲乙被罚,涉嫌违法\r\n2,"无,事",其他\r\n', tmp_path)
    assert [(r.id, r.text, r.events, r.extra["asked_type"]) for r in found] == [
        ("1", "甲乙被罚", None, "涉嫌违法"),
        ("2", "无,事", None, "其他"),
    ]
    scores = {"甲": ("涉嫌违法", 0.6), "乙": ("涉嫌违法", 0.9), "罚": ("涉嫌欺诈", 1.0)}
    found[0].events = [Event(k, None, [Argument(None, None, None, t, role="主体")], s) for t, (k, s) in scores.items()]
    found[1].events = []
    report, out = Report(), io.BytesIO()
    ccks_event_entity.write(found, out, report)
    assert out.getvalue().decode() == '"1","乙"\n"2","NaN"\n'
    assert report.reasons == {("lost", "subject that is not the answer"): 2}


def test_ccks_takes_nan_in_other_case_for_nan(tmp_path):
    found, problems = read("ccks_event_entity", '"1","a","其他","NAN"\n"2","a","涉嫌违法","Nan"\n', tmp_path)
    assert [len(r.events) for r in found] == [0, 1]
    assert [(p.kind, p.line) for p in problems] == [("mended", 1)]


def test_ccks_loses_a_subject_without_a_type(tmp_path):
    found, problems = read("ccks_event_entity", '"1","青禾","","青禾"\n"2","a","","NaN"\n', tmp_path)
    assert [r.events for r in found] == [[], []]
    assert [(p.kind, p.line) for p in problems] == [("lost", 1)]


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        ('"1","a","其他","NaN"\n"2","开\n"3","a","其他","NaN"\n', 2, "a quote is not closed"),
        ('"1","a"b","其他","NaN"\n"2","b""","其他","NaN"\n', 1, "not CSV"),
        ('"1","a"b"c","其他","NaN"\n', 1, "not CSV"),
        ('"1","a","其他","NaN","x"\n', 1, "5 columns"),
    ],
)
def test_ccks_skips_what_is_no_row(data, line, reason, tmp_path):
    found, problems = read("ccks_event_entity", data, tmp_path)
    assert [(p.kind, p.line) for p in problems] == [("skipped", line)]
    assert reason in problems[0].reason
    assert [record.id for record in found] == [row[1] for i, row in enumerate(data.splitlines(), 1) if i != line]


def test_ccks_reports_a_line_end_that_it_changes():
    report, out = Report(), io.BytesIO()
    ccks_event_entity.write([Record("a\r\r\nb\rc", "1", events=[])], out, report)
    assert report.counts == {"mended": 1}
    assert out.getvalue() == '"1","a\nb\rc","其他","NaN"\n'.encode()


def test_unknown_variant_of_ccks(tmp_path):
    with pytest.raises(IEError, match=r"unknown variant 'text'\. Did you mean 'texts'"):
        read("ccks_event_entity", "", tmp_path, variant="text")


# A line end within a cell is \n: others are not what a file keeps.
cells = st.text(st.one_of(st.sampled_from('",\n\ufeff 🙂NaN1'), st.characters(exclude_categories=["Cs"])), min_size=1)
cells = cells.map(lambda text: text.replace("\r", ""))
subjects = st.lists(
    st.tuples(st.sampled_from(["涉嫌违法", "其他"]), cells.filter(lambda text: text not in ("", "NaN"))),
    max_size=3,
    unique=True,
)


@given(batch=st.lists(st.tuples(cells, subjects), min_size=1, max_size=3))
@example(batch=[("\0", [("其他", "a\0")])])
def test_any_subjects_go_through(batch, tmp_path_factory):
    before = [Record(text, f"r{i}", events=list(map(about, found))) for i, (text, found) in enumerate(batch)]
    after, report = through(ccks_event_entity, before, tmp_path_factory.mktemp("x"))
    assert set(report.reasons) <= {("mended", "NaN in other case")}
    if not report.reasons:
        assert [(r.id, r.text, events(r)) for r in after] == [(r.id, r.text, events(r)) for r in before]


def about(found):
    kind, subject = found
    return Event(kind, None, [Argument(None, None, None, subject, role="主体")])
