"""`ie train` as a user runs it, on a handful of records and a tiny encoder."""

import gzip
import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file
from typer.testing import CliRunner

from ie_cli.commands import app
from ie_cli.writing import locked

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


# Everything that a checkpoint has to hold: moments, scaled losses, two followers, single rows, dropout.
METHODS = {
    "none": [],
    "all": ["precision=float16", "ema=0.9", "lookahead.steps=3", "lazy_embeddings=true", "batch=1", "accumulate=2",
            "fgm.epsilon=0.5", "r_drop=1"],
}  # fmt: skip


def whole_run(out: Path):
    """Weights and lines of a run; two runs that went the same way are equal."""
    weights = [(out / name / "model.safetensors").read_bytes() for name in ("best", "last")]
    return weights, {name: x.tolist() for name, x in load_file(out / "state.safetensors").items()}, metrics(out)


KILLED = """
import os, signal, sys
from ie_cli.commands import app
from ie_cli.training import loop
update = loop.update
steps = iter(range(10**6))
def fatal(*arguments):
    if next(steps) == 6:
        os.kill(os.getpid(), signal.SIGKILL)
    return update(*arguments)
loop.update = fatal
app(sys.argv[1:])
"""


@pytest.mark.parametrize("name", METHODS)
def test_a_run_that_was_killed_and_resumed_ends_as_an_undisturbed_one(records, tmp_path, name):
    """Killed by the system before step 7, in the second of four epochs of four steps."""
    options = ["--epochs", 4, "--set", "train.batch=2", "--set", "train.lr=0.02"]
    options += [x for setting in METHODS[name] for x in ("--set", f"train.{setting}")]
    assert fit(records, tmp_path / "whole", *options).exit_code == 0
    arguments = ["train", records, "--dev", records, "-o", tmp_path / "parts", "--cache", tmp_path / "cache", *options]
    command = [sys.executable, "-c", KILLED, *map(str, arguments), "--threads", "1", "--set", TINY]
    killed = subprocess.run(command, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert [row["epoch"] for row in metrics(tmp_path / "parts")] == [1]
    resumed = train("-o", tmp_path / "parts", "--cache", tmp_path / "cache", "--resume")  # its own settings
    assert resumed.exit_code == 0, resumed.output
    assert "note: resumed with" not in resumed.stderr
    assert whole_run(tmp_path / "whole") == whole_run(tmp_path / "parts")


def test_an_epoch_whose_checkpoint_was_not_written_is_done_again_and_told_once(records, tmp_path, monkeypatch):
    assert fit(records, tmp_path / "whole", "--epochs", 3).exit_code == 0
    from ie_cli.training import checkpoint

    save = checkpoint.save

    def stop_in_the_second_epoch(state, *rest):
        if state.epoch == 2:
            raise KeyboardInterrupt
        save(state, *rest)

    monkeypatch.setattr(checkpoint, "save", stop_in_the_second_epoch)
    stopped = fit(records, tmp_path / "parts", "--epochs", 3)
    assert stopped.exit_code == 130 and "go on with --resume" in stopped.stderr
    assert len(metrics(tmp_path / "parts")) == 2
    with (tmp_path / "parts" / "metrics.jsonl").open("a") as stream:
        stream.write('{"epoch": 3, "lo')
    monkeypatch.setattr(checkpoint, "save", save)
    assert fit(records, tmp_path / "parts", "--epochs", 3, "--resume").exit_code == 0
    assert whole_run(tmp_path / "whole") == whole_run(tmp_path / "parts")


def test_a_resumed_run_says_what_is_new(records, tmp_path):
    assert fit(records, tmp_path / "run", "--epochs", 1).exit_code == 0
    other = tmp_path / "other.jsonl"
    other.write_text(line(*TEXTS[0]) + "\n")
    options = ("--epochs", 2, "--resume", "--seed", 1, "--cache", tmp_path / "cache")
    result = train(records, "--dev", other, "-o", tmp_path / "run", *options)
    assert result.exit_code == 0, result.output
    told = next(row for row in result.stderr.splitlines() if row.startswith("note: resumed with"))
    assert told.startswith("note: resumed with another data.dev, train.epochs: the result may not be")


def test_a_run_that_lost_patience_is_not_gone_on_with(records, tmp_path):
    args = ("--epochs", 5, "--set", "train.patience=1", "--set", "train.lr=1e-9")
    assert fit(records, tmp_path / "run", *args).exit_code == 0
    before = metrics(tmp_path / "run")
    assert len(before) == 2
    assert fit(records, tmp_path / "run", *args, "--resume").exit_code == 0
    assert metrics(tmp_path / "run") == before


def test_a_checkpoint_of_other_methods_is_refused(records, tmp_path):
    assert fit(records, tmp_path / "run", "--epochs", 1).exit_code == 0
    result = fit(records, tmp_path / "run", "--epochs", 2, "--resume", "--set", "train.lookahead.steps=5")
    assert result.exit_code == 1 and "does not fit this recipe" in result.stderr and "--overwrite" in result.stderr


def test_without_a_run_there_is_nothing_to_go_on_with(tmp_path):
    result = train("-o", tmp_path / "run", "--resume")
    assert result.exit_code == 1 and f"{tmp_path / 'run'}: no run to go on with; start it" in result.stderr


def test_a_bad_line_of_a_split_file_is_told_once(records, tmp_path):
    source = tmp_path / "bad.jsonl"
    source.write_text(records.read_text() * 5 + "broken\n")
    result = train(source, "-o", tmp_path / "run", "--epochs", 1, "--set", "data.dev_share=0.4")
    assert result.exit_code == 3 and "skipped in all: 1 (1 × not JSON)" in result.stderr


def test_a_run_that_finished_nothing_is_not_said_to_go_on(records, tmp_path, monkeypatch):
    from ie_cli.training import loop

    def stop(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "update", stop)
    stopped = fit(records, tmp_path / "run", "--epochs", 1)
    assert stopped.exit_code == 130 and "stopped before anything was finished" in stopped.stderr


def test_the_run_folder_says_what_it_was_made_with(records, tmp_path):
    assert fit(records, tmp_path / "run", "--epochs", 1).exit_code == 0
    assert {p.name for p in (tmp_path / "run").iterdir()} == {
        "recipe.yaml", "run.json", "metrics.jsonl", "state.safetensors", "best", "last",
    }  # fmt: skip
    found = json.loads((tmp_path / "run" / "run.json").read_text())
    assert found["torch"] == torch.__version__ and found["python"] == platform.python_version()
    assert found["data"]["train"] == hashlib.sha256(records.read_bytes()).hexdigest()[:16]
    assert (found["processes"], found["threads"]) == (1, 1)


def test_several_seeds_are_several_runs_and_finished_ones_are_not_repeated(records, tmp_path):
    args = ("--epochs", 3, "--set", "train.lr=0.02", "--set", "train.batch=4")
    result = fit(records, tmp_path / "runs", *args, "--seeds", "3,1")
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "runs" / "seeds.json").read_text())
    scores = [max(row["dev"]["micro"]["f1"] for row in metrics(tmp_path / "runs" / f"seed-{s}")) for s in (3, 1)]
    assert [row["seed"] for row in found["results"]] == [3, 1]
    assert [row["dev_f1"] for row in found["results"]] == scores
    assert found["mean"] == pytest.approx(sum(scores) / 2)
    assert found["deviation"] == pytest.approx(abs(scores[0] - scores[1]) / 2**0.5)
    assert f"2 seeds: dev F1 {found['mean']:.4f} ± {found['deviation']:.4f}" in result.stderr
    assert f"the model is in {tmp_path / 'runs' / f'seed-{(3, 1)[scores[1] > scores[0]]}' / 'best'}" in result.stderr
    assert fit(records, tmp_path / "alone", *args, "--seed", 3).exit_code == 0
    assert whole_run(tmp_path / "runs" / "seed-3") == whole_run(tmp_path / "alone")
    refused = fit(records, tmp_path / "runs", *args, "--seeds", "3")
    assert refused.exit_code == 1 and "seed-1: already holds a run" in refused.stderr
    shutil.rmtree(tmp_path / "runs" / "seed-3")  # a finished seed needs its folder no more
    more = fit(records, tmp_path / "runs", *args, "--seeds", "3,1,2", "--resume")
    assert more.exit_code == 0, more.output
    assert "seed 2, in" in more.stderr and "seed 3, in" not in more.stderr and "3 seeds" in more.stderr


