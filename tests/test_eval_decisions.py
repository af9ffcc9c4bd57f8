"""`ie eval` with what stands beside a score: intervals, comparisons, errors, thresholds and the page."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from ie_cli.commands import app
from ie_cli.records import Entity, Record, Relation, Span, dumps
from ie_cli.zoo import manifest

TEXT = "张三丰在北京大学见李四"
GOLD = [(0, 3, "人物"), (4, 8, "机构"), (9, 11, "人物")]
A = [(0, 3, "人物", 0.9), (4, 8, "地点", 0.8), (9, 10, "人物", 0.3)]
B = [(0, 3, "人物", 0.9), (4, 8, "机构", 0.45), (9, 11, "人物", 0.2), (3, 4, "地点", 0.1)]


def lines(*spans, number=6, scored=True) -> str:
    made = [Entity(s, e, t, TEXT[s:e], score=more[0] if more and scored else None) for s, e, t, *more in spans]
    return "".join(dumps(Record(TEXT, str(i), made)) + "\n" for i in range(number))


@pytest.fixture
def ie(tmp_path, monkeypatch):
    """Run `ie eval` in a folder with gold.jsonl, a.jsonl and b.jsonl."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    for name, spans in (("gold", GOLD), ("a", A), ("b", B)):
        (tmp_path / f"{name}.jsonl").write_text(lines(*spans), "utf-8")
    return lambda *args, **kwargs: CliRunner().invoke(app, ["eval", *args], **kwargs)


def told(result) -> dict:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


# --- Intervals -----------------------------------------------------------------------------------


def test_intervals_stand_beside_the_micro_rates(ie, tmp_path):
    (tmp_path / "half.jsonl").write_text(lines(*GOLD, number=3) + lines(number=6).split("\n", 3)[3], "utf-8")
    result = ie("gold.jsonl", "half.jsonl", "--interval", "--samples", "300")
    rows = {row.split()[0]: row.split()[1:] for row in result.stdout.splitlines()}
    low, high = (rows[f"micro-{side}"] for side in ("low", "high"))
    assert rows["micro"][:3] == ["1.0000", "0.5000", "0.6667"]
    assert low[0] == high[0] == "1.0000" and low[1] < "0.5000" < high[1] and low[3:] == ["-"] * 3
    assert result.stdout.endswith("|interval:bootstrap(percentile,95%,samples:300,seed:1,unit:record)\n")
    data = told(ie("gold.jsonl", "half.jsonl", "--interval", "--samples", "300", "--json"))
    assert f"{data['interval']['f1']['low']:.4f}" == low[2]
    assert data["signature"] == result.stdout.splitlines()[-1]
    assert "interval" not in told(ie("gold.jsonl", "half.jsonl", "--json"))


# --- Comparisons ---------------------------------------------------------------------------------


def test_systems_are_compared_with_the_first(ie):
    result = ie("gold.jsonl", "a.jsonl", "b.jsonl", "--no-by-type", "--samples", "999")
    systems, differences, *signatures = result.stdout.split("\n\n")
    assert [row.split() for row in systems.splitlines()] == [
        ["system", "P", "R", "F1", "tp", "pred", "gold"],
        ["a.jsonl", "0.3333", "0.3333", "0.3333", "6", "18", "18"],
        ["b.jsonl", "0.7500", "1.0000", "0.8571", "18", "24", "18"],
    ]
    rows = [row.split() for row in differences.splitlines()]
    assert rows[3] == ["F1:", "b.jsonl", "-", "a.jsonl", "+0.5238", "+0.5238", "+0.5238", rows[3][-1]]
    assert 0.01 < float(rows[3][-1]) < 0.07  # 2 of 64 swaps
    assert rows[-1][0].startswith("difference|micro|interval:paired") and "samples:999,seed:1" in rows[-1][-1]
    assert not signatures


def test_the_figures_of_a_comparison_are_those_of_each_alone(ie):
    data = told(ie("gold.jsonl", "a.jsonl", "b.jsonl", "--json"))
    assert data["first"] == "a.jsonl"
    for name in ("a.jsonl", "b.jsonl"):
        assert data["systems"][name] == told(ie("gold.jsonl", name, "--json"))
    found = data["differences"]["b.jsonl"]["f1"]
    assert found["value"] == pytest.approx(18 / 21 - 6 / 18)
    assert found["low"] <= found["value"] <= found["high"]
    assert "not corrected" not in data["signature"]


def test_f1_of_each_type_under_each_system(ie):
    rows = [row.split() for row in ie("gold.jsonl", "a.jsonl", "b.jsonl", "-").stdout.splitlines()]
    assert rows == []  # stdin is empty: no prediction
    shown = ie("gold.jsonl", "a.jsonl", "b.jsonl", "-", input=lines(*GOLD)).stdout
    assert ["人物", "0.5000", "1.0000", "1.0000", "12"] in [row.split() for row in shown.splitlines()]
    assert shown.splitlines()[-1].endswith("|not corrected for several comparisons")


