"""Files that are there whole or not at all, and errors that name what the user named."""

from pathlib import Path

import pytest

from ie_cli.writing import named, replacing, whole_folder


def test_a_file_is_replaced_when_the_block_is_done(tmp_path):
    path = tmp_path / "x.json"
    path.write_text("old")
    with replacing(path) as part:
        part.write_text("new")
        assert path.read_text() == "old"
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("x.json", "new")]


@pytest.mark.parametrize("make", [replacing, whole_folder])
def test_nothing_is_left_of_what_failed(make, tmp_path):
    with pytest.raises(ValueError), make(tmp_path / "x") as part:
        if make is replacing:
            part.write_text("half")
        raise ValueError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mine", ["", ".7"])
def test_an_error_of_the_unfinished_file_names_the_finished_one(mine, tmp_path):
    path = tmp_path / "none" / "x.json"
    with pytest.raises(FileNotFoundError) as error, replacing(path, mine) as part:
        part.write_text("new")
    assert error.value.filename == str(path)


# the file that an error names -> whether it then names the user's: all errors, those of a file, those of none, too
NAMED = {
    None: (True, False, True),
    "/a/.x.part": (True, True, True),
    "/a/.x.part/weights": (True, True, True),
    "/a/.x.part.json": (True, False, False),
    "/b/other": (True, False, False),
}


@pytest.mark.parametrize("file", NAMED, ids=str)
def test_whose_errors_name_the_users_file(file, tmp_path):
    part, path = Path("/a/.x.part"), tmp_path / "x"
    for meant, expected in zip(((), (part,), (part, None)), NAMED[file], strict=True):
        with pytest.raises(OSError) as error, named(path, *meant):
            raise OSError(28, "No space left on device", file)
        assert (error.value.errno, error.value.filename) == (28, str(path) if expected else file)