def test_seeds_of_another_recipe_or_other_data_are_not_averaged(records, tmp_path):
    args = ("--epochs", 1, "--seeds")
    assert fit(records, tmp_path / "runs", *args, "1,").exit_code == 0
    other = tmp_path / "other.jsonl"
    other.write_bytes(records.read_bytes() * 2)
    refused = fit(other, tmp_path / "runs", *args, "1,2", "--resume", "--set", "train.lr=0.01")
    assert refused.exit_code == 1 and "is finished with another data.train, data.dev, train.lr" in refused.stderr
    split = fit(records, tmp_path / "runs", *args, "1,2", "--resume", "--set", "data.split_seed=2")
    assert split.exit_code == 1 and "is finished with another data.split_seed" in split.stderr
    assert fit(records, tmp_path / "runs", *args, "1,2", "--resume").exit_code == 0
    assert fit(records, tmp_path / "one", "--epochs", 1).exit_code == 0
    assert "holds a run of one seed" in fit(records, tmp_path / "one", *args, "2").stderr


def test_a_renamed_label_is_not_resumed(records, tmp_path):
    own = tmp_path / "own.jsonl"
    own.write_bytes(records.read_bytes())
    assert fit(own, tmp_path / "run", "--epochs", 1).exit_code == 0
    own.write_text(records.read_text().replace('"address"', '"place"'))
    refused = fit(own, tmp_path / "run", "--epochs", 2, "--resume")
    assert refused.exit_code == 1 and "have other labels (address, place) than this run began with" in refused.stderr


