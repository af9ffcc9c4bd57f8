"""The models that come with the package: their size, and that they do what README says."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ie_cli.commands import app
from ie_cli.zoo import manifest

ROOT = Path(__file__).parent.parent
MODELS = manifest.shipped()


@pytest.mark.parametrize("folder", MODELS.values(), ids=MODELS)
def test_it_is_small_and_holds_nothing_pickled(folder):
    files = list(folder.iterdir())
    assert sum(f.stat().st_size for f in files) <= 16e6
    assert {f.suffix for f in files} <= {".json", ".safetensors"}


def test_readme_states_the_dev_score_that_the_default_model_carries():
    note = json.loads((MODELS[manifest.DEFAULT] / manifest.MANIFEST).read_text())["note"]
    stated = re.search(r"自带模型[^\n]*?(0\.\d{4})", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert float(stated.group(1)) == note["dev_f1"]


def test_the_default_model_scores_what_it_carries(shared):
    """On the real dev set, where it is at hand."""
    convert = CliRunner().invoke(app, ["convert", "cluener", str(shared("data/ner/cluener/dev.json"))])
    done = CliRunner().invoke(app, ["eval", "-", "-m", manifest.DEFAULT, "--json"], input=convert.stdout)
    score = json.loads(done.stdout)
    note = json.loads((MODELS[manifest.DEFAULT] / manifest.MANIFEST).read_text())["note"]
    assert score["micro"]["f1"] == pytest.approx(note["dev_f1"], abs=0.0005)
    assert score["signature"].split("|pred:")[0] == note["signature"].split("|pred:")[0]


def test_the_default_model_finds_entities_in_the_sample():
    done = CliRunner().invoke(app, ["predict", str(ROOT / "data" / "samples" / "news.jsonl")])
    assert done.exit_code == 0, done.output
    rows = [json.loads(row) for row in done.stdout.splitlines()]
    found = {(e["text"], e["type"]) for row in rows for e in row["entities"]}
    assert len(rows) == 10
    assert all(row["text"][e["start"] : e["end"]] == e["text"] for row in rows for e in row["entities"])
    assert len(found) >= 15
    assert {("清华大学", "organization"), ("深圳", "address"), ("教授", "position")} <= found


def test_a_document_gives_what_its_sentences_give():
    """The model was trained on sentences: a longer text must not be read in one piece."""
    rows = [json.loads(row) for row in (ROOT / "data" / "samples" / "news.jsonl").read_text().splitlines()]
    texts = [row["text"] for row in rows]
    single, whole = (
        CliRunner().invoke(app, ["predict", "--text"], input="\n".join(lines) + "\n").stdout.splitlines()
        for lines in (texts, ["".join(texts)])
    )
    apart = [(e["text"], e["type"]) for row in single for e in json.loads(row)["entities"]]
    together = [(e["text"], e["type"]) for e in json.loads(whole[0])["entities"]]
    assert len(set(apart) & set(together)) >= 0.8 * len(set(apart))
