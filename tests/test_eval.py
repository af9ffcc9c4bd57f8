import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

import ie_cli
from ie_cli.commands import app
from ie_cli.records import Entity, Record, dumps

GOLD = [
    ("1", "张三丰在北京大学", [(0, 3, "人物"), (4, 8, "机构"), (4, 6, "地点")]),
    ("2", "李四去上海", [(0, 2, "人物"), (3, 5, "地点")]),
]
PRED = [
    ("1", "张三丰在北京大学", [(0, 3, "人物"), (4, 8, "机构")]),
    ("2", "李四去上海", [(0, 2, "人物"), (2, 5, "地点"), (0, 1, "姓")]),
]
DATA = "data:b45ac328deca"
TABLE = f"""\
type         P       R      F1  tp  pred  gold
人物    1.0000  1.0000  1.0000   2     2     2
地点    0.0000  0.0000  0.0000   0     1     2
姓      0.0000  0.0000  0.0000   0     1     0
机构    1.0000  1.0000  1.0000   1     1     1
micro   0.6000  0.6000  0.6000   3     5     5
macro   0.6667  0.6667  0.6667   -     -     -
flat    0.6667  0.6667  0.6667   2     3     3
nested  0.5000  0.5000  0.5000   1     2     2
ner|exact(start,end,type)|micro|records:2|gold:5|pred:5|{DATA}|ie:{ie_cli.__version__}
"""


def lines(rows) -> str:
    made = (Record(text, ident, [Entity(s, e, t, text[s:e]) for s, e, t in spans]) for ident, text, spans in rows)
    return "".join(dumps(record) + "\n" for record in made)


