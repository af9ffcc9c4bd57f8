"""A table of bad input: what each defect is counted as, with its line and a word of the reason."""

import io
import json

import pytest

from ie_cli import registry
from ie_cli.errors import FormatError, IEError, Report
from ie_cli.records import Entity, Record, Relation, Span

OK = '{"text": "好", "label": {}}\n'
REGION = '{"data": {"text": "好"}, "annotations": [{"result": [%s]}]}\n'  # of Label Studio


def read(name, data, tmp_path, file="x.txt", **options):
    """Records and problems of a format on these bytes."""
    problems = []
    path = tmp_path / file
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    found = list(registry.load("ie_cli.formats", name).read(str(path), Report(problems.append), **options))
    return found, problems


CASES = [
    ("cluener", OK + "{oops\n" + OK, "skipped", 2, "not JSON"),
    ("cluener", OK + '{"text": "cut', "skipped", 2, "not JSON"),
    ("cluener", OK + "[1]\n", "skipped", 2, "not a JSON object"),
    ("cluener", '{"label": {}}\n', "skipped", 1, "no string under 'text'"),
    ("cluener", '{"text": "好", "label": []}\n', "skipped", 1, "'label' is no object"),
    ("cluener", '{"text": "好", "label": {"name": []}}\n', "skipped", 1, "'name' is no object"),
    ("cluener", '{"text": "好人", "label": {"name": {"好": [[1, 1]]}}}\n', "lost", 1, "not what the text has"),
    ("cluener", '{"text": "好", "label": {"name": {"好": [[0, 1]]}}}\n', "lost", 1, "outside a text of 1"),
    ("cluener", '{"text": "好", "label": {"name": {"好": [[0, "0"]]}}}\n', "lost", 1, "must be integers"),
    ("cluener", '{"text": "好", "label": {"name": {"好": [0]}}}\n', "lost", 1, "must be integers"),
    ("cluener", '{"text": "好", "label": {"name": {"好": []}}}\n', "lost", 1, "has no place"),
    ("cluener", '{"text": "好", "events": 1}\n', "lost", 1, "'events' has another meaning"),
    ("cluener", '{"text": "好\\ud83d"}\n', "mended", 1, "half of a surrogate pair"),
    ("cluener", b'{"text": "\xe5\xa5\xbd\xff\xe4\xba\xba"}\n', "mended", 1, "not UTF-8"),
    ("cluener", b'{"text": "\xe5\xa5\xbd\xed\xa0\xbd\xed\xb8\x82"}\n', "mended", 1, "CESU-8"),
    ("cmeee", '[{"text": "好",\n"entities": {}}]', "skipped", 1, "'entities' is no list"),
    ("cmeee", '[\n{"text": "好", "entities": [3]}]', "lost", 2, "must be integers"),
    ("cmeee", "很好|||0    0|||\r\n", "lost", 1, "not START END TYPE"),
    ("cmeee", "好\r\n很好|||1    0    sym|||\r\n", "lost", 2, "ends before it begins"),
    ("conll", "好\tO\n人\tI-PER\n", "mended", 2, "continues no span"),
    ("conll", "好\tB-X\n人\tE-X\n好\tB-X\n", "mended", 3, "no end tag"),
    ("conll", "好\tO\n人\n", "mended", 2, "has no tag"),
    ("conll", "好\tO\n\tO\n", "mended", 2, "read as a space"),
    ("doccano", '{"text": "好", "label": ["x"]}\n', "lost", 1, "'x' is not [START, END, LABEL]"),
    ("doccano", '{"text": "好", "entities": [1]}\n', "lost", 1, "1 is not [START, END, LABEL]"),
    ("doccano", '{"text": "好", "annotations": [{"label": 1}]}\n', "lost", 1, "numbers for labels"),
    ("doccano", '{"text": "好", "label": [[0, 1, ""]]}\n', "lost", 1, "no type"),
    ("doccano", '{"text": "好", "entities": [], "relations": [{"type": "r"}]}\n', "lost", 1, "is not there"),
    ("label_studio", '[{"id": 1, "data": {}}]', "skipped", 1, "no string under 'text'"),
    ("label_studio", '[{"data": {"text": "好"}, "annotations": [{}]}]', "skipped", 1, "'result' is no list"),
    ("label_studio", '{"text": "好"}', "skipped", 1, "JSON-MIN is not read"),
    ("label_studio", '{"text": "好", "data": 1}', "skipped", 1, "'data' is no object"),
    ("label_studio", '{"data": {"a": "好", "b": "坏"}}', "skipped", 1, "no string under 'text'"),
    ("label_studio", '{"data": {"text": "好"}, "predictions": [{}]}', "lost", 1, "predictions are not read"),
    ("label_studio", '{"data": {"text": "好"}, "drafts": [{}]}', "lost", 1, "drafts are not read"),
    ("label_studio", REGION % '{"type": "labels", "value": {"labels": "ORG"}}', "skipped", 1, "'labels' is no list"),
    ("label_studio", REGION % '{"type": "relation", "labels": 1}', "skipped", 1, "'labels' is no list"),
    ("ccks_clinical", '{"originalText": "好", "entities": 1}\n', "skipped", 1, "'entities' is no list"),
    ("jsonl", OK + "\n{}\n", "skipped", 3, "'text' is missing"),
    ("jsonl", '{"text": "好", "x": "\\ud83d"}\n', "skipped", 1, "half a surrogate pair"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "kind", "line", "reason"), CASES)
