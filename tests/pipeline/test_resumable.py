"""A file in the making: what is done is kept, what is not is done again, and nothing twice."""

import errno
import json
from pathlib import Path

import pytest

from ie_cli.compressed import open_binary
from ie_cli.errors import IEError
from ie_cli.pipeline.resumable import opened, part_and_journal

JOB = {"inputs": ["a"], "--text": False, "--fields": ("id", "text")}  # a tuple is a list in the journal


def write(out, *blocks, resume=False, job=JOB, fail=False):
    """Write blocks of lines; returns where the run began."""
    with opened(out, job, resume=resume) as target:
        began = target.progress.lines
        for block in blocks:
            target.write(block.encode())
            target.commit(block.count("\n"), f"digest of {block}", 0)
        if fail:
            target.write(b"not commi")
            raise KeyboardInterrupt
    return began


def test_a_file_appears_when_it_is_complete(tmp_path):
    out = tmp_path / "out"
    with opened(out, JOB, resume=False) as target:
        target.write(b"a\n")
        target.commit(1, "", 0)
        assert not out.exists()
    assert out.read_text() == "a\n" and list(tmp_path.iterdir()) == [out]


def test_a_run_that_was_stopped_goes_on_where_it_was(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        write(out, "a\n", "b\nc\n", fail=True)
    assert not out.exists()
    with pytest.raises(KeyboardInterrupt):
        write(out, "d\n", resume=True, fail=True)
    assert write(out, "e\n", resume=True) == 4
    assert out.read_text() == "a\nb\nc\nd\ne\n" and list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_a_file_is_compressed_as_its_name_says_also_when_it_is_resumed(tmp_path, suffix):
    out = tmp_path / f"out{suffix}"
    with pytest.raises(KeyboardInterrupt):
        write(out, "a\n", "b\nc\n", fail=True)
    assert write(out, "d\n", resume=True) == 3
    with open_binary(out) as stream:
        assert stream.read() == b"a\nb\nc\nd\n"
    write(out)
    with open_binary(out) as stream:
        assert stream.read() == b"" and out.stat().st_size > 0


def test_what_was_done_and_is_gone_is_not_made_up(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        write(out, "a\n", fail=True)
    part_and_journal(out)[0].unlink()
    with pytest.raises(IEError, match=r"\.out\.part: has 0 bytes, the interrupted run wrote 2; start without --resume"):
        write(out, "b\n", resume=True)
    assert write(out, "c\n") == 0 and out.read_text() == "c\n"


def test_a_disk_without_room_is_told_by_the_name_of_the_file(room, tmp_path):
    with room(1000), pytest.raises(OSError, match="File too large") as raised:
        write(tmp_path / "out", "a\n", "b" * 2000)
    assert raised.value.filename == str(tmp_path / "out")
    assert write(tmp_path / "out", "c\n", resume=True) == 1 and (tmp_path / "out").read_text() == "a\nc\n"


def test_without_anything_done_nothing_stays(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "out", fail=True)
    assert list(tmp_path.iterdir()) == []
    assert write(tmp_path / "out", "a\n", resume=True) == 0


def test_without_resume_it_begins_anew(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        write(out, "a\n", "b\n", fail=True)
    assert write(out, "c\n") == 0
    assert out.read_text() == "c\n" and list(tmp_path.iterdir()) == [out]


def test_a_finished_file_is_not_made_anew_in_silence(tmp_path):
    out = tmp_path / "out"
    write(out, "a\n")
    with pytest.raises(IEError, match="is finished, there is nothing to resume; leave --resume out"):
        write(out, "b\n", resume=True)
    assert out.read_text() == "a\n" and list(tmp_path.iterdir()) == [out]


def test_another_job_is_not_gone_on_with(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        write(out, "a\n", fail=True)
    with pytest.raises(IEError, match="had other --text; start without --resume"):
        write(out, resume=True, job=JOB | {"--text": True})
    journal = part_and_journal(out)[1]
    journal.write_text(json.dumps({"lines": "x"}))
    with pytest.raises(IEError, match="damaged"):
        write(out, resume=True)


def test_two_runs_do_not_write_one_file(tmp_path):
    out = tmp_path / "out"
    with opened(out, JOB, resume=False) as target:
        with pytest.raises(IEError, match="another run is writing it"):
            write(out, "b\n")
        target.write(b"a\n")
        target.commit(1, "", 0)
        with pytest.raises(IEError, match="another run is writing it"):
            write(out, "b\n")
    assert out.read_text() == "a\n"


def test_a_run_has_the_file_until_it_has_its_name(tmp_path, monkeypatch):
    out, replace, seen = tmp_path / "out", Path.replace, []

    def replace_while_another_begins(part, target):
        if target == out:
            with pytest.raises(IEError, match="another run is writing it"):
                write(out, "b\n")
            seen.append(part)
        return replace(part, target)

    monkeypatch.setattr(Path, "replace", replace_while_another_begins)
    write(out, "a\n")
    assert seen and out.read_text() == "a\n" and list(tmp_path.iterdir()) == [out]


def test_a_file_that_gets_its_name_while_another_run_begins_stays(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    out = tmp_path / "out"
    part, flock = part_and_journal(out)[0], fcntl.flock
    part.write_text("a\n")

    def lock_late(*args):
        part.replace(out)  # as the other run does, which then ends
        flock(*args)

    monkeypatch.setattr(fcntl, "flock", lock_late)
    with pytest.raises(IEError, match="another run is writing it"):
        write(out, "b\n")
    assert out.read_text() == "a\n"


def test_a_file_system_without_locks_is_written_to(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def flock(*args):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", flock)
    write(tmp_path / "out", "a\n")
    assert (tmp_path / "out").read_text() == "a\n"