@pytest.fixture
def ie(tmp_path, monkeypatch):
    """Run `ie eval` in a folder that holds gold.jsonl and pred.jsonl."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    (tmp_path / "gold.jsonl").write_text(lines(GOLD), "utf-8")
    (tmp_path / "pred.jsonl").write_text(lines(PRED), "utf-8")
    return lambda *args, **kwargs: CliRunner().invoke(app, ["eval", *args], **kwargs)


def test_the_table(ie):
    result = ie("gold.jsonl", "pred.jsonl")
    assert (result.exit_code, result.stdout, result.stderr) == (0, TABLE, "")


@pytest.mark.parametrize("args", [["gold.jsonl"], ["gold.jsonl", "-"]])
def test_predictions_from_stdin(ie, args):
    assert ie(*args, input=lines(PRED)).stdout == TABLE


def test_gold_from_stdin(ie):
    assert ie("-", "pred.jsonl", input=lines(GOLD)).stdout == TABLE


def test_the_order_of_the_predictions_does_not_matter(ie):
    assert ie("gold.jsonl", input=lines(PRED[::-1])).stdout == TABLE


def test_without_types(ie):
    result = ie("gold.jsonl", "pred.jsonl", "--no-by-type", "--metric", "macro")
    assert [line.split()[0] for line in result.stdout.splitlines()[:-1]] == ["type", "micro", "macro", "flat", "nested"]
    assert "|macro|" in result.stdout.splitlines()[-1]
    assert "types" not in json.loads(ie("gold.jsonl", "pred.jsonl", "--no-by-type", "--json").stdout)


def test_json(ie):
    data = json.loads(ie("gold.jsonl", "pred.jsonl", "--json").stdout)
    assert data["micro"] == {"precision": 0.6, "recall": 0.6, "f1": 0.6, "tp": 3, "n_pred": 5, "n_gold": 5}
    assert data["types"]["姓"]["n_gold"] == 0
    assert data["signature"] == TABLE.splitlines()[-1]


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["--fail-under", "0.6"], 0),
        (["--fail-under", "0.61"], 1),
        (["--fail-under", "0.61", "--metric", "macro"], 0),
    ],
)
def test_fail_under(ie, args, code):
    result = ie("gold.jsonl", "pred.jsonl", *args)
    assert result.exit_code == code
    assert result.stdout  # the figures are printed all the same
    assert ("micro F1 0.6000 is below" in result.stderr) == (code == 1)


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["-"],
        ["-", "-"],
        ["gold.jsonl", "pred.jsonl", "-m", "model"],
        ["gold.jsonl", "pred.jsonl", "--fail-under", "80"],
        ["gold.jsonl", "pred.jsonl", "--metric", "weighted"],
    ],
)
def test_wrong_usage(ie, args):
    assert ie(*args).exit_code == 2


@pytest.mark.parametrize(
    ("gold", "pred", "message"),
    [
        (
            lines(GOLD),
            lines([GOLD[0], ("2", "李四去上 海", [])]),
            "-:2: the text differs from g.jsonl:2 at character 4",
        ),
        (lines(GOLD[:1]), lines(GOLD), "-:2: no gold record"),
        ('{"text": "a"}', '{"text": "a", "entities": []}', "g.jsonl: no record has 'entities'"),
        ("", "", "g.jsonl: no record has 'entities'"),
        (lines(GOLD), "", "-: no record has 'entities'"),
        (lines(GOLD), '{"text": "张三丰在北京大学"}', "-: no record has 'entities'"),
    ],
)
def test_stated_errors(ie, tmp_path, gold, pred, message):
    (tmp_path / "g.jsonl").write_text(gold, "utf-8")
    result = ie("g.jsonl", input=pred)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"error: {message}" in result.stderr


def test_a_file_that_does_not_exist(ie):
    result = ie("nowhere.jsonl", "pred.jsonl")
    assert (result.exit_code, result.stderr) == (1, "error: nowhere.jsonl: no such file\n")


def test_unreadable_lines_are_named_and_counted(ie):
    result = ie("gold.jsonl", input="\n{broken\n" + lines(PRED))
    assert (result.exit_code, result.stdout) == (3, TABLE)
    assert "skipped: -:2: not JSON" in result.stderr


def test_the_line_of_a_difference_counts_empty_and_unreadable_lines(ie):
    result = ie("gold.jsonl", input="\n{broken\n" + lines([("1", "x", [])]))
    assert "error: -:3: the text differs from gold.jsonl:1" in result.stderr


def test_a_missing_prediction_counts_as_an_empty_one(ie):
    result = ie("gold.jsonl", "--json", input=lines(PRED[1:]))
    data = json.loads(result.stdout)
    assert (data["missing"], data["micro"]["n_gold"], data["micro"]["n_pred"]) == (1, 5, 3)
    assert "lost: gold.jsonl:1: no prediction for this record" in result.stderr


def test_notes_on_what_the_figures_hide(ie, tmp_path):
    extra = [{"text": "a", "entities": [{"type": "A", "text": "b"}] * 2}, {"text": "c"}]
    text = lines(GOLD) + "".join(json.dumps(row) + "\n" for row in extra)
    result = ie("-", "pred.jsonl", input=text)
    assert result.stderr.splitlines()[-3:] == [
        "note: gold records without 'entities', left out: 1",
        "note: gold entities that repeat another of their record, counted once: 1",
        "note: gold entities without offsets, matched only with others without offsets: 1",
    ]


def test_a_model_sees_no_gold(ie, monkeypatch):
    seen = []

    def predict(model, records):
        for record, (_, text, spans) in zip(records, PRED, strict=True):
            seen.append((model, record.entities))
            yield replace(record, entities=[Entity(s, e, t, text[s:e]) for s, e, t in spans])

    zoo = SimpleNamespace(load=lambda place: f"model of {place}")
    monkeypatch.setitem(sys.modules, "ie_cli.zoo.folder", zoo)
    monkeypatch.setitem(sys.modules, "ie_cli.predicting", SimpleNamespace(predict=predict))
    assert ie("gold.jsonl", "-m", "folder").stdout == TABLE
    assert ie("-m", "folder", input=lines(GOLD)).stdout == TABLE
    assert seen == [("model of folder", None)] * 4


def test_a_drawn_table_on_a_terminal(ie, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    result = ie("gold.jsonl", "pred.jsonl")
    assert "─" in result.stdout
    assert result.stdout.splitlines()[-1] == TABLE.splitlines()[-1]
