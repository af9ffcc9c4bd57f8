"""`ie train` as a user runs it, on a handful of records and a tiny encoder."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from ie_cli.commands import app

TINY = "encoder.options={characters: 16, bigrams: 8, words: 4, hidden: 16, layers: 1, dropout: 0.0}"
TEXTS = [
    ("张伟住在北京市", [(0, 2, "name"), (4, 7, "address")]),
    ("李娜去了上海", [(0, 2, "name"), (4, 6, "address")]),
    ("王芳在北京大学", [(0, 2, "name"), (3, 7, "organization"), (3, 5, "address")]),
    ("今天没有人来", []),
]


def line(text, spans):
    entities = [{"start": s, "end": e, "type": t, "text": text[s:e]} for s, e, t in spans]
    return json.dumps({"text": text, "entities": entities}, ensure_ascii=False)


@pytest.fixture(scope="module")
def records(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "train.jsonl"
    path.write_text("\n".join(line(*t) for t in TEXTS * 2) + "\n")
    return path


def train(*args) -> object:
    return CliRunner().invoke(app, ["train", *map(str, args), "--threads", "1", "--set", TINY])


def fit(records, out, *args):
    return train(records, "--dev", records, "-o", out, "--cache", out.parent / "cache", *args)


def metrics(out: Path) -> list[dict]:
    rows = [json.loads(row) for row in (out / "metrics.jsonl").read_text().splitlines()]
    for row in rows:
        del row["seconds"]
    return rows


def test_a_run_learns_its_records_and_leaves_a_whole_folder(records, tmp_path):
    args = ("--epochs", 40, "--set", "train.batch=4", "--set", "train.lr=0.02", "--set", "model.dropout=0")
    result = fit(records, tmp_path / "run", *args)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert "gold spans lost in training: 0" in result.stderr
    assert metrics(tmp_path / "run")[-1]["dev"]["micro"]["f1"] == 1.0
    assert {p.name for p in (tmp_path / "run" / "best").iterdir()} == {
        "model.json", "model.safetensors", "vocabulary.json",
    }  # fmt: skip
    predicted = CliRunner().invoke(app, ["predict", "-m", str(tmp_path / "run"), str(records)])
    assert [
        [(e["start"], e["end"], e["type"]) for e in json.loads(row)["entities"]]
        for row in predicted.stdout.splitlines()
    ] == [sorted(spans) for _, spans in TEXTS * 2]


def test_the_written_recipe_repeats_the_run(records, tmp_path):
    assert fit(records, tmp_path / "one", "--epochs", 2, "--seed", 3).exit_code == 0
    recipe = tmp_path / "one" / "recipe.yaml"
    again = train(recipe, "-o", tmp_path / "two", "--cache", tmp_path / "cache")
    assert again.exit_code == 0, again.output
    assert metrics(tmp_path / "one") == metrics(tmp_path / "two")
    weights = [(tmp_path / run / "best" / "model.safetensors").read_bytes() for run in ("one", "two")]
    assert weights[0] == weights[1]


@pytest.mark.parametrize("average", [0.0, 0.9])
def test_a_resumed_run_ends_as_an_undisturbed_one(records, tmp_path, average, monkeypatch):
    option = ("--set", f"train.average={average}")
    assert fit(records, tmp_path / "whole", "--epochs", 3, *option).exit_code == 0
    from ie_cli.training import run as training

    log = training._log

    def stop_in_the_second_epoch(path, event, better):
        log(path, event, better)
        if event.epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(training, "_log", stop_in_the_second_epoch)
    stopped = fit(records, tmp_path / "parts", "--epochs", 3, *option)
    assert stopped.exit_code == 130 and "go on with --resume" in stopped.stderr
    monkeypatch.setattr(training, "_log", log)
    resumed = fit(records, tmp_path / "parts", "--epochs", 3, *option, "--resume")
    assert resumed.exit_code == 0, resumed.output
    assert metrics(tmp_path / "whole") == metrics(tmp_path / "parts")


def test_flags_win_over_set_and_set_over_the_recipe(records, tmp_path):
    recipe = tmp_path / "r.yaml"
    recipe.write_text("train: {epochs: 5, batch: 7, seed: 9}\n")
    out = tmp_path / "run"
    args = ("--set", "train.epochs=4", "--set", "train.batch=3", "--epochs", 1)
    assert fit(records, out, recipe, *args).exit_code == 0
    written = yaml.safe_load((out / "recipe.yaml").read_text())["train"]
    assert (written["epochs"], written["batch"], written["seed"], written["lr"]) == (1, 3, 9, 2e-3)


def test_a_dev_part_is_split_off_by_text_and_said(records, tmp_path):
    result = train(records, "-o", tmp_path / "run", "--epochs", 1, "--set", "data.dev_share=0.4")
    assert result.exit_code == 0, result.output
    assert "40% split off, split_seed 1" in result.stderr
    told = next(row for row in result.stderr.splitlines() if row.startswith("train "))
    train_texts, dev_texts = int(told.split()[1]), int(told.split("dev ")[1].split()[0])
    assert train_texts + dev_texts == 8
    assert train_texts % 2 == dev_texts % 2 == 0  # each text is there twice and stays on one side


def test_an_existing_run_is_kept_unless_told_otherwise(records, tmp_path):
    assert fit(records, tmp_path / "run", "--epochs", 1).exit_code == 0
    refused = fit(records, tmp_path / "run", "--epochs", 1)
    assert refused.exit_code == 1
    assert "--resume" in refused.stderr and "--overwrite" in refused.stderr
    assert fit(records, tmp_path / "run", "--epochs", 1, "--overwrite").exit_code == 0
    assert len(metrics(tmp_path / "run")) == 1


def test_bad_lines_are_told_and_the_exit_code_is_3(records, tmp_path):
    broken = tmp_path / "broken.jsonl"
    broken.write_text(records.read_text() + "{nonsense\n")
    result = train(broken, "--dev", records, "-o", tmp_path / "run", "--epochs", 1)
    assert result.exit_code == 3
    assert f"{broken}:9: not JSON" in result.stderr


def test_spans_that_training_cannot_use_are_counted(records, tmp_path):
    far = "张伟" + "啊" * 40 + "北京"
    data = tmp_path / "long.jsonl"
    data.write_text(line(far, [(0, 2, "name"), (0, 44, "address")]) + "\n")
    result = train(data, "--dev", records, "-o", tmp_path / "run", "--epochs", 1, "--set", "train.length=16")
    assert result.exit_code == 0, result.output
    assert "gold spans lost in training: 1 × longer than the overlap of two windows" in result.stderr


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["missing.jsonl"], "missing.jsonl: No such file"),
        (["missing.yaml"], "missing.yaml: no such file"),
        ([], "no training records are named"),
        (["RECORDS", "--set", "train.epoch=1"], "Did you mean 'train.epochs'?"),
        (["RECORDS", "--set", "train.epochs=x"], "'train.epochs' must be a whole number"),
        (["RECORDS", "--set", "model.sizes=3"], "Did you mean 'model.size'?"),
        (["RECORDS", "--set", "train.batch=0"], "'train.batch' cannot be 0"),
        (["RECORDS", "--set", "train.lr=.nan"], "'train.lr' cannot be nan"),
        (["RECORDS", "--task", "ner_pointr"], "Did you mean 'ner_pointer'?"),
        (["RECORDS", "--encoder", "./nowhere"], "no encoder './nowhere'"),
        (["RECORDS", "--encoder", "tests/nowhere"], "no encoder 'tests/nowhere'"),
        (["UNLABELLED"], "not annotated"),
    ],
)
def test_mistakes_end_in_one_line(records, tmp_path, args, reason):
    unlabelled = tmp_path / "u.jsonl"
    unlabelled.write_text('{"text": "没有标注"}\n')
    names = {"RECORDS": str(records), "UNLABELLED": str(unlabelled)}
    result = train(*(names.get(a, a) for a in args), "-o", tmp_path / "run", "--set", "train.seed=1")
    assert result.exit_code == 1
    assert reason in result.stderr
    assert result.stderr.count("\n") == 1
