"""A model of several parts on the command line: trained, resumed, used, scored, exported."""

import json

import pytest
import yaml
from typer.testing import CliRunner

import ie_cli
from ie_cli.commands import app

TINY = "encoder.options={characters: 16, bigrams: 16, words: 4, hidden: 32, layers: 1, dropout: 0.0, forget: 0.0}"
TEXTS = ["李四写了活着", "王五写了兄弟", "李四离职", "王五离职", "张三在北京", "赵六在上海"]


def span(text, start, kind=None):
    return {"start": start, "end": start + 2, **({"type": kind} if kind else {}), "text": text[start : start + 2]}


def annotated(text):
    """Each text is annotated for one of three tasks."""
    if "写" in text:
        return {"relations": [{"predicate": "作者", "subject": span(text, 4, "书"), "object": span(text, 0, "人")}]}
    if "离职" in text:
        return {"events": [{"type": "离职", "trigger": span(text, 2),
                            "arguments": [{"role": "人物", **span(text, 0)}]}]}  # fmt: skip
    return {"entities": [span(text, 0, "人物"), span(text, 3, "地点")]}


def ie(*args, stdin=None):
    result = CliRunner().invoke(app, list(map(str, args)), input=stdin)
    assert result.exit_code == 0, result.output
    return result


def written(path, records):
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    place = tmp_path_factory.mktemp("multi")
    records = [{"id": i, "text": text} | annotated(text) for i, text in enumerate(TEXTS)]
    files = [written(place / f"{i}.jsonl", records[2 * i : 2 * i + 2]) for i in range(3)]
    gold = written(place / "gold.jsonl", records)
    dropout = [
        word for part in ("ner_pointer", "relation_gplinker", "event_gplinker")
        for word in ("--set", f"model.settings.{part}.dropout=0")
    ]  # fmt: skip
    flags = [*files, "--dev", gold, "--task", "multi", "-o", place / "run", "--threads", 1, "--cache", place / "cache",
             "--set", TINY, *dropout, "--set", "train.lr=0.02", "--set", "train.batch=3",
             "--set", "train.max_grad_norm=5"]  # fmt: skip
    told = ie("train", *flags, "--epochs", 30).stderr
    again = ie("train", *flags, "--epochs", 31, "--resume").stderr
    return place, told, again


def test_training_tells_every_kind_and_goes_on_where_it_stopped(run):
    place, told, again = run
    assert "task multi, 5 types: 人物, 地点, 作者, 离职/触发词, 离职/人物" in told
    assert "F1 1.0000 (entities 1.0000, relations 1.0000, events 1.0000)" in told
    assert "epoch 31:" in again and "epoch 30:" not in again
    lines = [json.loads(line) for line in (place / "run" / "metrics.jsonl").read_text().splitlines()]
    assert len(lines) == 31 and set(lines[-1]["dev"]["scores"]) == {"entities", "relations", "events"}
    kept = yaml.safe_load((place / "run" / "recipe.yaml").read_text())["model"]
    assert kept["parts"] == ["ner_pointer", "relation_gplinker", "event_gplinker"]
    assert kept["settings"]["event_gplinker"]["dropout"] == 0 and kept["weights"]["ner_pointer"] == 1


def test_one_pass_gives_all_parts_and_they_are_scored_apart(run):
    place, *_ = run
    gold, run, out = place / "gold.jsonl", place / "run", place / "out.jsonl"
    ie("predict", "-m", run, gold, "-o", out)
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert all({"entities", "relations", "events"} <= row.keys() for row in rows)
    assert rows[0]["relations"][0]["subject"]["text"] == "活着" and rows[2]["events"][0]["type"] == "离职"
    for args in ([gold, out, "--task", "all"], [gold, "-m", run]):
        scored = json.loads(ie("eval", *args, "--json").stdout)
        assert {part: score["micro"]["f1"] for part, score in scored.items()} == dict.fromkeys(
            ("entities", "relations", "events"), 1
        )
    text = ie("eval", gold, out, "--task", "all").stdout
    assert [line for line in text.splitlines() if line in scored] == ["events", "relations", "entities"]
    one = ie("eval", gold, "-m", run, "--task", "relations", "--json").stdout
    assert json.loads(one)["kind"] == "relations"
    assert ie("show", out).stdout.count("离职") > 2
    extract = ie_cli.load(run)
    assert extract.task == "multi" and extract("李四离职").events[0].trigger.text == "离职"


