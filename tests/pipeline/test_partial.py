"""A file in the making: what is done is kept, what is not is done again, and nothing twice."""

import json

import pytest

from ie_cli.errors import IEError
from ie_cli.pipeline.partial import opened, places

JOB = {"inputs": ["a"], "--text": False}


def write(out, *blocks, resume=False, job=JOB, fail=False):
    """Write blocks of lines; returns where the run began."""
    with opened(out, job, resume=resume) as partial:
        began = partial.progress.lines
        for block in blocks:
            partial.write(block.encode())
            partial.commit(block.count("\n"), f"digest of {block}", 0)
        if fail:
            partial.write(b"not commi")
            raise KeyboardInterrupt
    return began


def test_a_file_appears_when_it_is_complete(tmp_path):
    out = tmp_path / "out"
    with opened(out, JOB, resume=False) as partial:
        partial.write(b"a\n")
        partial.commit(1, "", 0)
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


def test_another_job_is_not_gone_on_with(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        write(out, "a\n", fail=True)
    with pytest.raises(IEError, match="had other --text; start without --resume"):
        write(out, resume=True, job=JOB | {"--text": True})
    journal = places(out)[1]
    journal.write_text(json.dumps({"lines": "x"}))
    with pytest.raises(IEError, match="damaged"):
        write(out, resume=True)


def test_two_runs_do_not_write_one_file(tmp_path):
    out = tmp_path / "out"
    with opened(out, JOB, resume=False) as partial:
        with pytest.raises(IEError, match="another run is writing it"):
            write(out, "b\n")
        partial.write(b"a\n")
        partial.commit(1, "", 0)
        with pytest.raises(IEError, match="another run is writing it"):
            write(out, "b\n")
    assert out.read_text() == "a\n"
