"""DuEE-fin and event schemas: what is a test file, what is a choice, what a schema does not have."""

from pathlib import Path

import pytest
from same_events import line, load, read

from ie_cli.errors import FormatError, IEError, Report
from ie_cli.formats import _event_schema, duee_fin
from ie_cli.records import Record

SAMPLES = Path(__file__).parents[2] / "data" / "samples"


def test_schemas_in_both_shapes():
    lines = _event_schema.load(SAMPLES / "duee" / "schema.json")
    array = _event_schema.load(SAMPLES / "duee_fin" / "schema.json")
    assert lines["竞赛行为-夺冠"] == {"时间": [], "冠军": [], "夺冠赛事": []}
    assert array["公司上市"]["环节"] == ["筹备上市", "暂停上市", "正式上市", "终止上市"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"event_type": "x"}, "'role_list' is no list"),
        ({"role_list": []}, "no string under 'event_type'"),
        ({"event_type": "x", "role_list": ["r"]}, "no string under 'role'"),
        ({"event_type": "x", "role_list": [{"role": "r", "enum_items": [1]}]}, "'enum_items' are no strings"),
        ({"event_type": "x", "role_list": [{"role": "r", "enum_items": 1}]}, "'enum_items' is no list"),
        ({"predicate": "作者", "subject_type": "作品"}, "expected an event schema"),
        ([], "no string under 'event_type'"),
    ],
)
def test_a_broken_schema_is_an_error_with_its_line(row, reason, tmp_path):
    (tmp_path / "s.json").write_text('{"event_type": "y", "role_list": []}\n' + line(row), encoding="utf-8")
    with pytest.raises(FormatError, match=reason) as error:
        _event_schema.load(tmp_path / "s.json")
    assert error.value.line == 2


def test_what_a_schema_does_not_have_is_reported_with_its_line(tmp_path):
    wanted = ["公司上市 环节 正式上市", "公司下市 环节 正式上市", "公司上市 环切 正式上市", "公司上市 环节 上市"]
    rows = [fin_row(*words.split()) for words in wanted]
    found, problems = read("duee_fin", rows, tmp_path, schema=str(SAMPLES / "duee_fin" / "schema.json"))
    assert [(p.kind, p.line, p.reason.split(".")[0]) for p in problems] == [
        ("lost", 2, "unknown event type '公司下市'"),
        ("lost", 3, "公司上市: unknown role '环切'"),
        ("mended", 4, "环节: unknown choice '上市'"),
    ]
    assert [[len(event.arguments) for event in record.events] for record in found] == [[1], [], [0], [1]]


def fin_row(kind, role, value):
    return {"text": "筹备上市", "event_list": [{"event_type": kind, "arguments": [{"role": role, "argument": value}]}]}


def test_samples_keep_to_their_schemas():
    for name in ("duee", "duee_fin"):
        report = Report()
        folder = SAMPLES / name
        assert list(load(name).read(str(folder / "raw.json"), report, schema=str(folder / "schema.json")))
        assert not [cause for _, cause in report.reasons if "schema" in cause]


def test_choices_are_marked_with_and_without_a_schema(tmp_path):
    row = fin_row("公司上市", "环节", "筹备上市")
    (known,), _ = read("duee_fin", [row], tmp_path)
    assert known.events[0].arguments[0].extra == {"enum": True}
    (tmp_path / "s.json").write_text(
        line({"event_type": "公司上市", "role_list": [{"role": "环节"}]}), encoding="utf-8"
    )
    (free,), _ = read("duee_fin", [row], tmp_path, schema=str(tmp_path / "s.json"))
    assert free.events[0].arguments[0].extra == {}


# --- DuEE-fin: is it a test file? ----------------------------------------------------------------

PLAIN = {"text": "无事"}
FOUND, PLAIN_RECORD = Record("a", events=[]), Record("b")
EVENTFUL = {"text": "上市", "event_list": [{"event_type": "公司上市", "trigger": "上市", "arguments": []}]}


@pytest.mark.parametrize(
    ("rows", "variant", "expected"),
    [
        ([PLAIN, EVENTFUL, PLAIN], None, [0, 1, 0]),
        ([PLAIN, PLAIN], None, [None, None]),
        ([PLAIN, PLAIN], "labelled", [0, 0]),
        ([PLAIN, EVENTFUL], "test", [None, 1]),
        ([], None, []),
    ],
)
def test_duee_fin_tells_a_test_file(rows, variant, expected, tmp_path):
    found, problems = read("duee_fin", rows, tmp_path, variant=variant)
    assert [None if r.events is None else len(r.events) for r in found] == expected
    assert problems == []


def test_duee_fin_tells_that_it_was_wrong(tmp_path):
    found, problems = read("duee_fin", [PLAIN] * 1000 + [EVENTFUL, PLAIN], tmp_path)
    assert [r.events is None for r in found[998:]] == [True, True, False, False]
    assert [(p.kind, p.line) for p in problems] == [("mended", 1001)]
    with pytest.raises(IEError, match=r"unknown variant 'x'.*Known: labelled, test"):
        list(duee_fin.read("x", Report(), variant="x"))


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ([FOUND, PLAIN_RECORD, FOUND], [2]),
        ([PLAIN_RECORD, PLAIN_RECORD, FOUND], [1, 2]),
        ([PLAIN_RECORD, PLAIN_RECORD], []),
        ([PLAIN_RECORD] * 1000 + [FOUND, PLAIN_RECORD], [1002]),  # so many are read again as a test file
    ],
)
def test_duee_fin_reports_what_it_cannot_tell_apart(records, told, tmp_path):
    problems, path = [], tmp_path / "x.json"
    with path.open("wb") as out:
        duee_fin.write(records, out, Report(problems.append))
    assert [problem.path for problem in problems] == [f"record {number}" for number in told]
    after = list(duee_fin.read(str(path), Report()))
    changed = [i for i, (one, other) in enumerate(zip(records, after, strict=True), 1) if one.events != other.events]
    assert changed == told
