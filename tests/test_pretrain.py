"""`ie pretrain` as a user runs it, on a few sentences and tiny encoders."""

import json
import signal
import subprocess
import sys

import pytest
import torch
import yaml
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer
from typer.testing import CliRunner

from ie_cli.commands import app
from ie_cli.text.character_tokenizer import SPECIALS
from ie_cli.zoo import encoders
from ie_cli.zoo.encoders import EncoderSettings

LINES = ["张三丰生于武当山。", "李四在清华大学学习。", "王五在北京工作，张三也在北京。", "张三丰在武当山学武。"]
TINY = "encoder.options={characters: 12, bigrams: 6, words: 4, hidden: 8, layers: 1, dropout: 0.0, forget: 0.0}"
QUICK = ["train.batch=4", "save_every=4", "texts.held_out=4", "train.lr=0.01"]
BUILT_IN = ["-e", "char-bilstm", "--set", TINY]


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "texts.txt"
    path.write_text("\n\n".join(LINES * 6) + "\n", encoding="utf-8")
    return path


def arguments(texts, out, *args):
    settings = [x for setting in QUICK for x in ("--set", setting)]
    given = ["pretrain", texts, "-o", out, "--cache", out.parent / "cache", "--threads", 1, *settings, *args]
    return [str(x) for x in given]


def pretrain(texts, out, *args):
    return CliRunner().invoke(app, arguments(texts, out, *args))


def rows(out):
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def test_a_built_in_learns_to_guess_and_can_be_trained_on(texts, tmp_path):
    result = pretrain(texts, tmp_path / "run", *BUILT_IN, "--steps", 120, "--set", "save_every=60")
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    last = rows(tmp_path / "run")[-1]
    assert last["step"] == last["steps"] == 120 and last["accuracy"] > 0.6  # 1 of 30 characters by chance
    for told in ("2 rows held out", "step 120/120: loss", "tokens/s", "0:00:00 to go"):
        assert told in result.stderr
    made = encoders.create(EncoderSettings(str(tmp_path / "run")), lambda: ())
    assert made.settings.name == "char-bilstm" and made.settings.begin == str(tmp_path / "run" / "encoder")
    weights = load_file(tmp_path / "run" / "encoder" / "model.safetensors")
    assert all(torch.equal(x, weights[name]) for name, x in made.module.state_dict().items())


def test_training_begins_with_the_pretrained_weights_and_the_model_stands_alone(texts, tmp_path):
    assert pretrain(texts, tmp_path / "run", *BUILT_IN, "--steps", 4).exit_code == 0
    span = {"start": 0, "end": 3, "type": "人物", "text": "张三丰"}
    line = json.dumps({"text": LINES[0], "entities": [span]}, ensure_ascii=False)
    (tmp_path / "train.jsonl").write_text(f"{line}\n" * 3)
    args = ["train", tmp_path / "train.jsonl", "--dev", tmp_path / "train.jsonl", "-e", tmp_path / "run"]
    args += ["-o", tmp_path / "ner", "--epochs", 1, "--threads", 1, "--cache", tmp_path / "cache", "--set"]
    trained = CliRunner().invoke(app, [*map(str, args), "train.lr=1e-12"])
    assert trained.exit_code == 0, trained.output
    before, after = (load_file(tmp_path / place / "model.safetensors") for place in ("run/encoder", "ner/best"))
    for name, weight in before.items():
        torch.testing.assert_close(after[f"encoder.{name}"], weight, rtol=0, atol=1e-6)
    kept = EncoderSettings(**yaml.safe_load((tmp_path / "ner" / "recipe.yaml").read_text())["encoder"])
    begun = encoders.create(kept, lambda: ()).module.state_dict()
    assert all(torch.equal(weight, begun[name]) for name, weight in before.items())
    (tmp_path / "run").rename(tmp_path / "elsewhere")
    predicted = CliRunner().invoke(app, ["predict", "-m", str(tmp_path / "ner"), str(tmp_path / "train.jsonl")])
    assert predicted.exit_code == 0, predicted.output


def test_a_pretrained_encoder_goes_on_and_stays_one_of_transformers(texts, pretrained, tmp_path):
    source = pretrained("Bert")
    result = pretrain(texts, tmp_path / "run", "-e", source, "--steps", 4, "--set", "train.bits=8")
    assert result.exit_code == 0, result.output
    folder = tmp_path / "run" / "encoder"
    before, after = (AutoModel.from_pretrained(place) for place in (source, folder))
    assert AutoTokenizer.from_pretrained(folder).get_vocab() == AutoTokenizer.from_pretrained(source).get_vocab()
    assert not torch.equal(before.embeddings.word_embeddings.weight, after.embeddings.word_embeddings.weight)
    assert load_file(folder / "model.safetensors")["embeddings.word_embeddings.weight"].dtype == torch.float16


