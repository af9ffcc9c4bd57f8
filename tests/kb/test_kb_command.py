"""`ie kb` from the shell: build, info, search; exit codes; and the benchmark, so that it does not rot."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ie_cli import kb as bases
from ie_cli.commands import app

ROWS = [
    {"id": "1", "name": "苹果", "aliases": ["Apple"], "type": ["公司"], "description": "做手机"},
    {"id": "2", "name": "红富士", "aliases": ["苹果"], "type": [], "description": ""},
]


@pytest.fixture
def ie(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("kb.jsonl", *ROWS)
    return lambda *args, **more: CliRunner().invoke(app, ["kb", *args], **more)


def write(name, *rows):
    Path(name).write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def found(result):
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_separator_separates(ie):
    refused = ie("build", "-o", "kb", "--separator", "", input="id,name,aliases\n1,收割机,割机\n")
    assert refused.exit_code == 2 and "error: --separator is empty" in refused.stderr


def test_build_and_look_into_it(ie):
    done = ie("build", "kb.jsonl", "-o", "kb")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "entities: 2, names: 3\n" in done.stderr
    assert "ie kb search kb NAME" in done.stderr
    info = dict(line.split("\t") for line in ie("info", "kb").stdout.splitlines())
    assert (info["entities"], info["names"], info["most entities of one name"]) == ("2", "3", "2 (苹果)")
    assert found(ie("search", "kb", "苹果")) == ROWS
    assert found(ie("search", "kb", "APPLE")) == ROWS[:1]
    assert found(ie("search", "kb", "2", "--id")) == ROWS[1:]
    assert found(ie("search", "kb", "红", "--prefix")) == ROWS[1:]
    assert found(ie("search", "kb", "苹果", "--limit", "1")) == ROWS[:1]
    match = {"start": 1, "end": 3, "text": "苹果", "ids": ["1", "2"]}
    assert found(ie("search", "kb", "吃苹果", "--text")) == [match]


def test_from_standard_input_with_named_columns(ie):
    done = ie("build", "-o", "kb", "--id", "sku", "--separator", ";", input="sku,名称,别名\nX,收割机,小青;割机\n")
    assert done.exit_code == 0
    assert [row["id"] for row in found(ie("search", "kb", "割机"))] == ["X"]


def test_update(ie):
    ie("build", "kb.jsonl", "-o", "kb")
    write("new.jsonl", {"id": "2", "name": "富士山"}, {"id": "3", "name": "苹果"})
    done = ie("build", "new.jsonl", "--update", "kb", "-o", "more")
    assert "entities: 3, names: 3, replaced: 1\n" in done.stderr
    assert [row["id"] for row in found(ie("search", "more", "苹果"))] == ["1", "3"]
    assert [row["id"] for row in found(ie("search", "kb", "苹果"))] == ["1", "2"]
    ie("build", "new.jsonl", "--update", "kb")
    assert [row["id"] for row in found(ie("search", "kb", "苹果"))] == ["1", "3"]


def test_rows_that_are_skipped_are_told_and_the_base_is_there(ie):
    write("bad.jsonl", *ROWS, {"id": "3"})
    done = ie("build", "bad.jsonl", "-o", "kb")
    assert done.exit_code == 3
    assert "skipped: bad.jsonl:3: no name among the keys 'id'" in done.stderr
    assert len(bases.open("kb")) == 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["build", "kb.jsonl", "kb.jsonl", "-o", "new"], "kb.jsonl:1: id '1' is at kb.jsonl:1, too; --merge"),
        (["build", "none.jsonl", "-o", "new"], "none.jsonl: no such file"),
        (["build", "kb.jsonl", "--update", "new"], "new: no knowledge base; make one with"),
        (["info", "new"], "new: no knowledge base; make one with"),
        (["search", "kb", "苹"], "kb: nothing is called '苹'; names that begin so: 苹果"),
        (["search", "kb", "梨"], "kb: nothing is called '梨'; --id looks for an id, --text for names in a text"),
        (["search", "kb", "9", "--id"], "kb: no entity has the id '9'"),
        (["search", "kb", "梨", "--text"], "kb: no name is in this text"),
    ],
)
def test_stated_errors(ie, args, message):
    ie("build", "kb.jsonl", "-o", "kb")
    done = ie(*args)
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"error: {message}" in done.stderr
    assert not Path("new").exists()


@pytest.mark.parametrize("args", [["build", "kb.jsonl"], ["search", "kb", "x", "--id", "--text"], ["search", "kb"], []])
def test_wrong_usage(ie, args):
    assert ie(*args).exit_code == 2


def test_nothing_heavy_is_loaded(ie):
    code = """
import sys
from ie_cli.commands import app
app(["kb", "build", "kb.jsonl", "-o", "kb"], standalone_mode=False)
print(sorted({"torch", "transformers", "datasets", "jieba"} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_benchmark_runs(tmp_path):
    script = Path(__file__).parents[1] / "benchmarks" / "kb.py"
    words = [sys.executable, str(script), "300", "--folder", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    heading, row = (line.split("\t") for line in done.stdout.splitlines())
    figures = dict(zip(heading, map(float, row), strict=True))
    assert figures["entities"] == 300 and figures["texts_per_s"] > 0 and figures["entities_per_s"] > 0
    assert list(tmp_path.iterdir()) == []
