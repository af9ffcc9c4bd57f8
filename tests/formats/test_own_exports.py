"""Exports of annotation tools as people have them: older versions, other offsets, other dividers and encodings."""

import codecs
import json

import pytest
from same_events import load, through

from ie_cli.errors import FormatError, Report
from ie_cli.formats import brat
from ie_cli.records import Entity, Record


def read(name, data, tmp_path, file="x.txt", **options):
    """Entities of the first record as (start, end, text), and the problems as (kind, line, reason)."""
    problems, path = [], tmp_path / file
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    (found,) = load(name).read(str(path), Report(problems.append), **options)
    return found, [(p.kind, p.line, p.reason) for p in problems]


def places(record):
    return [(e.start, e.end, e.text) for e in record.entities]


def task(text, *regions, key="annotations"):
    """A task of Label Studio with regions (start, end, text)."""
    values = [{"start": a, "end": b, "labels": ["X"]} | ({} if s is None else {"text": s}) for a, b, s in regions]
    result = [{"id": str(i), "type": "labels", "value": value} for i, value in enumerate(values)]
    return json.dumps({"data": {"text": text}, key: [{"result": result}]})


# --- Label Studio --------------------------------------------------------------------------------


def test_label_studio_before_version_1(tmp_path):
    found, problems = read("label_studio", task("小米", (0, 2, "小米"), key="completions"), tmp_path)
    assert (places(found), problems) == ([(0, 2, "小米")], [])


TWICE = "😀说哈哈哈在北京"  # 哈哈 is at 2, at 3, and so at both offsets of (3, 5)


@pytest.mark.parametrize(
    ("regions", "start"),
    [
        ([(3, 5, "哈哈"), (7, 9, "北京")], 2),  # the other region says that these are UTF-16 units
        ([(3, 5, None), (7, 9, "北京")], 2),
        ([(3, 5, "哈哈"), (6, 8, "北京")], 3),
        ([(3, 5, "哈哈")], 3),
        ([(3, 5, "哈哈"), (7, 9, "北京"), (6, 8, "北京")], 3),  # undecided: each as it fits
    ],
)
def test_the_regions_of_a_task_say_together_what_offsets_count(regions, start, tmp_path):
    found, problems = read("label_studio", task(TWICE, *regions), tmp_path)
    assert places(found) == [(start, start + 2, TWICE[start : start + 2])] + [(6, 8, "北京")] * (len(regions) - 1)
    assert len(problems) == sum(region[:2] != place[:2] for region, place in zip(regions, places(found), strict=True))


@pytest.mark.parametrize(
    ("text", "surface"),
    [("一行\n二行", "一行\\n二行"), ("一行\r\n二行", "一行\n二行"), ("张  三", "张 三"), ("😀一\n二", "😀一\\n二")],
)
def test_white_space_of_a_region_is_what_a_browser_makes_of_it(text, surface, tmp_path):
    found, problems = read("label_studio", task(text, (0, len(text), surface)), tmp_path)
    assert places(found) == [(0, len(text), text)]
    assert [(kind, "white space" in reason) for kind, _, reason in problems] == [("mended", True)]


def test_other_words_than_the_text_has_are_lost(tmp_path):
    found, problems = read("label_studio", task("张  三", (0, 4, "张 四")), tmp_path)
    assert (found.entities, [kind for kind, *_ in problems]) == ([], ["lost"])


# --- doccano -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [
        {"data": "小米手机", "label": [[0, 2, "X"]]},
        {"text": "小米手机", "entities": [[0, 2, "X"]]},
        {"text": "小米手机", "label": [[0, 2, "X"]]},
    ],
)
def test_versions_of_doccano_name_things_in_other_ways(row, tmp_path):
    found, problems = read("doccano", json.dumps(row), tmp_path)
    assert (places(found), found.extra, problems) == ([(0, 2, "小米")], {}, [])


# --- brat ----------------------------------------------------------------------------------------


def document(tmp_path, text, *lines):
    (tmp_path / "x.txt").write_bytes(text.encode())
    (tmp_path / "x.ann").write_bytes("\r\n".join(lines).encode())
    problems = []
    (found,) = brat.read(str(tmp_path), Report(problems.append))
    return found, [(p.kind, p.reason) for p in problems]


