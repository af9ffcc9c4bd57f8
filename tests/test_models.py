"""`ie models`: what is listed, in both forms, and what it does not load."""

import io
import json
import sys

import pytest
from rich.console import Console
from typer.testing import CliRunner

from ie_cli.commands import app
from ie_cli.commands.models import Row
from ie_cli.zoo import catalogue, encoders, manifest

CONTENT = {
    "task": "ner_pointer",
    "labels": {"names": ["[bold]地点", "人物"], "rates": [0.1, 0.2]},
    "settings": {},
    "encoder": {"name": "char-bilstm"},
    "note": {"dev_f1": 0.71259},
}


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """One shipped model, and an empty cache of the hub."""
    folder = tmp_path / "tiny"
    (folder / "encoder").mkdir(parents=True)
    manifest.write(folder, CONTENT)
    (folder / "encoder" / "weights").write_bytes(bytes(2_345_000))
    monkeypatch.setattr(manifest, "shipped", lambda: {"tiny": folder})
    monkeypatch.setattr("huggingface_hub.file_download.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return folder


def listed() -> list[Row]:
    result = CliRunner().invoke(app, ["models"])
    assert (result.exit_code, result.stderr) == (0, "")
    header, *rows = (line.split("\t") for line in result.stdout.splitlines())
    assert tuple(header) == Row._fields and {len(row) for row in rows} == {len(header)}
    return [Row(*row) for row in rows]


def test_a_shipped_model_comes_first_with_what_its_note_says(shipped):
    assert listed()[0] == Row(
        "model", "tiny", "ner_pointer on char-bilstm", "2.3 MB", dev_f1="0.7126", types="[bold]地点, 人物"
    )


def test_a_model_without_a_note(shipped):
    manifest.write(shipped, CONTENT | {"note": {}, "labels": {}})
    assert listed()[0][6:] == ("-", "-")


def test_a_shipped_encoder_has_what_its_card_says(shipped, monkeypatch, tmp_path):
    (tmp_path / "config.json").touch()
    (tmp_path / "README.md").write_text("---\nlicense: mit\nparameters: 10.4\n---\n# tiny-zh\n")
    monkeypatch.setattr(catalogue, "shipped", lambda: {"tiny-zh": tmp_path})
    assert listed()[2] == Row("encoder", "tiny-zh", "shipped", "10.4 M", "mit")


def test_every_encoder_is_listed(shipped):
    rows, here = listed()[1:], [*encoders.BUILT_IN, *catalogue.shipped()]
    assert [row.name for row in rows] == [*here, *catalogue.ENCODERS]
    assert {row.here for row in rows[: len(here)]} == {"yes"}
    by_name = {row.name: row for row in rows}
    assert by_name["rbt3"] == Row("encoder", "rbt3", "hfl/rbt3", "38 M", "apache-2.0", "no")


def test_an_encoder_is_here_when_its_weights_are(shipped, tmp_path):
    snapshot = tmp_path / "hub" / "models--hfl--rbt3" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("abc")
    (snapshot / "config.json").touch()
    here = lambda: {row.name: row.here for row in listed()}["rbt3"]  # noqa: E731
    assert here() == "no"
    (snapshot / "pytorch_model.bin").touch()
    assert here() == "yes"


def test_on_a_terminal_names_and_ids_are_whole(shipped, monkeypatch):
    from ie_cli.commands import models

    screen = io.StringIO()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr("rich.console.Console", lambda: Console(file=screen, width=70, force_terminal=False))
    models.run()
    shown = screen.getvalue()
    assert "Models (ie predict -m NAME)" in shown and "Encoders (ie train -e NAME)" in shown
    assert "[bold]地点, 人物" in shown and "…" not in shown
    assert all(name in shown for name in catalogue.ENCODERS)


def test_a_damaged_shipped_model_is_one_stated_line(shipped):
    (shipped / "model.json").write_text(json.dumps({"format": 1}))
    result = CliRunner().invoke(app, ["models"])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1 and "model.json: damaged" in result.stderr
