"""Blocks of lines: the same from a file in every run, and behind what an earlier run did."""

import gzip

import pytest

from ie_cli.errors import FormatError, IEError
from ie_cli.pipeline import lines
from ie_cli.pipeline.lines import blocks


@pytest.fixture
def files(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"\xef\xbb\xbfa\nb\nc")
    two.write_bytes(b"d\n" * 3)
    return [str(one), str(two)]


def read(names, *done):
    return [(line.name[-3:], line.number, line.content) for block in blocks(names, *done) for line in block]


def test_lines_have_their_file_and_number(files):
    assert read(files) == [
        ("one", 1, b"a\n"), ("one", 2, b"b\n"), ("one", 3, b"c"),
        ("two", 1, b"d\n"), ("two", 2, b"d\n"), ("two", 3, b"d\n"),
    ]  # fmt: skip


def test_blocks_of_files_are_as_full_as_may_be(files, monkeypatch):
    monkeypatch.setattr(lines, "MOST", 4)
    assert [len(block) for block in blocks(files)] == [4, 2]
    monkeypatch.setattr(lines, "ROOM", 4)
    assert [[x.content for x in block] for block in blocks(files)] == [[b"a\n", b"b\n"], [b"c", b"d\n"], [b"d\n"] * 2]


def test_a_line_larger_than_a_block_is_one(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "ROOM", 4)
    (tmp_path / "long").write_bytes(b"1\n" + b"2" * 100 + b"\n3\n")
    assert [len(block) for block in blocks([str(tmp_path / "long")])] == [1, 1, 1]


def test_a_run_goes_on_behind_the_last_line_that_was_done(files):
    whole = [line for block in blocks(files) for line in block]
    for done in range(1, len(whole)):
        assert read(files, done, whole[done - 1].digest) == read(files)[done:]


def test_another_input_is_not_gone_on_with(files, tmp_path):
    (tmp_path / "one").write_bytes(b"a\nB\nc")
    digest = next(line for block in blocks(files) for line in block).digest
    with pytest.raises(IEError, match="one:2: not what the interrupted run has read"):
        blocks(files, 2, digest)
    (tmp_path / "empty").touch()
    with pytest.raises(IEError, match="the input: not what"):
        blocks([str(tmp_path / "empty")], 2, digest)


def test_what_comes_before_damage_is_read(tmp_path):
    path = tmp_path / "cut.gz"
    path.write_bytes(b"".join(gzip.compress(b"%d\n" % i) for i in range(3))[:-10])
    found = blocks([str(path)])
    assert [line.content for line in next(found)] == [b"0\n", b"1\n"]
    with pytest.raises(FormatError, match=r"cut\.gz: damaged or cut off"):
        next(found)


def test_an_input_that_is_missing_is_told_behind_those_before_it(files):
    found = blocks([*files[:1], "nowhere"])
    assert len(next(found)) >= 1
    with pytest.raises(FormatError, match="nowhere: no such file"):
        list(found)