def test_systems_of_other_kinds_are_not_compared(ie, tmp_path):
    span = Span(0, 3, None, "张三丰")
    entity, relation = Entity(0, 3, "人物", "张三丰"), Relation("P", span, span)
    other = Entity(4, 8, "人物", "北京大学")
    (tmp_path / "gold.jsonl").write_text(dumps(Record(TEXT, "0", [entity], [relation])), "utf-8")
    (tmp_path / "a.jsonl").write_text(dumps(Record(TEXT, "0", [other])), "utf-8")
    (tmp_path / "b.jsonl").write_text(dumps(Record(TEXT, "0", relations=[relation, relation])), "utf-8")
    result = ie("gold.jsonl", "a.jsonl", "b.jsonl")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error: a.jsonl was scored as ner, b.jsonl as relations; say what is meant with --task" in result.stderr


def test_a_system_that_predicts_a_string_without_a_place_is_compared_too(ie, tmp_path):
    """Its signature differs from that of the others."""
    record = Record(TEXT, "0", [Entity(0, 3, "人物", "张三丰"), Entity(None, None, "人物", "王五")])
    (tmp_path / "c.jsonl").write_text(dumps(record), "utf-8")
    found = told(ie("gold.jsonl", "a.jsonl", "c.jsonl", "--json"))
    assert found["differences"]["c.jsonl"]["recall"]["value"] == pytest.approx(1 / 18 - 6 / 18)
    assert "+value" in found["systems"]["c.jsonl"]["signature"]


def test_a_problem_of_the_gold_is_told_once(ie, tmp_path):
    (tmp_path / "broken.jsonl").write_text(lines(*GOLD) + "{nonsense\n", "utf-8")
    result = ie("broken.jsonl", "a.jsonl", "b.jsonl", "gold.jsonl")
    assert (result.exit_code, result.stderr.count("broken.jsonl:7: not JSON")) == (3, 1)
    assert "skipped in all: 1 (" in result.stderr


def test_fail_under_holds_for_every_system(ie):
    result = ie("gold.jsonl", "a.jsonl", "b.jsonl", "--fail-under", "0.5")
    assert result.exit_code == 1 and result.stdout
    assert "error: a.jsonl: micro F1 0.3333 is below 0.5" in result.stderr
    assert ie("gold.jsonl", "a.jsonl", "b.jsonl", "--fail-under", "0.3").exit_code == 0


# --- Errors --------------------------------------------------------------------------------------


def test_errors_with_examples(ie, tmp_path):
    (tmp_path / "train.jsonl").write_text(lines((0, 3, "人物")), "utf-8")
    shown = ie("gold.jsonl", "a.jsonl", "--errors", "--train", "train.jsonl").stdout
    rows = [row.split() for row in shown.splitlines()]
    assert ["wrong", "type", "6", "33.3%", "33.3%"] in rows
    assert ["机构", "→", "地点", "6"] in rows
    assert ["surface", "in", "training:", "seen", "1.0000", "1.0000", "1.0000", "6", "6", "6"] in rows
    assert f"wrong boundary: 李四 (人物) ≠ 李 (人物)  {TEXT}  #0" in shown
    assert shown.splitlines()[-1].startswith("ner|exact(start,end,type)|micro|")


def test_errors_as_json(ie):
    errors = told(ie("gold.jsonl", "b.jsonl", "--errors", "--json"))["errors"]
    assert {name: n for name, n in errors["counts"].items() if n} == {"right": 18, "spurious": 6}
    assert errors["confusion"] == [["人物", "人物", 12], [None, "地点", 6], ["机构", "机构", 6]]
    example = errors["examples"]["spurious"][0]
    assert example["gold"] is None and example["pred"]["spans"] == [{"start": 3, "end": 4, "label": "地点"}]


def test_what_nobody_annotated_is_in_no_class(ie, tmp_path):
    (tmp_path / "gold.jsonl").write_text(lines(*GOLD, number=1) + dumps(Record(TEXT, "1")) + "\n", "utf-8")
    (tmp_path / "a.jsonl").write_text(lines(*A, number=2), "utf-8")
    data = told(ie("gold.jsonl", "a.jsonl", "--errors", "--find-threshold", "--json"))
    assert data["unlabelled"] == 1
    assert sum(data["errors"]["counts"].values()) == 3
    assert data["threshold"]["usual"]["precision"] == 1 / 2


# --- Thresholds ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "best", "f1"), [("a.jsonl", 0.89, 0.5), ("b.jsonl", 0.19, 1.0)])
def test_the_best_threshold_is_that_of_filtered_predictions(ie, tmp_path, name, best, f1):
    found = told(ie("gold.jsonl", name, "--find-threshold", "--json"))["threshold"]
    for point in (found["usual"], found["best"]):
        kept = [span for span in (A if name == "a.jsonl" else B) if span[3] >= point["threshold"]]
        (tmp_path / "kept.jsonl").write_text(lines(*kept), "utf-8")
        alone = told(ie("gold.jsonl", "kept.jsonl", "--json"))["micro"]
        assert [point[rate] for rate in ("precision", "recall", "f1")] == [
            pytest.approx(alone[rate]) for rate in ("precision", "recall", "f1")
        ]
    assert (found["best"]["threshold"], found["best"]["f1"]) == (best, pytest.approx(f1))
    shown = ie("gold.jsonl", name, "--find-threshold").stdout.splitlines()
    assert shown[-2].split()[:2] == ["best", f"{found['best']['threshold']:g}"]


