"""From a published file to its submission file: the four commands, one after the other, for relations and events."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ie_cli.commands import app

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
TINY = "encoder.options={characters: 16, bigrams: 16, words: 4, hidden: 32, layers: 1, dropout: 0.0, forget: 0.0}"


def ie(*args):
    return CliRunner().invoke(app, list(map(str, args)))


def strings(path, rule):
    """The relations or events of each record as the data sets have them, by their strings."""
    part = rule.split("|")[0]

    def plain(item):
        ends = [item.get(key) or {} for key in ("subject", "object", "trigger")]
        more = [*item.get("slots", {}).items(), *((a["role"], a) for a in item.get("arguments", []))]
        texts = sorted((name, span.get("value", span["text"])) for name, span in more)
        return item.get("predicate") or item["type"], [e.get("value", e.get("text")) for e in ends], texts

    rows = map(json.loads, path.read_text().splitlines())
    return [sorted({repr(plain(item)) for item in row.get(part) or []}) for row in rows]


@pytest.mark.parametrize(
    ("format", "task", "rule"),
    [
        ("duie1", "relation_gplinker", "relations|text"),
        ("duie2", "relation_casrel", "relations|text"),
        ("duee", "event_gplinker", "events|duee_fin"),
        ("duee_fin", "event_gplinker", "events|duee_fin"),
        ("fewfc", "event_crf", "events|argument"),
    ],
)
def test_raw_file_to_submission(format, task, rule, tmp_path):
    data, run, predicted, submission = (tmp_path / name for name in ("data.jsonl", "run", "out.jsonl", "submission"))
    converted = ie("convert", format, *sorted((SAMPLES / format).glob("raw*")), "-o", data)
    assert converted.exit_code in (0, 3), converted.output  # the samples have defects on purpose
    settings = ["--set", TINY, "--set", "model.dropout=0", "--set", "train.lr=0.02", "--set", "train.batch=2"]
    trained = ie("train", data, "--dev", data, "-o", run, "--task", task, "--epochs", 60, "--threads", 1,
                 "--cache", tmp_path / "cache", *settings)  # fmt: skip
    assert trained.exit_code == 0, trained.output
    assert ie("predict", "-m", run, data, "-o", predicted).exit_code == 0
    scored = ie("eval", data, predicted, "--json")
    assert scored.exit_code == 0, scored.output
    result = json.loads(scored.stdout)
    assert result["signature"].startswith(rule)
    assert result["micro"]["f1"] > 0.5  # the samples have what no model of tokens can learn: values in no text
    written = ie("convert", "jsonl", predicted, "--to", format, "-o", submission)
    assert written.exit_code == 0, written.output
    again = ie("convert", format, submission, "-o", tmp_path / "again.jsonl")
    assert again.exit_code == 0, again.output
    assert strings(tmp_path / "again.jsonl", rule) == strings(predicted, rule)


@pytest.mark.parametrize("task", ["relation_gplinker", "relation_casrel"])
def test_records_without_relations_are_refused_with_what_to_do(task, tmp_path):
    (tmp_path / "x.jsonl").write_text('{"text": "文", "entities": []}\n')
    result = ie("train", tmp_path / "x.jsonl", "-o", tmp_path / "run", "--task", task)
    assert result.exit_code == 1 and "hold no relations" in result.stderr
