"""Encodings, line ends and JSON layouts."""

import subprocess
import sys

import pytest

from ie_cli import files
from ie_cli.errors import FormatError, IEError, Report

TEXT = "第一行，上海🙂\n第二行\n"


def lines(data, tmp_path, **options):
    path, problems = tmp_path / "x.txt", []
    path.write_bytes(data)
    return [line for _, line in files.lines(path, Report(problems.append), **options)], problems


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_and_line_ends(encoding, end, tmp_path):
    data = TEXT.replace("\n", end).encode(encoding)
    assert lines(data, tmp_path) == (["第一行，上海🙂", "第二行"], [])
    assert lines(data.removesuffix(end.encode()), tmp_path) == (["第一行，上海🙂", "第二行"], [])


def test_only_a_newline_ends_a_line(tmp_path):
    text = "一\u2028二\x85三\x0b四\x0c五\x1c六\r七"
    assert lines(text.encode(), tmp_path) == ([text], [])


@pytest.mark.parametrize("text", ["", "\n", "ascii\n"])
def test_files_without_chinese(text, tmp_path):
    assert lines(text.encode(), tmp_path) == (text.splitlines(), [])


def test_one_byte_order_mark_is_the_file_s(tmp_path):
    assert lines("\ufeff\ufeff一\n\ufeff二\n".encode(), tmp_path)[0] == ["\ufeff一", "\ufeff二"]
    path = tmp_path / "x.txt"
    assert files.text(path, Report()) == "\ufeff一\n\ufeff二\n"
    assert files.text(path, Report(), keep_bom=True) == "\ufeff\ufeff一\n\ufeff二\n"


def test_bad_bytes_are_reported_with_their_line(tmp_path):
    found, problems = lines("好\n".encode() + b"\xe5\xa5\xff\n" + "人\n".encode(), tmp_path)
    assert found == ["好", "\ufffd\ufffd", "人"]
    assert [(p.kind, p.line) for p in problems] == [("mended", 2)]


def test_bad_bytes_in_gbk(tmp_path):
    found, problems = lines("好的\n".encode("gbk") * 20 + b"\xff\n", tmp_path)
    assert found == ["好的"] * 20 + ["\ufffd"]
    assert [(p.kind, p.line) for p in problems] == [("mended", 21)]


def test_real_replacement_characters_are_text(tmp_path):
    assert lines("\ufffd\ufffd\ufffd好\n".encode(), tmp_path) == (["\ufffd\ufffd\ufffd好"], [])


HALVES = b"\xed\xa0\xbd\n\xed\xb8\x82\n"


def test_halves_of_a_character(tmp_path):
    assert lines(HALVES, tmp_path, keep_surrogates=True) == (["\ud83d", "\ude02"], [])
    found, problems = lines(HALVES, tmp_path)
    assert (found, len(problems)) == (["\ufffd", "\ufffd"], 2)
    assert lines(HALVES.replace(b"\n", b""), tmp_path)[0] == ["😂"]


def test_encoding_named_by_the_user(tmp_path):
    data = "中文\n".encode("big5")
    assert lines(data, tmp_path, encoding="big5") == (["中文"], [])
    assert lines("\ufeff中".encode(), tmp_path, encoding="utf-8-sig") == (["中"], [])
    for name, reason in (("utf-16", "iconv"), ("nope", "unknown encoding"), ("base64", "unknown encoding")):
        with pytest.raises(IEError, match=reason):
            lines(data, tmp_path, encoding=name)


def test_utf_16_says_what_to_do(tmp_path):
    with pytest.raises(FormatError, match="iconv -f UTF-16"):
        lines("中文\n".encode("utf-16"), tmp_path)


@pytest.mark.parametrize("name", ["UTF-16LE", "UTF-16BE"])
def test_utf_16_without_a_mark_is_not_read_as_another_encoding(tmp_path, name):
    for text in ("".join(f"第{i}行，没有标记的文本\n" for i in range(99)), '{"text": "中文"}'):
        with pytest.raises(FormatError, match="iconv -f UTF-16"):
            lines(text.encode(name), tmp_path)


def test_a_zero_byte_in_a_text_is_kept(tmp_path):
    text = "一个字符\0是零，" + "其余都是普通的文本" * 20
    assert lines(text.encode(), tmp_path) == ([text], [])


def test_folder_and_missing_file(tmp_path):
    with pytest.raises(FormatError, match="is a folder"):
        next(files.lines(tmp_path, Report()))
    with pytest.raises(FormatError, match="no such file"):
        next(files.lines(tmp_path / "none", Report()))


READ = """
from ie_cli import files
from ie_cli.errors import Report
print(ascii([line for _, line in files.lines("-", Report())]))
"""
AHEAD = "x" * 100 + "\n"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("ahead", ["", AHEAD, AHEAD * 2000])
def test_a_pipe_is_told_from_its_first_bytes(encoding, ahead):
    done = subprocess.run([sys.executable, "-c", READ], input=(ahead + TEXT).encode(encoding), capture_output=True)
    found = eval(done.stdout)  # what our own code printed
    assert "".join(f"{line}\n" for line in found)[-200:] == (ahead + TEXT)[-200:]