def test_files_without_a_readable_record(tmp_path):
    (tmp_path / "gbk.jsonl").write_bytes('{"text": "张伟"}\n'.encode("gbk"))
    result = train(tmp_path / "gbk.jsonl", "-o", tmp_path / "run")
    assert result.exit_code == 1 and "there are no training records: no line of the files can be read" in result.stderr


def test_a_split_that_leaves_no_dev_text_says_what_to_do(tmp_path):
    (tmp_path / "one.jsonl").write_text(line(*TEXTS[0]) + "\n")
    result = train(tmp_path / "one.jsonl", "-o", tmp_path / "run", "--set", "data.dev_share=0.01")
    assert result.exit_code == 1 and "--set data.dev_share=0.3" in result.stderr


def test_without_a_dev_part_all_texts_are_learned_and_the_last_epoch_is_kept(records, tmp_path):
    out = tmp_path / "run"
    result = train(records, "-o", out, "--epochs", 2, "--set", "data.dev_share=0")
    assert result.exit_code == 0, result.output
    assert "train 8 texts in 8 windows; dev 0 texts (all are learned)" in result.stderr
    assert [row["dev"] for row in metrics(out)] == [None, None]
    note = json.loads((out / "best" / "model.json").read_text())["note"]
    assert note["epoch"] == 2 and "dev_f1" not in note
    assert (out / "best" / "model.safetensors").read_bytes() == (out / "last" / "model.safetensors").read_bytes()
    shown = CliRunner().invoke(app, ["eval", str(records), "-m", str(out), "--report", str(tmp_path / "page.html")])
    assert shown.exit_code == 0, shown.output


def test_refused_seeds_leave_no_empty_folders(records, tmp_path):
    result = train(records, "-o", tmp_path / "run", "--seeds", 2, "--encoder", "./nowhere")
    assert result.exit_code == 1 and "no encoder './nowhere'" in result.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("asked", "reason"),
    [(("--set", "train.patience=1"), "waits for a better dev score"), (("--seeds", 2), "compared by their dev score")],
)
def test_what_needs_a_dev_score_is_refused_without_one(records, tmp_path, asked, reason):
    result = train(records, "-o", tmp_path / "run", "--epochs", 1, "--set", "data.dev_share=0", *asked)
    assert result.exit_code == 1 and reason in result.stderr
    assert not (tmp_path / "run").exists()


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


