"""What a run says of itself on disk."""

import json

import pytest

from ie_cli.errors import IEError
from ie_cli.training import run_folder


def test_a_disk_without_room_leaves_what_was_there(room, tmp_path):
    def describe(name: str) -> None:
        list(run_folder.describe(tmp_path, {"task": name * 200}, {"train": name}, 0))

    describe("a")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == {"recipe.yaml", "run.json"}
    for size in (100, 500):  # too little for run.json, and for recipe.yaml alone
        with room(size), pytest.raises(OSError, match="File too large"):
            describe("bbb")
        assert (tmp_path / "recipe.yaml").read_bytes() == before["recipe.yaml"]
        json.loads((tmp_path / "run.json").read_bytes())


def test_two_runs_do_not_write_into_one_folder(tmp_path):
    pytest.importorskip("fcntl")

    @run_folder.alone
    def run(settings, out):
        yield settings

    first = run(1, tmp_path / "run")
    assert next(first) == 1
    with pytest.raises(IEError, match="run: another run is writing it; name another -o, or wait"):
        next(run(2, tmp_path / "run"))
    first.close()
    assert list(run(3, tmp_path / "run")) == [3]