def test_a_student_of_few_layers_and_its_own_characters(texts, pretrained, tmp_path):
    source = pretrained("Bert")
    args = ["-e", source, "--teacher", source, "--layers", "1", "--set", "student.vocabulary=20"]
    args += ["--set", "teacher.relations=1", "--set", "teacher.heads=2", "--set", "train.lr=1e-12", "--steps", 4]
    result = pretrain(texts, tmp_path / "run", *args)
    assert result.exit_code == 0, result.output
    assert f"taught by {source}" in result.stderr
    inner, old = (AutoModel.from_pretrained(place) for place in (tmp_path / "run" / "encoder", source))
    assert inner.config.num_hidden_layers == 1 and inner.config.vocab_size == 20
    kept, taken = inner.encoder.layer[0].state_dict(), old.encoder.layer[1].state_dict()
    for name, weight in kept.items():
        torch.testing.assert_close(weight, taken[name], rtol=0, atol=1e-6)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "run" / "encoder")
    characters = AutoTokenizer.from_pretrained(source).get_vocab()
    table, before = inner.get_input_embeddings().weight, old.get_input_embeddings().weight
    for token in ("在", "北", "[CLS]", "[MASK]"):
        mine, theirs = table[tokenizer.get_vocab()[token]], before[characters[token]]
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-6)
    # "京" is more frequent than "工", which is not among the twenty
    assert tokenizer.tokenize("京工") == ["京", "[UNK]"]


def test_a_student_with_a_narrower_feed_forward_part_goes_on_where_it_was(texts, pretrained, tmp_path):
    args = ["-e", pretrained("Bert"), "--steps", 4, "--set", "student.feed_forward=10"]
    assert pretrain(texts, tmp_path / "run", *args).exit_code == 0
    inner = AutoModel.from_pretrained(tmp_path / "run" / "encoder")
    assert inner.config.intermediate_size == 10 and inner.encoder.layer[1].output.dense.weight.shape == (16, 10)
    resumed = pretrain(texts, tmp_path / "run", "--steps", 8, "--resume")
    assert resumed.exit_code == 0 and "step 8/8" in resumed.stderr
    again = pretrain(texts, tmp_path / "next", "-e", tmp_path / "run", *args[2:])
    assert again.exit_code == 1 and "student.feed_forward: the encoder has 10 units already" in again.stderr


def test_a_vocabulary_is_filled_up_with_what_the_encoder_knows(texts, pretrained, tmp_path):
    args = ["-e", pretrained("Bert"), "--set", "student.vocabulary=1000", "--steps", 1]
    assert pretrain(texts, tmp_path / "run", *args).exit_code == 0
    characters = {token for token in AutoTokenizer.from_pretrained(pretrained("Bert")).get_vocab() if len(token) == 1}
    found = AutoTokenizer.from_pretrained(tmp_path / "run" / "encoder").get_vocab()
    assert set(found) == characters | set("".join(LINES)) | set(SPECIALS.values())


def test_distillation_alone_brings_the_student_nearer_to_its_teacher(texts, pretrained, tmp_path):
    source = pretrained("Bert")
    args = ["-e", source, "--teacher", source, "--layers", "0", "--steps", 40, "--set", "save_every=10"]
    result = pretrain(texts, tmp_path / "run", *args, "--set", "teacher.guess=0")
    assert result.exit_code == 0, result.output
    found = rows(tmp_path / "run")
    assert found[-1]["loss"] < 0.8 * found[0]["loss"] and found[-1]["accuracy"] is None
    assert "accuracy" not in result.stderr


def test_one_setting_of_train_leaves_the_others_as_they_are(texts, tmp_path):
    common = ["-o", tmp_path / "run", "--cache", tmp_path / "cache", "--threads", 1, *BUILT_IN]
    args = ["pretrain", texts, *common, "--steps", 1, "--seed", 2, "--set", "texts.held_out=4"]
    result = CliRunner().invoke(app, list(map(str, args)))
    assert result.exit_code == 0, result.output
    train = yaml.safe_load((tmp_path / "run" / "recipe.yaml").read_text())["train"]
    assert (train["seed"], train["batch"], train["max_grad_norm"]) == (2, 32, 1.0)