@pytest.mark.parametrize("asked", [("--encoder", "./nowhere"), ("--dev", "nowhere.jsonl"), ("--set", "model.head=x")])
@pytest.mark.parametrize("seeds", [(), ("--seeds", 2)])
def test_a_run_that_cannot_begin_overwrites_nothing(records, tmp_path, asked, seeds):
    out = tmp_path / "run"
    assert fit(records, out, "--epochs", 1, *seeds).exit_code == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert train(records, "-o", out, "--epochs", 1, *seeds, *asked, "--overwrite").exit_code == 1
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_a_run_begins_with_the_encoder_of_another_and_goes_on(records, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    other = tmp_path / "other.jsonl"
    other.write_text(records.read_text().replace('"address"', '"place"'))
    assert fit(records, first, "--epochs", 1).exit_code == 0
    assert fit(other, second, "--epochs", 1, "-e", first).exit_code == 0
    recipe = yaml.safe_load((second / "recipe.yaml").read_text())["encoder"]
    assert (recipe["name"], recipe["begin"]) == ("char-bilstm", str(first / "best"))
    assert fit(other, second, "--epochs", 2, "--resume", second / "recipe.yaml").exit_code == 0
    assert len(metrics(second)) == 2
    shutil.rmtree(first)  # the model has what it needs
    assert CliRunner().invoke(app, ["predict", "-m", str(second), str(other)]).exit_code == 0
    assert json.loads((second / "best" / "model.json").read_text())["labels"]["names"] == [
        "name",
        "organization",
        "place",
    ]


def test_seeds_that_begin_with_a_model_go_on(records, tmp_path):
    """The recipes of finished ones have the name of its encoder, and where it was found."""
    assert fit(records, tmp_path / "first", "--epochs", 1).exit_code == 0
    args = (tmp_path / "runs", "--epochs", 1, "-e", tmp_path / "first")
    assert fit(records, *args, "--seeds", "1,").exit_code == 0
    more = fit(records, *args, "--seeds", "1,2", "--resume")
    assert more.exit_code == 0 and "seed 2, in" in more.stderr and "seed 1, in" not in more.stderr
    (tmp_path / "first").rename(tmp_path / "other")
    other = fit(records, *args, "-e", tmp_path / "other", "--seeds", "1,2,3", "--resume")
    assert other.exit_code == 1 and "seed-1: is finished with another encoder.begin" in other.stderr


@pytest.mark.parametrize("asked", [("-e", "char-bilstm"), ("--set", "encoder.name=char-bilstm")])
def test_another_encoder_than_the_recipe_begins_with(records, tmp_path, asked):
    assert fit(records, tmp_path / "first", "--epochs", 1).exit_code == 0
    assert fit(records, tmp_path / "second", "--epochs", 1, "-e", tmp_path / "first").exit_code == 0
    assert fit(records, tmp_path / "third", tmp_path / "second" / "recipe.yaml", *asked).exit_code == 0
    assert yaml.safe_load((tmp_path / "third" / "recipe.yaml").read_text())["encoder"]["begin"] is None


def test_tokenised_records_are_not_those_of_an_earlier_model_in_the_same_place(records, tmp_path):
    """Its other vocabulary has other ids."""
    other = tmp_path / "other.jsonl"
    other.write_text(line("北京大学在北京市", [(0, 4, "organization")]) + "\n")
    for first, name in ((records, "mine"), (other, "again")):
        assert fit(first, tmp_path / "first", "--epochs", 1, "--overwrite").exit_code == 0
        assert fit(records, tmp_path / name, "--epochs", 1, "-e", tmp_path / "first").exit_code == 0
    shutil.rmtree(tmp_path / "cache")
    assert fit(records, tmp_path / "anew", "--epochs", 1, "-e", tmp_path / "first").exit_code == 0
    assert metrics(tmp_path / "anew") == metrics(tmp_path / "again") != metrics(tmp_path / "mine")


def test_seeds_that_are_overwritten_are_all_made_anew(records, tmp_path):
    out = tmp_path / "runs"
    assert fit(records, out, "--epochs", 2, "--seeds", 2).exit_code == 0
    assert fit(records, out, "--epochs", 1, "--seeds", 2, "--overwrite").exit_code == 0
    assert [len(metrics(out / name)) for name in ("seed-1", "seed-2")] == [1, 1]


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
    result = train(data, "--dev", records, "-o", tmp_path / "run", "--epochs", 1, "--set", "train.max_length=16")
    assert result.exit_code == 0, result.output
    assert "gold spans lost in training: 1 × longer than the overlap of two windows" in result.stderr


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["missing.jsonl"], "missing.jsonl: No such file"),
        (["missing.yaml"], "missing.yaml: no such file"),
        (["RECORDS", "--set", "train.epoch=1"], "Did you mean 'train.epochs'?"),
        (["RECORDS", "--set", "train.epochs=x"], "'train.epochs' must be a whole number"),
        (["RECORDS", "--set", "model.head_sizes=3"], "Did you mean 'model.head_size'?"),
        (["RECORDS", "--set", "train.batch=0"], "'train.batch' cannot be 0"),
        (["RECORDS", "--set", "train.lr=.nan"], "'train.lr' cannot be nan"),
        (["RECORDS", "--set", "train.precision=float61"], "Did you mean 'float16'?"),
        (["RECORDS", "--set", "train.fgm.variant=neither"], "Known: adversarial, both"),
        (["RECORDS", "--set", "train.fgm.epsilon=-1"], "'train.fgm.epsilon' cannot be -1"),
        (["RECORDS", "--set", "train.layer_decay=0"], "'train.layer_decay' cannot be 0"),
        (["RECORDS", "--set", "model.dropout=2"], "'model.dropout' cannot be 2.0"),
        (["RECORDS", "--set", "model.head_size=7"], "'model.head_size' cannot be 7"),
        (["RECORDS", "--set", "model.max_spans=0"], "'model.max_spans' cannot be 0"),
        (["RECORDS", "--set", "train.r_drop=1", "--task", "ner_crf"], "needs a pointer head"),
        (["RECORDS", "--encoder", "./nowhere"], "no encoder './nowhere'"),
        (["RECORDS", "--encoder", "tests/nowhere"], "no encoder 'tests/nowhere'"),
        (["UNLABELLED"], "not annotated"),
        (["UNLABELLED", "--task", "ner_pointer", "--set", "model.dropout=2"], "'model.dropout' cannot be 2.0"),
    ],
)
def test_mistakes_end_in_one_line(records, tmp_path, args, reason):
    unlabelled = tmp_path / "u.jsonl"
    unlabelled.write_text("".join(f'{{"text": "没有标注{i}"}}\n' for i in range(9)))
    names = {"RECORDS": str(records), "UNLABELLED": str(unlabelled)}
    arguments = [names.get(a, a) for a in args]
    result = train(*arguments, "-o", tmp_path / "run", "--set", "train.seed=1", "--set", "data.dev_share=0.4")
    assert result.exit_code == 1
    assert reason in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ([], "no training records are named"),
        (["RECORDS", "--seeds", "x"], "--seeds takes a number of seeds"),
        (["RECORDS", "--set", "train.batch"], "--set takes KEY=VALUE"),
        (["RECORDS", "--task", "ner_pointr"], "Did you mean 'ner_pointer'?"),
        (["a.yaml", "b.yaml"], "one recipe at a time"),
    ],
)
def test_wrong_usage_ends_in_one_line(records, tmp_path, args, reason):
    result = train(*[str(records) if arg == "RECORDS" else arg for arg in args], "-o", tmp_path / "run")
    assert result.exit_code == 2
    assert reason in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [
        ("train: {clip: 1}", "unknown setting 'train.clip'. Known: train.epochs, "),
        ("task: ner_pointer\nmodel: {size: 3}", "unknown setting 'model.size'. Did you mean"),
        ("task: ner_pointer\nmodel: {head: x}", "unknown model.head 'x'. Known: efficient, global_pointer"),
        ("task: ner_pointr", "unknown task 'ner_pointr'. Did you mean 'ner_pointer'?"),
    ],
)
def test_mistakes_in_a_recipe_are_told_with_its_name(records, tmp_path, recipe, reason):
    place = tmp_path / "old.yaml"
    place.write_text(recipe)
    result = train(place, records, "-o", tmp_path / "run")
    assert result.exit_code == 1 and result.stderr.count("\n") == 1
    assert result.stderr.startswith(f"error: {place}: {reason}")
    place.write_text("task: ner_pointer")
    assert f"{place}:" not in train(place, records, "-o", tmp_path / "run", "--set", "train.clip=1").stderr


