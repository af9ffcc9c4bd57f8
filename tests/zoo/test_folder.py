"""Model folders: what may be wrong with one is told in one line."""

import json
import os
import shutil
import stat

import pytest

from ie_cli.errors import IEError
from ie_cli.predicting import predict
from ie_cli.records import Record
from ie_cli.tasks.ner_pointer import Labels, Settings
from ie_cli.training import checkpoint
from ie_cli.zoo import encoders, folder, manifest
from ie_cli.zoo.encoders import EncoderSettings

TEXT = "张三丰在北京大学\n"
TINY = {"characters": 4, "bigrams": 4, "words": 2, "hidden": 4, "layers": 1}


def build():
    encoder = encoders.create(EncoderSettings("char-bilstm", options=TINY), lambda: [TEXT])
    return folder.build("ner_pointer", encoder, Labels(["人物"], [0.02]), Settings(head_size=4, prior=False)).eval()


@pytest.fixture
def place(tmp_path):
    """A saved model in a folder of its own."""
    folder.save(build(), tmp_path / "m", note={"dev_f1": 0.5})
    return tmp_path / "m"


def edit(path, **changes):
    """Change keys of a JSON file; None removes one."""
    content = json.loads(path.read_text("utf-8")) | changes
    path.write_text(json.dumps({k: v for k, v in content.items() if v is not None}), "utf-8")


DAMAGE = {
    "no weights": (lambda p: (p / "model.safetensors").unlink(), "damaged model folder"),
    "cut weights": (lambda p: os.truncate(p / "model.safetensors", 500), "damaged model folder"),
    "empty weights": (lambda p: os.truncate(p / "model.safetensors", 0), "damaged model folder"),
    "no vocabulary": (lambda p: (p / "vocabulary.json").unlink(), "damaged model folder"),
    "cut vocabulary": (lambda p: os.truncate(p / "vocabulary.json", 20), "damaged model folder"),
    "vocabulary of other keys": (lambda p: (p / "vocabulary.json").write_text('{"a": 1}'), "damaged model folder"),
    "shorter vocabulary": (
        lambda p: (p / "vocabulary.json").write_text('{"characters": ["a"], "bigrams": []}'),
        "damaged model folder",
    ),
    "cut manifest": (lambda p: os.truncate(p / "model.json", 40), "model.json: damaged"),
    "manifest in no encoding": (lambda p: (p / "model.json").write_bytes(b'{"\xff": 1}'), "model.json: damaged"),
    "manifest that is a list": (lambda p: (p / "model.json").write_text("[]"), "model.json: damaged"),
    "no format": (lambda p: edit(p / "model.json", format=None), "model.json: damaged"),
    "format of text": (lambda p: edit(p / "model.json", format="1"), "model.json: damaged"),
    "no task": (lambda p: edit(p / "model.json", task=None), r"model.json: damaged \(task missing\)"),
    "newer format": (
        lambda p: edit(p / "model.json", format=99, ie="9.0"),
        r"made by ie 9\.0 in model format 99; this ie .* reads up to 1\. Upgrade ie",
    ),
    "unknown task": (lambda p: edit(p / "model.json", task="ner_x"), "its task 'ner_x' is not one of this ie"),
    "labels of no kind": (lambda p: edit(p / "model.json", labels=[]), "labels must be a table of settings"),
    "unknown setting": (
        lambda p: edit(p / "model.json", settings={"size": 4}),
        r"m/model\.json: unknown setting 'settings\.size'\..* Known: settings\.head, settings\.head_size, ",
    ),
    "other shape": (lambda p: edit(p / "model.json", settings={"head_size": 8}), "damaged model folder"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_one_stated_line(name, place):
    """Also of a folder that has no digests of its files, as older ones have none."""
    damage, message = DAMAGE[name]
    edit(place / "model.json", files=None)
    damage(place)
    with pytest.raises(IEError, match=message) as error:
        folder.load(place)
    assert str(place) in str(error.value)
    assert "\n" not in str(error.value)


def test_weights_that_were_tampered_with(place):
    """The same size, and numbers still."""
    weights = place / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(IEError, match=r"model\.safetensors: damaged, not as it was written; copy or train"):
        folder.load(place)
    edit(place / "model.json", files={})
    folder.load(place)


def test_a_pretrained_model_without_its_tokenizer(pretrained, tmp_path):
    encoder = encoders.create(EncoderSettings(str(pretrained())), lambda: [])
    made = folder.build("ner_pointer", encoder, Labels(["人物"], [0.02]), Settings(head_size=4))
    folder.save(made, tmp_path / "m")
    shutil.rmtree(tmp_path / "m" / "encoder")
    with pytest.raises(IEError, match=r"encoder/config\.json: missing; copy or train the model again"):
        folder.load(tmp_path / "m")
    edit(tmp_path / "m" / "model.json", files=None)
    with pytest.raises(IEError, match="encoder: cannot be opened: ") as error:
        folder.load(tmp_path / "m")
    assert "\n" not in str(error.value)


def test_a_name_of_no_model():
    with pytest.raises(IEError, match=r"no model 'nothing': no such folder, and not a shipped model \(.*\)"):
        folder.load("nothing")


def test_a_folder_that_holds_models_is_not_one(place):
    with pytest.raises(IEError, match=r"not a model folder \(model.json is missing\); it holds the models m$"):
        folder.load(place.parent)


def test_a_run_is_opened_by_its_folder(place, tmp_path):
    (tmp_path / "run").mkdir()
    place.rename(tmp_path / "run" / "best")
    assert folder.load(tmp_path / "run").note == {"dev_f1": 0.5}


def test_a_shipped_model_is_found_by_name_from_anywhere(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shipped = manifest.shipped()
    assert all((path / manifest.MANIFEST).is_file() for path in shipped.values())
    monkeypatch.setattr(manifest, "shipped", lambda: {"tiny": place})
    assert manifest.find("tiny") == place
    with pytest.raises(IEError, match=r"not a shipped model \(tiny\)"):
        manifest.find("tinny")


def test_saving_replaces_the_old_model_whole(place):
    (place / "left-over").touch()
    folder.save(build(), place)
    assert not (place / "left-over").exists()
    assert sorted(p.name for p in place.iterdir()) == ["model.json", "model.safetensors", "vocabulary.json"]
    assert [p.name for p in place.parent.iterdir()] == ["m"]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_files_have_the_rights_that_the_user_gives_new_files(mask, mode, tmp_path):
    before = os.umask(mask)
    try:
        folder.save(build(), tmp_path / "m")
        assert os.umask(mask) == mask  # it was put back
    finally:
        os.umask(before)
    assert {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "m").iterdir()} == {mode}


def test_a_checkpoint_has_the_usual_rights_too(tmp_path):
    from ie_cli.training.loop import State
    from ie_cli.training.recipe import Train

    checkpoint.save(State(build(), Train(lr=1e-3, head_lr=1e-3)), tmp_path, {"best": 0.0})
    (tmp_path / "other").touch()
    assert {p.stat().st_mode for p in tmp_path.iterdir()} == {(tmp_path / "other").stat().st_mode}


def test_saved_and_opened_again_predicts_the_same(place):
    made, records = build(), [Record(TEXT), Record(""), Record("𠮷" * 40)]
    folder.save(made, place)
    assert list(predict(folder.load(place), records)) == list(predict(made, records))
