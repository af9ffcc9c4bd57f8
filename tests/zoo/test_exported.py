"""Models for ONNX Runtime: the same answers, a folder like any other, refused where the answers differ."""

import json
import os
import subprocess
import sys

import pytest
import torch
from typer.testing import CliRunner

from ie_cli.commands import app
from ie_cli.errors import IEError
from ie_cli.predicting import predict
from ie_cli.records import Record
from ie_cli.tasks import ner_pointer, relation_casrel
from ie_cli.tasks._relations import LinkType
from ie_cli.zoo import encoders, exported, folder
from ie_cli.zoo.encoders import EncoderSettings

pytest.importorskip("onnxruntime")

TEXTS = ["张三丰在北京大学读书。", "李四", "王五生于武当山，在清华大学读书。" * 3, "", "北京"]
TINY = {"characters": 8, "bigrams": 4, "words": 2, "hidden": 8, "layers": 1}


def saved(place, encoder, task, labels, settings):
    """An untrained model, which finds some spans by chance."""
    torch.manual_seed(3)
    model = folder.build(task, encoders.create(encoder, lambda: TEXTS), labels, settings).eval()
    folder.save(model, place)
    return str(place)


def entities(place, encoder):
    labels = ner_pointer.Labels(["人物", "地点"], [0.3, 0.3])
    return saved(place, encoder, "ner_pointer", labels, ner_pointer.Settings(head_size=4, prior=False))


@pytest.fixture(params=["char-bilstm", "bert", "bert with log_n", "casrel"])
def source(request, tmp_path, pretrained):
    if request.param == "char-bilstm":
        return entities(tmp_path / "m", EncoderSettings("char-bilstm", options=TINY))
    options = {"log_n": 20} if request.param == "bert with log_n" else {}
    encoder = EncoderSettings(str(pretrained("Bert")), options=options)
    if request.param != "casrel":
        return entities(tmp_path / "m", encoder)
    labels = relation_casrel.Labels([LinkType("住在", None, None, None, 1)])
    settings = relation_casrel.Settings(start_threshold=0.1, end_threshold=0.05)
    return saved(tmp_path / "m", encoder, "relation_casrel", labels, settings)


def test_an_exported_model_gives_the_same_answers(source, tmp_path):
    found = exported.export(source, tmp_path / "onnx", TEXTS)
    assert found.f1 == 1 and found.gap < 1e-4 and found.found > 0
    assert _spans(tmp_path / "onnx") == _spans(source)
    assert (tmp_path / "onnx" / "model.safetensors").stat().st_size < (tmp_path / "m/model.safetensors").stat().st_size


def _spans(place):
    found = predict(folder.load(place), map(Record, TEXTS))
    return [[(e.start, e.end, e.type) for e in record.entities] for record in found]


def test_what_differs_is_refused_and_leaves_nothing(tmp_path, monkeypatch):
    source = entities(tmp_path / "m", EncoderSettings("char-bilstm", options=TINY))
    with pytest.raises(IEError, match="no texts"):
        exported.export(source, tmp_path / "onnx", ["", ""])
    with pytest.raises(IEError, match="finds nothing in the sample"):
        exported._check(exported.Agreement(0.0, 0.0, 0), False, 0.999)
    monkeypatch.setattr(exported, "FARTHEST", -1.0)
    with pytest.raises(IEError, match=r"not exported: F1 .* values differ by up to"):
        exported.export(source, tmp_path / "onnx", TEXTS)
    assert not (tmp_path / "onnx").exists()
    with pytest.raises(IEError, match="is there already"):
        exported.export(source, tmp_path / "m", TEXTS)


def test_on_the_command_line_with_8_bits(tmp_path):
    sample = tmp_path / "sample.jsonl"
    sample.write_text(json.dumps({"text": "浙商银行企业信贷部叶老桂博士"}) + "\n")
    with_another = tmp_path / "other.jsonl"
    with_another.write_text(sample.read_text() + "broken\n")
    result = CliRunner().invoke(app, ["export", str(with_another), "-o", str(tmp_path / "q"), "--int8"])
    assert result.exit_code == 3 and "F1 1.0000 against the model's 3 findings in 1 texts" in result.stderr
    out = CliRunner().invoke(app, ["predict", "-m", str(tmp_path / "q"), str(sample)]).stdout
    assert [e["text"] for e in json.loads(out)["entities"]] == ["浙商银行", "叶老桂", "博士"]
    again = CliRunner().invoke(app, ["export", str(sample), "-m", str(tmp_path / "q"), "-o", str(tmp_path / "r")])
    assert again.exit_code == 1 and "q: runs in ONNX Runtime already" in again.stderr
    (tmp_path / "q/encoder.onnx").write_bytes(b"x")
    damaged = CliRunner().invoke(app, ["predict", "-m", str(tmp_path / "q"), str(sample)])
    assert damaged.exit_code == 1 and "encoder.onnx: damaged" in damaged.stderr


def test_nothing_is_reported_to_anybody(tmp_path):
    """ONNX Runtime 1.31 keeps an id of the device in the home folder and sends what it is used for, unless told not to.

    It does so only where no machine of a test service is recognised, so the variables of those are taken away.
    """
    entities(tmp_path / "m", EncoderSettings("char-bilstm", options=TINY))
    exported.export(str(tmp_path / "m"), tmp_path / "onnx", TEXTS)
    home = tmp_path / "home"
    home.mkdir()
    hidden = ("ORT_", "XDG_", "GITHUB_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(hidden) and name != "CI"}
    command = [sys.executable, "-m", "ie_cli", "predict", "-m", str(tmp_path / "onnx")]
    line = json.dumps({"text": TEXTS[0]}).encode()
    subprocess.run(command, input=line, env=env | {"HOME": str(home)}, check=True, capture_output=True)
    assert not list(home.rglob("*onnxruntime*"))