def test_a_wrong_setting_of_a_guessed_task_is_told_before_anything_is_made(records, tmp_path):
    assert train(records, "-o", tmp_path / "run", "--set", "model.head_sizes=3").exit_code == 1
    assert not (tmp_path / "run").exists()


def test_records_without_the_annotation_are_no_examples_of_nothing(records, tmp_path):
    mixed = tmp_path / "mixed.jsonl"
    mixed.write_text(records.read_text() + '{"text": "赵六去了南京", "relations": []}\n' * 3)
    args = ("--task", "ner_pointer", "--epochs", 2, "--dev", records)
    for name, source in (("plain", records), ("mixed", mixed)):
        result = train(source, *args, "-o", tmp_path / name, "--cache", tmp_path / "cache")
        assert result.exit_code == 0, result.output
    assert "note: 3 of 11 training records have no 'entities' and are left out" in result.stderr
    assert metrics(tmp_path / "plain") == metrics(tmp_path / "mixed")


@pytest.mark.parametrize("what", ["pipe", "-"])
def test_records_that_cannot_be_read_again_are_refused(what, records, tmp_path):
    source = tmp_path / what
    if what == "pipe":
        os.mkfifo(source)
    else:
        source = "-"
    result = train(source, "--dev", records, "-o", tmp_path / "run")
    assert result.exit_code == 1 and result.stderr.count("\n") == 1
    assert result.stderr.endswith("so a pipe will not do; name a file\n")