def test_brat_offsets_in_utf16_units(tmp_path):
    lines = ["T1\tX 0 2\t😀", "T2\tX 3 5\t北京", "T3\tX 3 5;6 8\t北京 𠮷", "T4\tX 1 9\t?"]
    found, problems = document(tmp_path, "😀在北京\n𠮷", *lines)
    assert places(found) == [(0, 1, "😀"), (2, 4, "北京"), (2, 6, "北京\n𠮷")]
    assert problems[0] == ("mended", "the spans count UTF-16 units")
    assert [kind for kind, _ in problems] == ["mended", "lost"]


def test_brat_documents_of_one_name_have_their_folders_in_the_id(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "doc.txt").write_text("北京", "utf-8")
    (tmp_path / "a" / "other.txt").write_text("上海", "utf-8")
    found = [record.id for record in brat.read(str(tmp_path), Report())]
    assert found == [f"{tmp_path.as_posix()}/a/doc", "other", f"{tmp_path.as_posix()}/b/doc"]


def test_brat_line_ends_that_are_not_counted(tmp_path):
    spans = ["T1\tX 0 1\t一", "T2\tX 2 3\t二", "T3\tX 2 3;4 5\t二 三"]
    found, problems = document(tmp_path, "一\r\n二\r\n三", *spans)
    assert (found.text, [e.text for e in found.entities]) == ("一\n二\n三", ["一", "二", "二\n三"])
    assert [kind for kind, _ in problems] == ["mended"]
    counted = ["T1\tX 0 1\t一", "T2\tX 3 4\t二", "T3\tX 3 4;6 7\t二 三"]
    found, problems = document(tmp_path, "一\r\n二\r\n三", *counted)
    assert (found.text, [e.text for e in found.entities]) == ("一\r\n二\r\n三", ["一", "二", "二\r\n三"])
    assert problems == []


# --- CoNLL ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["{}\t{}\t", "{} {} ", "{}\t{} ", "{} _ {}  "])
def test_dividers_at_the_end_of_a_line_hold_no_tag(line, tmp_path):
    lines = [line.format(*pair) for pair in [("张", "B-人"), ("三", "I-人"), ("在", "O")]]
    found, problems = read("conll", "\r\n".join(lines), tmp_path)
    assert (places(found), problems) == ([(0, 2, "张三")], [])


@pytest.mark.parametrize("divider", ["\u3000", "\u00a0", ",", "|||"])
def test_columns_that_cannot_be_told_apart_are_no_text(divider, tmp_path):
    data = f"\n张{divider}B-人\n三{divider}I-人\n\n在{divider}O\n"
    with pytest.raises(FormatError, match="columns are divided by") as error:
        read("conll", data, tmp_path)
    assert error.value.line == 2


@pytest.mark.parametrize("data", ["张\n,O\n", "张\tO\n。O\tO\n", "-O\nB-2\n"])
def test_texts_that_look_like_tags_are_text(data, tmp_path):
    found, _ = read("conll", data, tmp_path)
    assert found.text == data.replace("\tO", "").replace("\n", "")


def test_a_type_that_ends_with_a_space_is_written_as_it_is_read_again(tmp_path):
    record = Record("张三", "r", [Entity(0, 2, "人 ", "张三")])
    (after,), report = through(load("conll"), [record], tmp_path)
    assert ([e.type for e in after.entities], report.counts) == (["人_"], {"mended": 1})


# --- Our own records -----------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "big5"])
def test_own_records_in_other_encodings(encoding, tmp_path):
    row = {"text": "臺灣大學在臺北", "entities": [{"start": 0, "end": 4, "type": "學校", "text": "臺灣大學"}]}
    data = json.dumps(row, ensure_ascii=False).encode(encoding)
    found, problems = read("jsonl", data, tmp_path, **({"encoding": "big5"} if encoding == "big5" else {}))
    assert (places(found), problems) == ([(0, 4, "臺灣大學")], [])


@pytest.mark.parametrize(("data", "reason"), [(codecs.BOM_UTF16_LE + b"{\0", "UTF-16"), (b"\x1f\x8b\x08", "gzip")])
def test_what_is_no_text_is_refused_at_once(data, reason, tmp_path):
    with pytest.raises(FormatError, match=reason):
        read("jsonl", data, tmp_path)
