"""Training data: the split, ranges of files, and tokenised rows that do not depend on the processes."""

import json
from collections import Counter

import pytest

from ie_cli.errors import IEError, Report
from ie_cli.records import Record
from ie_cli.tasks import ner_pointer
from ie_cli.text.characters import CharacterTokenizer, build_vocabulary
from ie_cli.training import data, run

TEXTS = [f"第{i}个人住在北京" + "很久" * (i % 5) for i in range(37)]


@pytest.fixture
def files(tmp_path):
    """Two files; the second begins with a mark, has CRLF, a bad line and no newline at its end."""
    rows = [json.dumps({"text": t, "entities": []}, ensure_ascii=False) for t in TEXTS]
    (tmp_path / "a.jsonl").write_text("\n".join(rows[:20]) + "\n")
    (tmp_path / "b.jsonl").write_bytes(b"\xef\xbb\xbf" + "\r\n".join([*rows[20:30], "{bad", *rows[30:]]).encode())
    return (str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl"))


def test_all_records_in_order_and_bad_lines_told(files):
    report = Report()
    assert [r.text for r in data.Part(files).read(report)] == TEXTS
    assert report.counts == Counter(skipped=1)


@pytest.mark.parametrize("pieces", [1, 2, 3, 7, 200])
def test_ranges_hold_each_line_once_in_order(files, pieces):
    part = data.Part(files)
    assert [r.text for place in part.ranges(pieces) for r in part.within(place, Report())] == TEXTS


def test_the_split_is_by_text_seed_and_share(files):
    sides = {(seed, dev): [r.text for r in data.Part(files, 0.3, seed, dev)] for seed in (1, 2) for dev in (0, 1)}
    for seed in (1, 2):
        assert sorted(sides[seed, 0] + sides[seed, 1]) == sorted(TEXTS)
        assert 3 <= len(sides[seed, 1]) <= 20
    assert sides[1, 1] != sides[2, 1]


def codec(**settings):
    tokenizer = CharacterTokenizer(build_vocabulary(TEXTS, min_count=1, min_bigram_count=1))
    return ner_pointer.Codec(tokenizer, ner_pointer.Labels(["x"], [0.1]), ner_pointer.Settings(**settings), None)


def test_rows_do_not_depend_on_the_number_of_processes(files, tmp_path):
    made = [
        data.tokenise(data.Part(files), codec(), length=8, key=0, cache=str(tmp_path / str(n)), processes=n)
        for n in (1, 2)
    ]
    assert made[0].rows[:] == made[1].rows[:]
    assert made[0].lengths == made[1].lengths
    assert made[0].texts == made[1].texts == len(TEXTS)


def test_the_cache_answers_for_the_same_data_only(files, tmp_path):
    def rows(part, key):
        return data.tokenise(part, codec(), length=64, key=key, cache=str(tmp_path / "cache"), processes=1).rows

    first = rows(data.Part(files), 0)
    assert rows(data.Part(files), 0).cache_files == first.cache_files
    assert rows(data.Part(files), 1).cache_files != first.cache_files
    assert rows(data.Part(files, 0.3), 0).cache_files != first.cache_files
    with open(files[0], "a") as stream:
        stream.write('{"text": "新的"}\n')
    assert len(rows(data.Part(files), 0)) == len(first) + 1


def test_a_missing_file_is_named():
    with pytest.raises(IEError, match=r"nowhere\.jsonl: No such file"):
        list(data.Part(("nowhere.jsonl",)))


def test_gold_may_come_late(tmp_path):
    """`datasets` guesses column types from the first 1000 rows, which hold nothing here."""
    late = [{"start": 0, "end": 1, "type": "x", "text": "第"}]
    rows = [json.dumps({"text": "第一", "entities": late if i == 1500 else []}) for i in range(1501)]
    (tmp_path / "late.jsonl").write_text("\n".join(rows))
    part = data.Part((str(tmp_path / "late.jsonl"),))
    made = data.tokenise(part, codec(), length=8, key=0, cache=str(tmp_path), processes=1)
    assert made.rows[1500]["cells"] == [0, 0, 0, 0] and made.rows[0]["cells"] == []


E1, R1, N1 = {"events": []}, {"relations": []}, {"entities": []}


@pytest.mark.parametrize(
    ("parts", "task"),
    [
        ([N1], "ner_pointer"),
        ([N1 | R1], "relation_gplinker"),
        ([{}, N1, R1], "relation_gplinker"),
        ([N1 | R1, N1, E1], "event_gplinker"),
    ],
)
def test_the_task_is_the_richest_that_is_annotated(parts, task):
    assert run.guess_task([Record("文", **part) for part in parts]) == task


def test_nothing_annotated_is_stated():
    with pytest.raises(IEError, match="none has 'events' or 'relations' or 'entities'"):
        run.guess_task([Record("文")])