@pytest.mark.parametrize("processes", [1, 2])
def test_compressed_records_are_the_same_records(records, tmp_path, processes):
    packed = tmp_path / "train.jsonl.gz"
    packed.write_bytes(gzip.compress(records.read_bytes()))
    args = ("--dev", packed, "--epochs", 1, "--processes", processes, "--cache", tmp_path / "cache")
    for name, source in (("plain", records), ("packed", packed)):
        result = train(source, *args, "-o", tmp_path / name)
        assert result.exit_code == 0, result.output
    assert metrics(tmp_path / "packed") == metrics(tmp_path / "plain")
    packed.write_bytes(packed.read_bytes()[:-9])
    cut = train(packed, *args, "-o", tmp_path / "cut")
    assert cut.exit_code == 1 and "cannot be decompressed" in cut.stderr


def test_a_folder_for_tokenised_data_that_cannot_be_made_is_told(records, tmp_path):
    result = train(records, "--dev", records, "-o", tmp_path / "run", "--cache", records / "cache")
    assert result.exit_code == 1 and result.stderr.count("\n") == 1
    assert result.stderr.startswith(
        f"error: {records / 'cache'}: tokenised data cannot be kept there (Not a directory)"
    )


def test_a_disk_without_room_is_one_line(records, room, tmp_path):
    assert fit(records, tmp_path / "other").exit_code == 0  # the tokenised data are there
    with room(4000):
        result = fit(records, tmp_path / "run")
    assert result.exit_code == 1 and result.stderr.splitlines()[-1].startswith(f"error: {tmp_path / 'run'}")
    assert result.stderr.endswith(": File too large\n")


def test_a_folder_that_another_run_has_is_left_to_it(records, tmp_path):
    pytest.importorskip("fcntl")
    (tmp_path / "run").mkdir()
    with locked(tmp_path / "run", tmp_path / "run"):
        result = fit(records, tmp_path / "run")
        assert result.exit_code == 1 and "run: another run is writing it" in result.stderr
        assert (tmp_path / "run").exists()


def test_records_of_a_file_whose_name_is_no_text(records, tmp_path):
    odd = tmp_path / os.fsdecode(b"\xff.jsonl")
    try:
        odd.write_bytes(records.read_bytes())
    except OSError:
        pytest.skip("this system has no such names")
    assert fit(odd, tmp_path / "run", "--epochs", 1).exit_code == 0
    note = json.loads((tmp_path / "run" / "best" / "model.json").read_text())["note"]
    assert note["recipe"]["data"]["train"] == [str(odd)]
