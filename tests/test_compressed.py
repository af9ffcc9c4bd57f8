"""Compressed input is what is inside it; damaged input is a stated error behind what could be read."""

import bz2
import gzip
import json
import lzma
from functools import partial

import pytest
from typer.testing import CliRunner

from ie_cli import compressed, files
from ie_cli.commands import app
from ie_cli.errors import FormatError, Report

TEXT = "\n".join(json.dumps({"text": f"第{i}行", "entities": []}, ensure_ascii=False) for i in range(2000)) + "\n"
PACK = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": partial(compressed.packed, path="x.zst"),
}


@pytest.fixture(params=PACK)
def packed(request, tmp_path):
    path = tmp_path / f"a.jsonl{request.param}"
    path.write_bytes(PACK[request.param](TEXT.encode()))
    return path


def test_lines_and_the_name_are_those_of_the_file_inside(packed):
    assert [line for _, line in files.lines(packed, Report())] == TEXT.splitlines()
    assert files.stem(packed) == "a"


def test_the_encoding_is_told_inside(packed):
    packed.write_bytes(PACK[packed.suffix]("一行中文\n".encode("gbk")))
    assert [line for _, line in files.lines(packed, Report())] == ["一行中文"]


def test_a_file_that_is_cut_off_is_stated(packed):
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(FormatError, match=r"a\.jsonl.*cannot be decompressed"):
        list(files.lines(packed, Report()))


def test_a_file_that_is_something_else_is_stated(packed):
    packed.write_bytes(b"plain text\n" * 50)
    with pytest.raises(FormatError, match=r"a\.jsonl.*cannot be decompressed"):
        list(files.lines(packed, Report()))


@pytest.mark.parametrize("behind", [b"{}\n", b"\0\0\0\0x", b"x" * 100_000])
def test_what_is_behind_the_compressed_data_is_not_dropped(packed, behind):
    packed.write_bytes(packed.read_bytes() + behind)
    with pytest.raises(FormatError, match=r"a\.jsonl.*cannot be decompressed"):
        list(files.lines(packed, Report()))


@pytest.mark.parametrize("padding", [b"", b"\0" * 8, b"\0" * 200_000])
def test_several_files_one_behind_the_other_are_one(packed, padding):
    if padding and packed.suffix == ".zst":
        pytest.skip("has no padding")
    packed.write_bytes(packed.read_bytes() + padding + packed.read_bytes() + padding)
    assert [line for _, line in files.lines(packed, Report())] == 2 * TEXT.splitlines()


def test_a_place_in_it_is_found_again(packed):
    with compressed.open_binary(packed) as stream:
        first, at = stream.readline(), stream.tell()
        rest = stream.read()
        assert stream.seek(at) == at and stream.read() == rest
        assert stream.seek(0) == 0 and stream.readline() == first


def test_other_errors_pass_as_they_are(tmp_path):
    (tmp_path / "x.gz").write_bytes(gzip.compress(b"x"))
    with pytest.raises(OSError, match="full") as caught, files.opened(tmp_path / "x.gz"):
        raise OSError(28, "full")
    assert caught.value.errno == 28


def test_commands_read_them(packed, tmp_path):
    result = CliRunner().invoke(app, ["eval", str(packed), str(packed)])
    assert result.exit_code == 0 and "records:2000" in result.stdout


@pytest.mark.parametrize("suffix", [*PACK, ""])
def test_what_is_written_under_such_a_name_is_compressed(suffix, tmp_path):
    path = tmp_path / f"a.txt{suffix}"
    plain, pieces = tmp_path / "plain.txt", tmp_path / f"b.txt{suffix}"
    plain.write_text("甲\n乙\n", "utf-8")
    done = CliRunner().invoke(app, ["convert", "text", str(plain), "-o", str(path)])
    assert done.exit_code == 0, done.output
    with compressed.open_binary(path) as stream:
        lines = stream.read()
    assert (path.read_bytes() == lines) == (not suffix) and len(lines.splitlines()) == 2
    pieces.write_bytes(b"".join(compressed.packed(line, pieces) for line in lines.splitlines(keepends=True)))
    with compressed.open_binary(pieces) as stream:
        assert stream.read() == lines
