"""`ie check` as a user runs it."""

import json
import os
import subprocess
import sys
import threading

import pytest
from typer.testing import CliRunner

from ie_cli.commands import app

TINY = "encoder.options={characters: 16, bigrams: 8, words: 4, hidden: 16, layers: 1, dropout: 0.0}"
TRAIN = [("张伟住在北京市", [(0, 2, "name"), (4, 7, "address")]), ("李娜去了上海", [(0, 2, "name"), (4, 6, "address")])]
DEV = [("王芳在北京", [(0, 2, "name")]), ("李娜去了上海", [])]


def lines(rows):
    for text, spans in rows:
        entities = [{"start": s, "end": e, "type": t, "text": text[s:e]} for s, e, t in spans]
        yield json.dumps({"text": text, "entities": entities}, ensure_ascii=False)


@pytest.fixture
def files(tmp_path):
    """A train and a dev file, the latter with a text of train."""
    for name, rows in (("train", TRAIN), ("dev", DEV)):
        (tmp_path / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines(rows)))
    return tmp_path / "train.jsonl", tmp_path / "dev.jsonl"


def check(*args, **more):
    return CliRunner().invoke(app, ["check", *map(str, args)], **more)


def test_tables_then_findings_with_places_and_what_to_try(files):
    train, dev = files
    result = check(train, "--dev", dev)
    assert result.exit_code == 0, result.output
    rows = [row.split() for row in result.stdout.splitlines()]
    assert ["name", "2", "50.0", "1", "100.0"] in rows and ["mean", "6.5", "5.5"] in rows
    assert "!! dev texts that are in train (1 annotated differently): 1 of 2 (50.0%)" in result.stdout
    assert f"   {dev}:2: = {train}:2, annotated differently: 李娜去了上海\n   try: take them out" in result.stdout
    assert result.stdout.endswith("to look at: 1, of which 1 spoil training or its score (!!)\n")


def test_json_has_all_that_the_table_has(files):
    found = json.loads(check(files[0], "--dev", files[1], "--json").stdout)
    assert found["sections"]["entity types"] == {"train": {"name": 2, "address": 2}, "dev": {"name": 1, "address": 0}}
    (finding,) = found["findings"]
    assert (finding["kind"], finding["count"], finding["share"], finding["spoils"]) == ("dev_in_train", 1, 0.5, True)


def test_strict_fails_only_on_what_spoils(files):
    assert check(files[0], "--strict").exit_code == 0
    failed = check(files[0], "--dev", files[1], "--strict")
    assert failed.exit_code == 1
    assert failed.stderr == "error: dev texts that are in train (1 annotated differently): 1\n"


def test_lost_gold_is_what_training_says(files, tmp_path):
    text = "张伟" + "啊" * 40 + "北京"
    long = tmp_path / "long.jsonl"
    long.write_text("".join(f"{line}\n" for line in lines([(text, [(0, 2, "name"), (0, 44, "address")])])))
    settings = ["--set", TINY, "--set", "train.max_length=16"]
    result = check(long, "-e", "char-bilstm", *settings)
    assert result.exit_code == 0, result.output
    assert "! gold parts of train lost: longer than the overlap of two windows: 1" in result.stdout
    assert "! training texts of more than 16 tokens, read in several windows: 1 of 1 (100.0%)" in result.stdout
    trained = ["train", long, "--dev", files[1], "-o", tmp_path / "run", "--epochs", 1, "--threads", 1, *settings]
    told = CliRunner().invoke(app, [*map(str, trained), "--cache", str(tmp_path / "cache")])
    assert "gold spans lost in training: 1 × longer than the overlap of two windows" in told.stderr


def test_standard_input_is_read_twice_and_a_bad_line_is_told(files):
    source = files[0].read_text() + "{nonsense\n" + '{"text": "在北京市", "entities": []}\n'
    result = check(input=source)
    assert result.exit_code == 3 and "-:3: not JSON" in result.stderr
    assert "-:4: 北京市 is annotated 1 ×, left out 1 ×" in result.stdout


@pytest.mark.parametrize(
    ("args", "code", "reason"),
    [
        (["missing.jsonl"], 1, "missing.jsonl: no such file"),
        (["EMPTY"], 1, "there are no records to check"),
        (["TRAIN", "--task", "ner_crf"], 2, "--encoder"),
        (["-", "--dev", "-"], 2, "read once only"),
        (["TRAIN", "-e", "char-bilstm", "--task", "ner_crff"], 2, "Did you mean 'ner_crf'?"),
        (["TRAIN", "-e", "char-bilstm", "--set", "train.max_lenght=3"], 1, "Did you mean 'train.max_length'?"),
    ],
)
def test_mistakes_are_told(files, tmp_path, args, code, reason):
    (tmp_path / "empty.jsonl").write_text("")
    names = {"TRAIN": str(files[0]), "EMPTY": str(tmp_path / "empty.jsonl")}
    result = check(*(names.get(arg, arg) for arg in args))
    assert result.exit_code == code and reason in " ".join(result.stderr.split())


def test_without_an_encoder_no_torch_is_loaded(files):
    code = (
        "import sys\nfrom ie_cli.commands import app\n"
        f"app(['check', {str(files[0])!r}], standalone_mode=False)\n"
        "print(sorted({'torch', 'transformers', 'datasets', 'jieba'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_of_a_pipe_is_found_what_is_found_of_a_file(files, tmp_path):
    train, dev = files
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    threading.Thread(target=lambda: pipe.write_bytes(train.read_bytes()), daemon=True).start()
    assert check(pipe, "--dev", dev).stdout.replace("pipe:", "train.jsonl:") == check(train, "--dev", dev).stdout


def test_a_file_whose_name_is_no_text(files, tmp_path):
    odd = tmp_path / os.fsdecode(b"\xff.jsonl")
    try:
        odd.write_bytes(files[0].read_bytes())
    except OSError:
        pytest.skip("this system has no such names")
    found = json.loads(check(odd, "--dev", odd, "--json").stdout)
    assert odd.name in json.dumps(found["findings"], ensure_ascii=False)
