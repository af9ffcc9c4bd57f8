"""The table of the comparing benchmark: what is in its cells, and that its plans ask for settings that exist."""

from pathlib import Path

import compare
import pytest
from compare import Cell, Plan, Result, Set

from ie_cli import config
from ie_cli.records import Entity, Record
from ie_cli.scoring import counts_for, score_all
from ie_cli.training.recipe import Recipe

HERE = Path(__file__).parent
GOLD = [
    Record("张三", entities=[Entity(0, 2, "name", "张三")]),
    Record("李四", entities=[Entity(0, 2, "name", "李四")]),
]


def result(*right, cpu=10.0, speed=5.0):
    """Of the two texts: one prediction each, right or wrong."""
    ends = (2 if one else 1 for one in right)
    found = [Record(r.text, entities=[Entity(0, n, "name", r.text[:n])]) for r, n in zip(GOLD, ends, strict=True)]
    return Result(score_all(counts_for("ner"), GOLD, found), cpu, speed)


def test_a_table_has_mean_spread_and_the_difference_to_the_first_row():
    asked = Plan({"a": [], "b": []}, {"x": Set(), "y": Set()}, [], 10)
    found = {
        "a": {"x": {1: result(True, False), 2: result(True, False)}, "y": {1: result(False, False)}},
        "b": {"x": {1: result(True, True, cpu=20.0), 2: result(True, False, cpu=40.0)}, "y": {}},
    }
    lines = list(compare.show(asked, found))
    assert lines[0] == "| | x | y | mean | texts/s |"
    assert lines[2] == "| a | 50.00 ± 0.00 | 0.00 | 25.00 | 5 |"
    assert lines[3] == "| b | 75.00 ± 35.36 |  |  | 5 |"
    # 3 of 4 against 2 of 4; only one text differs: swapped or not, the difference has the same size
    assert lines[4:] == ["x, b - a, seeds [1, 2]: +25.00, p 1.0000, CPU time 3.00"]


def test_an_interrupted_run_has_no_time():
    asked = Plan({"a": [], "b": []}, {"x": Set()}, [], 10)
    found = {"a": {"x": {1: result(True, True)}}, "b": {"x": {1: result(True, True, cpu=None)}}}
    assert list(compare.show(asked, found))[-1].endswith("CPU time not measured")


def test_a_finished_cell_is_not_done_again(tmp_path, monkeypatch):
    cell, asked = Cell("a", "x", 1), Plan({"a": []}, {"x": Set()}, [], 10)
    (tmp_path / "x" / "a-1").mkdir(parents=True)
    (tmp_path / "x" / "a-1" / "result.json").write_text("{}")
    monkeypatch.setattr(compare.runs, "train", lambda *_: pytest.fail("trained again"))
    compare.do(cell, asked, tmp_path, tmp_path)


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("*.yaml")))
def test_plans_ask_for_settings_that_exist(name, monkeypatch):
    monkeypatch.setenv("ENCODER", "some/folder")
    monkeypatch.setenv("LR", "2e-4")
    asked = compare.plan(str(HERE / name))
    for words in asked.rows.values():
        data = {"data": {"train": ["x.jsonl"]}}
        together = [*asked.train, *words]
        for flag, value in zip(together[::2], together[1::2], strict=True):
            assert flag in ("-e", "--epochs", "--set") and "$" not in value
            if flag == "--set":
                config.override(data, value)
        config.build(Recipe, data)