def test_predictions_without_scores_have_no_threshold(ie, tmp_path):
    (tmp_path / "bare.jsonl").write_text(lines(*B, scored=False), "utf-8")
    result = ie("gold.jsonl", "bare.jsonl", "--find-threshold")
    assert result.exit_code == 1
    assert "error: --find-threshold: no prediction has a score; `ie predict --threshold 0.05`" in result.stderr


def test_what_the_search_cannot_see_is_told(ie, tmp_path):
    (tmp_path / "some.jsonl").write_text(lines((0, 3, "人物", 0.9), (4, 8, "机构", 0.6), (9, 11, "人物")), "utf-8")
    notes = ie("gold.jsonl", "some.jsonl", "--find-threshold").stderr
    assert "note: no score is below 0.6, so lower thresholds were not tried" in notes
    assert "note: predictions without a score, counted at every threshold: 6" in notes


# --- The page, and wrong usage -------------------------------------------------------------------


def test_a_page(ie, tmp_path):
    result = ie("gold.jsonl", "a.jsonl", "--report", "page.html", "--samples", "200")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert result.exit_code == 0 and "errors" not in result.stdout
    assert result.stdout.splitlines()[-1] in page
    assert "wrong boundary" in page and "gold gold.jsonl · pred a.jsonl" in page


def test_a_page_has_the_curve_of_its_own_model_only(ie, tmp_path):
    rows = [json.dumps({"epoch": i, "loss": 1.0, "dev": {"micro": {"f1": 0.5}}}) for i in (1, 2)]
    (tmp_path / "metrics.jsonl").write_text("\n".join(rows), "utf-8")
    shutil.copytree(manifest.find("cluener"), tmp_path / "best")
    for model, has_curve in (("best", True), ("cluener", False)):
        assert ie("gold.jsonl", "-m", model, "--report", "page.html", "--samples", "100").exit_code == 0
        assert ("in epoch 1" in (tmp_path / "page.html").read_text("utf-8")) == has_curve


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["a.jsonl", "b.jsonl", "--errors"], "--errors is for one PRED"),
        (["a.jsonl", "b.jsonl", "--find-threshold"], "--find-threshold is for one PRED"),
        (["a.jsonl", "b.jsonl", "--report", "x.html"], "--report is for one PRED"),
        (["a.jsonl", "b.jsonl", "-m", "model"], "give PRED or --model"),
        (["a.jsonl", "--train", "gold.jsonl"], "--train goes with --errors or --report"),
        (["a.jsonl", "--report", "nowhere/x.html"], "does not exist"),
        (["a.jsonl", "--samples", "1"], "--samples"),
        (["a.jsonl", "a.jsonl"], "error: a.jsonl: is named twice"),
    ],
)
def test_wrong_usage_of_what_stands_beside(ie, args, message):
    result = ie("gold.jsonl", *args)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())


def test_gold_that_is_read_twice_needs_a_file(ie):
    assert ie("-", "a.jsonl", "b.jsonl", input=lines(*GOLD)).exit_code == 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["a.jsonl", "--errors", "--train", "none.jsonl"], "the training records have no entities"),
        (["a.jsonl", "--report", "gold.jsonl"], "gold.jsonl: is an input, too"),
        (["a.jsonl", "--errors", "--train", "b.jsonl", "--report", "b.jsonl"], "b.jsonl: is an input, too"),
        (["a.jsonl", "--alias", "b.jsonl", "--report", "b.jsonl"], "b.jsonl: is an input, too"),
    ],
)
def test_stated_errors_of_what_stands_beside(ie, tmp_path, args, message):
    (tmp_path / "none.jsonl").write_text(dumps(Record(TEXT)) + "\n", "utf-8")
    result = ie("gold.jsonl", *args)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"error: {message}" in result.stderr
    assert (tmp_path / "gold.jsonl").read_text("utf-8") == lines(*GOLD)


def test_errors_do_not_know_aliases(ie, tmp_path):
    span = Span(0, 3, None, "张三丰")
    (tmp_path / "r.jsonl").write_text(dumps(Record(TEXT, relations=[Relation("P", span, span)])) + "\n", "utf-8")
    (tmp_path / "names.json").write_text('{"a": ["b"]}', "utf-8")
    result = ie("r.jsonl", "r.jsonl", "--alias", "names.json", "--errors")
    assert result.exit_code == 2 and "error: --alias: errors are told apart by the names as they stand" in result.stderr