def test_a_run_that_was_killed_goes_on_to_the_same_weights(texts, tmp_path):
    args = (*BUILT_IN, "--steps", 12, "--set", "train.ema=0.9")
    assert pretrain(texts, tmp_path / "whole", *args).exit_code == 0
    command = [sys.executable, "-m", "ie_cli", *arguments(texts, tmp_path / "cut", *args)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith("step 4/12"):
            process.send_signal(signal.SIGKILL)
            break
    process.wait()
    assert 1 <= len(rows(tmp_path / "cut")) < 3
    again = ["pretrain", "-o", tmp_path / "cut", "--cache", tmp_path / "cache", "--threads", 1, "--resume"]
    result = CliRunner().invoke(app, list(map(str, again)))  # its own settings
    assert result.exit_code == 0, result.output
    one, two = (load_file(tmp_path / run / "encoder" / "model.safetensors") for run in ("whole", "cut"))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert [row["loss"] for row in rows(tmp_path / "whole")] == [row["loss"] for row in rows(tmp_path / "cut")]


def test_two_processes_train_together_and_the_first_one_tells(texts, tmp_path):
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone", "-m", "ie_cli"]
    both = subprocess.run(
        [*launch, *arguments(texts, tmp_path / "two", *BUILT_IN, "--steps", 4, "--set", "train.batch=2")],
        capture_output=True, text=True,
    )  # fmt: skip
    assert both.returncode == 0, both.stderr
    assert [row["step"] for row in rows(tmp_path / "two")] == [4]
    assert both.stderr.count("the encoder is in") == 1


CANNOT = {
    "no_texts": (["missing.txt"], "missing.txt: no such file"),
    "layers": (["--layers", "9"], "there is no layer 9"),
    "share": (["--set", "masking.share=1"], "masking.share"),
    "words": (["--set", "encoder.options.words=4"], "leave it out here"),
    "epochs": (["--set", "train.epochs=3"], "train.epochs has no part in pre-training; set steps"),
    "unit": (["--set", "masking.unit=wrod"], "Did you mean 'word'"),
    "built_in_teacher": (["--teacher", "char-bilstm"], "cannot teach"),
    "heads": (["--set", "teacher.relations=1", "--set", "teacher.heads=7", "--teacher", "BERT"], "no multiple of 7"),
}


def test_layers_are_numbers(texts, pretrained, tmp_path):
    result = pretrain(texts, tmp_path / "run", "-e", pretrained("Bert"), "--layers", "one")
    assert result.exit_code == 2 and "error: --layers takes numbers" in result.stderr


@pytest.mark.parametrize("case", CANNOT)
def test_what_cannot_be_done_is_one_line(case, texts, pretrained, tmp_path):
    args, message = CANNOT[case]
    source = pretrained("Bert")
    args = [str(source) if arg == "BERT" else arg for arg in args]
    result = pretrain(texts, tmp_path / "run", "-e", source, "--steps", 2, *args)
    assert result.exit_code == 1
    errors = [line for line in result.stderr.splitlines() if line.startswith("error")]
    assert len(errors) == 1 and message in errors[0]


@pytest.mark.parametrize("args", [["-e", "BERT"], ["-e", "char-bilstm", "--teacher", "BERT"]])
def test_rows_that_are_too_long_for_an_encoder_are_one_line(args, pretrained, tmp_path):
    """Its 40 positions are for 38 characters and two special tokens."""
    texts, source = tmp_path / "long.txt", str(pretrained("Bert"))
    texts.write_text("\n\n".join(["张三" * 30] * 4), encoding="utf-8")
    args = ["--steps", 1, *(source if arg == "BERT" else arg for arg in args)]
    result = pretrain(texts, tmp_path / "run", *args)
    assert result.exit_code == 1 and result.stderr.splitlines()[-1] == (
        "error: texts.length: the encoder reads 38 tokens at most; set it so, or lower"
    )
    assert pretrain(texts, tmp_path / "run", *args, "--set", "texts.length=38").exit_code == 0


def test_the_encoder_of_a_model_goes_on_with_other_characters(texts, pretrained, tmp_path):
    span = {"start": 0, "end": 3, "type": "人物", "text": "张三丰"}
    line = json.dumps({"text": LINES[0], "entities": [span]}, ensure_ascii=False)
    (tmp_path / "train.jsonl").write_text(f"{line}\n" * 3)
    args = ["train", tmp_path / "train.jsonl", "--dev", tmp_path / "train.jsonl", "-e", pretrained("Bert")]
    args += ["-o", tmp_path / "ner", "--epochs", 1, "--threads", 1, "--cache", tmp_path / "cache"]
    assert CliRunner().invoke(app, list(map(str, args))).exit_code == 0
    changed = pretrain(texts, tmp_path / "run", "-e", tmp_path / "ner", "--steps", 2, "--set", "student.vocabulary=20")
    assert changed.exit_code == 0, changed.output
    assert AutoModel.from_pretrained(tmp_path / "run" / "encoder").config.vocab_size == 20


def test_a_finished_run_is_not_overwritten_in_silence(texts, tmp_path):
    args = (*BUILT_IN, "--steps", 2)
    assert pretrain(texts, tmp_path / "run", *args).exit_code == 0
    again = pretrain(texts, tmp_path / "run", *args)
    assert again.exit_code == 1 and "--overwrite" in again.stderr
    refused = pretrain(tmp_path / "nowhere.txt", tmp_path / "run", *args, "--overwrite")
    assert refused.exit_code == 1 and (tmp_path / "run" / "encoder" / "model.safetensors").exists()
    assert len(rows(tmp_path / "run")) == 1
    assert pretrain(texts, tmp_path / "run", *args, "--overwrite").exit_code == 0
