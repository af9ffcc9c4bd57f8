"""Two processes as `torchrun` starts them against one process with twice the batch."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from tiny import RECORDS, TINY
from typer.testing import CliRunner

from ie_cli import records
from ie_cli.commands import app

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone", "-m", "ie_cli"]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Thirteen texts: with four in a step, the last step has one, of which the second process gets none.

    Some are annotated with nothing, so that CasRel uses only a part of its weights.
    """
    path = tmp_path_factory.mktemp("data") / "train.jsonl"
    with path.open("wb") as stream:
        nothing = [replace(record, entities=[], relations=[]) for record in RECORDS]
        records.write((RECORDS + nothing * 2)[:13], stream)
    return path


def arguments(source, out, task, *options):
    """Those of `ie` for a training without dropout."""
    settings = ["model.dropout=0", "train.lr=0.01", "train.max_grad_norm=1", *options]
    settings += [f"encoder.options={json.dumps(TINY)}"]
    found = ["train", source, "--dev", source, "-o", out, "--cache", out.parent / "cache", "--task", task]
    found += ["--threads", 1, "--epochs", 3, *(x for setting in settings for x in ("--set", setting))]
    return list(map(str, found))


def losses(out):
    return [json.loads(row)["loss"] for row in (out / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("task", "options"),
    [
        ("ner_pointer", ["train.fgm.epsilon=0.5", "train.ema=0.5"]),
        ("relation_casrel", []),  # whose loss is a mean over tokens
    ],
)
def test_two_processes_train_as_one_with_twice_the_batch(source, tmp_path, task, options):
    alone = CliRunner().invoke(app, arguments(source, tmp_path / "one", task, "train.batch=4", *options))
    assert alone.exit_code == 0, alone.output
    command = [*TORCHRUN, *arguments(source, tmp_path / "two", task, "train.batch=1", "train.accumulate=2", *options)]
    both = subprocess.run(command, capture_output=True, text=True)
    assert both.returncode == 0, both.stderr
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=1e-4)
    one, two = (load_file(tmp_path / run / "last" / "model.safetensors") for run in ("one", "two"))
    for name, weight in one.items():
        torch.testing.assert_close(two[name], weight, rtol=0, atol=1e-5, msg=name)
    assert both.stdout == ""
    told = [line for line in both.stderr.splitlines() if line.startswith(("task", "epoch", "the model"))]
    assert len(told) == 1 + 3 + 1 and "[W" not in both.stderr
    assert json.loads((tmp_path / "two" / "run.json").read_text())["processes"] == 2


def test_the_other_processes_leave_stated_errors_to_the_first(source, tmp_path):
    command = arguments(source, tmp_path / "run", "ner_pointer", "train.batch=0")
    told = {}
    for rank in "01":
        done = CliRunner(env={"RANK": rank, "WORLD_SIZE": "2"}).invoke(app, command)
        assert done.exit_code == 1
        told[rank] = done.stderr
    assert "'train.batch' cannot be 0" in told["0"] and told["1"] == ""
