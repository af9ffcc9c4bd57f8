"""The models that come with the package: their size, and that they do what README says."""

import json
import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from ie_cli.commands import app
from ie_cli.text.batch import pad
from ie_cli.text.pretrained import unknown_id
from ie_cli.zoo import catalogue, encoders, manifest
from ie_cli.zoo.encoders import EncoderSettings

ROOT = Path(__file__).parent.parent
MODELS = manifest.shipped()


@pytest.mark.parametrize("folder", MODELS.values(), ids=MODELS)
def test_it_is_small_and_holds_nothing_pickled(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert sum(f.stat().st_size for f in files) <= 17e6
    assert {f.suffix for f in files} <= {".json", ".safetensors"}


def test_readme_states_the_dev_score_that_the_default_model_carries():
    note = json.loads((MODELS[manifest.DEFAULT] / manifest.MANIFEST).read_text())["note"]
    stated = re.search(r"自带模型[^\n]*?(0\.\d{4})", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert float(stated.group(1)) == note["dev_f1"]


@pytest.mark.parametrize("name", MODELS)
def test_a_model_scores_what_it_carries(name, shared):
    """On the real dev set, where it is at hand."""
    convert = CliRunner().invoke(app, ["convert", "cluener", str(shared("data/ner/cluener/dev.json"))])
    done = CliRunner().invoke(app, ["eval", "-", "-m", name, "--json"], input=convert.stdout)
    score = json.loads(done.stdout)
    note = json.loads((MODELS[name] / manifest.MANIFEST).read_text())["note"]
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


# --- Encoders ------------------------------------------------------------------------------------


def test_all_that_ships_is_small():
    root = ROOT / "ie_cli" / "shipped"
    assert sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) < 45e6


@pytest.mark.parametrize("folder", catalogue.shipped().values(), ids=catalogue.shipped())
def test_an_encoder_has_a_card_and_nothing_pickled(folder):
    assert {path.suffix for path in folder.iterdir()} == {".json", ".safetensors", ".md"}
    card = catalogue.card(folder)
    weights = load_file(folder / "model.safetensors")
    assert card["parameters"] == pytest.approx(sum(x.numel() for x in weights.values()) / 1e6, abs=0.06)
    assert card["license"] and {x.dtype for x in weights.values()} == {torch.float16}


@pytest.mark.parametrize("name", catalogue.shipped())
def test_an_encoder_is_opened_by_its_name_and_knows_common_characters(name):
    made = encoders.create(EncoderSettings(name), lambda: ())
    text = "张三丰在武当山，ABC 2026…℃！"
    found = made.tokenizer(text)
    assert made.settings.mode == "characters" and len(found) == len(text)
    assert unknown_id(made.tokenizer.inner) not in found.features["ids"]
    inputs = pad([found.features])
    with torch.inference_mode():
        assert made.module.eval()(inputs.features, inputs.mask).isfinite().all()
