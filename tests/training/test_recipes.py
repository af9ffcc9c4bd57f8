"""Every recipe of data/configs trains: one pass over a handful of records, with its encoder made tiny."""

from dataclasses import asdict
from pathlib import Path

import pytest

from ie_cli import config
from ie_cli.errors import Report
from ie_cli.registry import load
from ie_cli.training import run as training
from ie_cli.training.loop import Step
from ie_cli.training.recipe import Recipe
from ie_cli.zoo import char

ROOT = Path(__file__).parents[2] / "data"
TINY = {"characters": 16, "bigrams": 8, "words": 4, "hidden": 16, "layers": 1}
SAMPLES = {"ner": "cluener", "relations": "duie2", "events": "duee"}  # by kind of model


def recipes():
    """Files with their plain settings; linking needs a knowledge base and has tests of its own."""
    found = {path.stem: config.read(str(path)) for path in sorted((ROOT / "configs").glob("*.yaml"))}
    return [pytest.param(plain, id=name) for name, plain in found.items() if not plain["task"].startswith("link_")]


@pytest.mark.parametrize("plain", recipes())
def test_a_recipe_trains(plain, tmp_path):
    settings = config.build(Recipe, plain)
    settings.encoder = type(settings.encoder)("char-bilstm", options=asdict(char.Options(**TINY)))
    kinds = load("ie_cli.tasks", settings.task).Model.kind.split("+")
    samples = [ROOT / "samples" / SAMPLES[kind] / "records.jsonl" for kind in kinds]
    few = tmp_path / "few.jsonl"
    lines = [line for sample in samples for line in sample.read_text(encoding="utf-8").splitlines()[:3]]
    few.write_text("\n".join(lines), encoding="utf-8")
    settings.data.train = settings.data.dev = [str(few)]
    settings.train.epochs = 1
    events = list(training.run(settings, tmp_path / "run", report=Report(), cache=str(tmp_path / "cache")))
    assert all(event.loss > 0 for event in events if isinstance(event, Step))
    assert [event.best for event in events if isinstance(event, training.Saved)] == [True]