JSON = [
    ('{"a": 1}\n\n{"a": 2}\n', [(1, 1, {"a": 1}), (3, 3, {"a": 2})]),
    ('\ufeff[{"a": 1},\n\n{"a": 2}]\n', [(1, 1, {"a": 1}), (3, 2, {"a": 2})]),
    ("\n\n[\n1, 2\n]", [(4, 1, 1), (4, 2, 2)]),
    ('{\n "a": [\n1]}\r\n{"a": 2}\n', [(1, 1, {"a": [1]}), (4, 2, {"a": 2})]),
    ("[]", []),
    ("", []),
    (" \n", []),
]


@pytest.mark.parametrize(("data", "expected"), JSON)
def test_json_layouts(data, expected, tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(data.encode())
    assert [tuple(value) for value in files.json_rows(path, Report())] == expected


@pytest.mark.parametrize("data", ['{"a": "\\ud83d"}', '[{"a": "\\ud83d"}]', '[[{"\\ud83d": ["\\ud83d"]}]]'])
def test_lone_halves_in_json(data, tmp_path):
    path, report = tmp_path / "x.json", Report()
    path.write_text(data)
    assert "\ud83d" not in repr(list(files.json_rows(path, report)))
    assert report.counts == {"mended": 1}


@pytest.mark.parametrize("bad", ["[" * 100_000, '{"a": ' * 100_000])
def test_json_nested_too_deep_is_no_crash(bad, tmp_path):
    path, report = tmp_path / "x.json", Report()
    path.write_text(f"{{}}\n{bad}\n{{}}\n")
    assert len(list(files.json_rows(path, report))) == 2
    assert report.counts == {"skipped": 1}


@pytest.mark.parametrize(
    ("path", "stem"),
    [("a/train.json", "train"), ("x.char.bmes", "x.char"), ("weibo.conll.train", "weibo.conll.train"), ("-", "stdin")],
)
def test_stem(path, stem):
    assert files.stem(path) == stem


def test_line_ends_at_both_sides_of_a_comma_are_no_end_of_a_row():
    rows, report = [["1", "一\n", "\n二"], ["2", "三\n", "\n四"]], Report()
    data = b"".join(map(files.csv_row, rows)).decode().splitlines()
    assert [cells for _, cells in files.csv_rows(enumerate(data, 1), "x", report)] == rows
    assert not report.counts


def test_a_quote_within_a_plain_cell_is_a_character():
    report, data = Report(), ['1,5" 硬盘,a', '2,"一', '二",6" 硬盘', "3,三,b", '"4",""四,']
    found = list(files.csv_rows(enumerate(data, 1), "x", report))
    assert found == [(1, ["1", '5" 硬盘', "a"]), (2, ["2", "一\n二", '6" 硬盘']), (4, ["3", "三", "b"])]
    assert report.reasons == {("skipped", "not CSV: a quote within a cell must be written twice"): 1}


@pytest.mark.parametrize(
    ("data", "rows", "reason"),
    [
        (["1,一", '2,"二', "3,三", "4,四"], [1], "a quote is not closed; 3 lines are not read"),
        (["1,一", '2,"二', '3,"三"', "4,四"], [1, 4], "must be written twice; 2 lines are not read"),
        (["1,一", '2,"二'], [1], "a quote is not closed"),
        (["1,一", "2,二\r3,三"], [1], "lines have to end in \\n or \\r\\n"),
    ],
)
def test_what_is_no_row_is_told_with_the_lines_it_takes_along(data, rows, reason):
    problems = []
    found = files.csv_rows(enumerate(data, 1), "x", Report(problems.append))
    assert [line for line, _ in found] == rows
    assert [problem.line for problem in problems] == [2]
    assert problems[0].reason.endswith(reason)


def test_a_cell_may_be_of_any_length():
    cell, report = "一" * 150_000, Report()  # Python's own bound is 131,072
    assert list(files.csv_rows([(1, f'1,"{cell}"')], "x", report)) == [(1, ["1", cell])]
    assert not report.counts


def test_a_key_that_is_there_twice_is_lost_with_a_word(tmp_path):
    """Python's reader keeps the last without one."""
    data = '{"a": {"b": 1, "b": 2, "c": 3, "b": 4}}\n{"a": 1, "a": 2, oops\n{"a": 1}\n'
    found, problems = json_rows(data, tmp_path)
    assert found == [{"a": {"b": 4, "c": 3}}, {"a": 1}]
    assert [(p.kind, p.line) for p in problems] == [("lost", 1), ("lost", 1), ("skipped", 2)]
    found, problems = json_rows('[\n{"a": 1},\n{"a": 1,\n"a": 2}]', tmp_path)
    assert (found, [(p.kind, p.line) for p in problems]) == ([{"a": 1}, {"a": 2}], [("lost", 3)])


def test_numbers_that_no_json_can_hold_are_read_as_null(tmp_path):
    found, problems = json_rows('{"a": NaN, "b": [-Infinity, 1e999, 1e3]}\n', tmp_path)
    assert found == [{"a": None, "b": [None, None, 1000.0]}]
    assert [(p.kind, p.reason.partition(",")[0]) for p in problems] == [
        ("mended", "NaN"), ("mended", "-Infinity"), ("mended", "1e999"),
    ]  # fmt: skip


def test_a_number_of_too_many_digits_is_skipped_without_python_s_advice(tmp_path):
    found, problems = json_rows(f'{{"a": {"9" * 5000}}}\n', tmp_path)
    assert (found, [p.reason for p in problems]) == ([], ["not JSON that can be read: a number with too many digits"])


def json_rows(data, tmp_path):
    path, problems = tmp_path / "x.json", []
    path.write_text(data, encoding="utf-8")
    return [value for _, _, value in files.json_rows(path, Report(problems.append))], problems