def test_what_is_asked_of_one_task_is_refused_for_several(run):
    place, *_ = run
    gold, model = place / "gold.jsonl", place / "run"
    copied = written(place / "copied.jsonl", [json.loads(line) for line in gold.read_text().splitlines()])
    for args, reason in (
        ([gold, "-m", model, "--errors"], "look at one task; name it with --task"),
        ([gold, "-m", model, "--rule", "strict"], "--rule and --alias are of one task"),
        ([gold, copied, copied, "--task", "all"], "compared in one task"),
    ):
        refused = CliRunner().invoke(app, ["eval", *map(str, args)])
        assert refused.exit_code == 2 and reason in refused.stderr and refused.stderr.count("\n") == 1
    failed = CliRunner().invoke(app, ["eval", str(gold), "-m", str(model), "--fail-under", "1.0"])
    assert failed.exit_code == 0
    threshold = ie("predict", "-m", model, gold, "--threshold", "0.05").stdout
    found = ie("eval", gold, "-", "--task", "events", "--find-threshold", stdin=threshold)
    assert "best" in found.stdout


def test_parts_that_are_copies_of_the_gold_are_not_scored(run):
    place, *_ = run
    both = [{"text": TEXTS[4], "events": []} | annotated(TEXTS[4]), {"text": TEXTS[2]} | annotated(TEXTS[2])]
    gold = written(place / "both.jsonl", both)
    pred = written(place / "pred.jsonl", [row | {"entities": []} for row in both])
    result = ie("eval", gold, pred, "--task", "all")
    assert "note: scored are the entities; for what else GOLD has: PRED has none of its own" in result.stderr


def test_long_texts_are_read_in_windows_that_all_parts_share(run):
    place, *_ = run
    long = written(place / "long.jsonl", [{"text": "李四离职。" * 12}, {"text": ""}])
    rows = list(map(json.loads, ie("predict", "-m", place / "run", long, "--explain").stdout.splitlines()))
    assert rows[0]["windows"] > 1 and len(rows[0]["events"]) > 3 and rows[1]["windows"] == 1


def test_records_are_checked_as_the_model_would_read_them(run):
    place, *_ = run
    records = [{"text": "李四来", "entities": [span("李四来", 0)]}, {"text": "没有"}]
    told = ie("check", written(place / "bad.jsonl", [*records, {"text": TEXTS[4]} | annotated(TEXTS[4])]),
              "--task", "multi", "--encoder", "char-bilstm", "--json").stdout  # fmt: skip
    assert "type 'None' is not one of the model's" in told and "record that is annotated for no part" in told


def test_dev_records_that_say_nothing_of_a_part_are_told(run):
    place, *_ = run
    dev = written(place / "dev.jsonl", [{"text": TEXTS[0]} | annotated(TEXTS[0])])
    told = ie("train", *(place / f"{i}.jsonl" for i in range(3)), "--dev", dev, "--task", "multi", "-o", place / "few",
              "--epochs", 1, "--threads", 1, "--cache", place / "cache", "--set", TINY).stderr  # fmt: skip
    for part in ("entities", "events"):
        assert f"note: no dev record is annotated for {part}, so the dev score says nothing of them" in told
    assert "annotated for relations" not in told


def test_the_encoder_is_exported_once_for_all_parts(run):
    pytest.importorskip("onnxruntime")
    place, *_ = run
    told = ie("export", place / "gold.jsonl", "-m", place / "run", "-o", place / "onnx").stderr
    assert "F1 1.0000 against the model's" in told
    plain, exported = (ie("predict", "-m", place / name, place / "gold.jsonl").stdout for name in ("run", "onnx"))
    assert plain.count("start") == exported.count("start") > 8