def test_defect(name, data, kind, line, reason, tmp_path):
    _, problems = read(name, data, tmp_path)
    assert [(p.kind, p.line) for p in problems] == [(kind, line)]
    assert reason in problems[0].reason


def test_a_broken_line_stops_nothing(tmp_path):
    found, _ = read("cluener", OK + "{oops\n" + OK, tmp_path)
    assert [record.id for record in found] == ["x-1", "x-3"]


ARRAYS = [
    ('[{"text": "好"},\n{"text": 好}]', 2),
    ('[{"text": "好"}\n{"text": "好"}]', 2),
    ('[{"text": "好"},\n{"text": "好"}', 2),
    ('[{"text": "好"}]\nmore', 1),
]


@pytest.mark.parametrize(("data", "line"), ARRAYS)
def test_a_broken_array_is_an_error_with_its_line(data, line, tmp_path):
    with pytest.raises(FormatError, match="not JSON") as error:
        read("cmeee", data, tmp_path)
    assert error.value.line == line


def test_items_of_an_array_on_one_line_have_names_of_their_own(tmp_path):
    found, _ = read("cmeee", '[{"text": "一"}, {"text": "二"}]', tmp_path)
    assert [record.id for record in found] == ["x-1", "x-2"]


def test_a_label_studio_text_may_have_any_key(tmp_path):
    found, problems = read("label_studio", '{"id": 1, "data": {"content": "好", "n": 3}}', tmp_path)
    assert (found, problems) == ([Record("好", 1, extra={"n": 3})], [])


def test_conll_keeps_the_text_of_a_tag_outside_the_scheme(tmp_path):
    found, problems = read("conll", "好\tU-X\n人\tB-X\n", tmp_path, scheme="bio")
    assert (found[0].text, [e.text for e in found[0].entities]) == ("好人", ["人"])
    assert [(p.kind, p.line) for p in problems] == [("lost", 1)]


def test_conll_names_the_tags_that_fit_no_scheme_and_where_the_first_is(tmp_path):
    with pytest.raises(FormatError, match=r"no scheme has all the tags B, U.*--scheme") as error:
        read("conll", "人\tB-X\n\n好\tU-X\n人\tU-X\n人\tB-X\n人\tB-X\n", tmp_path)
    assert error.value.line == 3


@pytest.mark.parametrize("name", ["conll", "ccks_clinical"])
def test_unknown_options_name_the_known(name, tmp_path):
    with pytest.raises(IEError, match=r"unknown variant 'plian'.*Known"):
        read(name, "", tmp_path, variant="plian")


def test_conll_digits_that_do_not_count_up_are_text(tmp_path):
    found, _ = read("conll", "A1\tO\nA1\tO\n", tmp_path)
    assert found[0].text == "A1A1"


