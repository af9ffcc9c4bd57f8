"""Raw text as rows."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ie_cli.errors import IEError, Report
from ie_cli.pretraining import corpus
from ie_cli.pretraining.settings import Texts
from ie_cli.text.characters import CharacterTokenizer, build_vocabulary
from ie_cli.text.encoding import Encoding

PLAIN = CharacterTokenizer(build_vocabulary(["张三丰在武当山。"], min_count=1, min_bigram_count=1))


def test_neighbours_are_packed_and_documents_are_not():
    paragraphs = ["一二三", "四五", "六七八九", "", "", "十", ""]
    assert list(corpus.rows(paragraphs, 7)) == ["一二三\n四五", "六七八九", "十"]


def test_long_paragraphs_are_cut_behind_sentences():
    assert list(corpus.rows(["一二。三四！五六七八九十"], 8)) == ["一二。三四！", "五六七八九十"]
    assert list(corpus.rows(["一二三四五六七八九"], 4)) == ["一二三四", "五六七八", "九"]


@given(st.lists(st.text("一二。！ ", max_size=30), max_size=8), st.integers(2, 12))
def test_no_character_is_lost_or_moved(paragraphs, length):
    rows = list(corpus.rows(paragraphs, length))
    assert "".join(rows).replace("\n", "") == "".join(paragraphs)
    assert all(0 < len(row) <= length for row in rows)


def test_files_of_all_kinds(tmp_path):
    plain, packed, data = tmp_path / "a.txt", tmp_path / "b.txt.gz", tmp_path / "c.jsonl"
    plain.write_text("  张三丰 \r\n\n李四\n", encoding="utf-8")
    packed.write_bytes(gzip.compress("王五\n".encode()))
    data.write_text(json.dumps({"text": "赵六\n孙七"}) + "\n{broken\n", encoding="utf-8")
    report = Report()
    found = list(corpus.lines([str(plain), str(packed), str(data)], report))
    assert found == ["张三丰", "", "李四", "", "王五", "", "赵六", "孙七", "", ""]
    assert report.counts["skipped"] == 1


def test_a_share_is_a_part_of_the_rows_and_always_the_same(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("".join(f"第{i}段的文字\n\n" for i in range(400)), encoding="utf-8")
    part, more = (list(corpus.sampled_rows(Texts([str(path)], share=s), Report())) for s in (0.25, 0.5))
    assert 70 < len(part) < 130 and set(part) < set(more)


def test_rows_are_the_same_set_however_many_processes_make_them(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("".join(f"第{i}段的文字\n\n" for i in range(600)), encoding="utf-8")
    made = [
        corpus.tokenise(
            Texts([str(path)]), PLAIN, None, key=n, report=Report(), cache=str(tmp_path / str(n)), processes=n
        )
        for n in (1, 2)
    ]
    one, two = (sorted(map(str, found.rows)) for found in made)
    assert one == two and len(one) == 600
    assert made[0].lengths == [len(row["ids"]) for row in made[0].rows]
    assert sorted(made[0].rows.column_names) == sorted([*PLAIN("").features, "starts"])


@pytest.mark.parametrize("processes", [1, 2])
def test_what_cannot_be_read_is_told_each_time(processes, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "张三丰"}\n{bad\n{"text": "武当山"}\n', encoding="utf-8")
    for _ in range(2):  # the second time the rows are there already
        report = Report()
        corpus.tokenise(
            Texts([str(path)]), PLAIN, None, key=0, report=report, cache=str(tmp_path / "cache"), processes=processes
        )
        assert report.counts["skipped"] == 1


def test_words_begin_where_jieba_says_whatever_the_tokens_are():
    text = "我来到北京清华大学"  # jieba: 我 来到 北京 清华大学
    assert corpus.word_starts(text, PLAIN(text)) == [1, 1, 0, 1, 0, 1, 0, 0, 0]
    pieces = Encoding({"ids": [1, 2, 3]}, [0, 3, 5], [3, 5, 9])  # 我来到, 北京, 清华大学
    assert corpus.word_starts(text, pieces) == [1, 1, 1]
    shared = Encoding({"ids": [1, 2, 3]}, [0, 0, 1], [1, 1, 3])  # two pieces of one character, then 来到
    assert corpus.word_starts(text, shared) == [1, 0, 1]


@pytest.mark.parametrize(("content", "message"), [("", "fewer than two rows"), (None, "no such file")])
def test_what_cannot_be_used_is_stated(content, message, tmp_path):
    path = tmp_path / "a.txt"
    if content is not None:
        path.write_text(content)
    with pytest.raises(IEError, match=message):
        corpus.tokenise(Texts([str(path)]), PLAIN, None, key=0, report=Report(), cache=str(tmp_path / "cache"))


def test_a_teacher_that_cuts_otherwise_is_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("张三丰\n\n武当山\n", encoding="utf-8")

    class Whole:
        def __call__(self, text):
            return Encoding({"ids": [0]}, [0], [len(text)])

    with pytest.raises(IEError, match="other tokens"):
        corpus.tokenise(Texts([str(path)]), PLAIN, Whole(), key=0, report=Report(), cache=str(tmp_path / "cache"))