@pytest.mark.parametrize(("variant", "start", "end"), [("2017", 7, 9), ("2019", 7, 10), ("2020-military", 8, 10)])
def test_ccks_tells_the_convention_from_the_data(variant, start, end, tmp_path):
    mention = {"label_type": "病", "start_pos": start, "end_pos": end}
    row = {"originalText": "患者三月前因“直肠癌”入院。", "entities": [mention]}
    found, problems = read("ccks_clinical", json.dumps(row), tmp_path)
    assert [e.text for e in found[0].entities] == ["直肠癌"]
    assert [p.kind for p in problems] == ([] if variant == "2019" else ["mended"])
    assert read("ccks_clinical", json.dumps(row), tmp_path, variant=variant) == (found, [])


def test_ccks_tells_when_the_data_do_not_decide(tmp_path):
    row = {"originalText": "一二三四五", "entities": [{"label_type": "病", "start_pos": 2, "end_pos": 3}]}
    _, problems = read("ccks_clinical", json.dumps(row), tmp_path)
    assert "could be any of 2017, 2019, 2020-military" in problems[0].reason


# --- What a format cannot hold when it is written ------------------------------------------------


def entity(text, start, end, kind="X"):
    return Entity(start, end, kind, text[start:end])


TEXT = "一二\n三四"
WHOLE = Record(
    TEXT,
    "r/1",
    entities=[entity(TEXT, 0, 2), entity(TEXT, 1, 2), entity(TEXT, 1, 4), Entity(None, None, "X", "无")],
    relations=[Relation("r", Span(0, 1, "X", "一"), Span(1, 2, "X", "二"), {"s": Span(0, 1, "X", "一")})],
)
HELD = [
    ("cluener", {"no place": 1, "relation in this format": 1}),
    ("cmeee", {"no place": 1, "relation in this format": 1}),
    ("ccks_clinical", {"no place": 1, "relation in this format": 1}),
    ("doccano", {"no place": 1, "slot in this format": 1, "span that becomes an entity": 1}),
    ("label_studio", {"no place": 1, "slot in this format": 1, "span that becomes an entity": 1}),
    (
        "conll",
        {
            "no place": 1,
            "relation in this format": 1,
            "newline as space": 1,
            "nested or overlapping, which flat tags cannot hold": 2,
        },
    ),
    ("text", {"a text that is empty or holds a line end is no line": 1}),
    ("jsonl", {}),
]


@pytest.mark.parametrize(("name", "causes"), HELD)
def test_what_a_format_cannot_hold_is_counted(name, causes):
    report = Report()
    registry.load("ie_cli.formats", name).write([WHOLE], io.BytesIO(), report)
    assert {cause: n for (_, cause), n in report.reasons.items()} == causes


def test_brat_counts_what_it_cannot_hold(tmp_path):
    report = Report()
    at_line_end = Record(TEXT, "b", entities=[entity(TEXT, 1, 3), entity(TEXT, 0, 2, "A B")])
    registry.load("ie_cli.formats", "brat").write_folder([WHOLE, at_line_end], tmp_path / "out", report)
    assert {cause: n for (_, cause), n in report.reasons.items()} == {
        "no place": 1,
        "slot in this format": 1,
        "span that becomes an entity": 1,
        "id that is no file name": 1,
        "span that begins or ends with a line end": 1,
        "label with characters the format cannot hold": 1,
    }
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["b.ann", "b.txt", "r_1.ann", "r_1.txt"]


def test_brat_writes_into_no_folder_with_files(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(IEError, match="not empty"):
        registry.load("ie_cli.formats", "brat").write_folder([], tmp_path, Report())


@pytest.mark.parametrize("name", ["x.json", "x.txt.gz"])
def test_brat_takes_no_other_file_for_a_text(name, tmp_path):
    (tmp_path / name).write_text("{}")
    with pytest.raises(FormatError, match=r"is no \.txt and no \.ann"):
        list(registry.load("ie_cli.formats", "brat").read(str(tmp_path / name), Report()))


def test_an_ann_without_its_text_is_skipped(tmp_path):
    (tmp_path / "x.ann").write_text("")
    report = Report()
    assert list(registry.load("ie_cli.formats", "brat").read(str(tmp_path), report)) == []
    assert report.counts == {"skipped": 1}
