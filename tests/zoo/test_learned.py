"""A model's encoder as the start of another model."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from ie_cli.errors import IEError
from ie_cli.predicting import predict
from ie_cli.records import Record
from ie_cli.tasks.ner_pointer import Labels, Settings
from ie_cli.zoo import encoders, folder, manifest
from ie_cli.zoo.encoders import EncoderSettings

TEXTS = ["张三丰在北京大学读书。", "李四", "王五生于武当山。"]
TINY = {"characters": 8, "bigrams": 4, "words": 2, "hidden": 8, "layers": 1}
WORDS = {"words": 6}


def built(encoder, *names):
    torch.manual_seed(len(names))
    labels = Labels(list(names), [0.3] * len(names))
    return folder.build("ner_pointer", encoder, labels, Settings(head_size=4, prior=False)).eval()


@pytest.fixture(params=["char-bilstm", "bert", "bert with words"])
def source(request, tmp_path, pretrained):
    """The folder of a model, and the options of its encoder."""
    name, options = ("char-bilstm", TINY) if request.param == "char-bilstm" else (str(pretrained("Bert")), {})
    if request.param == "bert with words":
        options = WORDS
    made = encoders.create(EncoderSettings(name, options=options), lambda: TEXTS)
    folder.save(built(made, "人物", "地点"), tmp_path / "runs" / "best")
    return tmp_path / "runs"


def start(place, **settings):
    return encoders.create(EncoderSettings(str(place), **settings), lambda: ["its own characters stay"])


@pytest.mark.parametrize("inside", ["", "best"])
def test_another_model_begins_with_what_it_has_learned(source, inside):
    old, new = folder.load(source), start(source / inside)
    assert new.settings.begin == str(source / "best")
    assert new.settings == EncoderSettings(**vars(old.text_encoder.settings) | {"begin": new.settings.begin})
    for text in [*TEXTS, "龘"]:
        assert new.tokenizer(text) == old.text_encoder.tokenizer(text)
    weights = new.module.state_dict()
    assert all(torch.equal(x, weights[name]) for name, x in old.encoder.state_dict().items())


def test_what_it_becomes_does_not_need_it(source, tmp_path):
    model = built(start(source), "机构")
    records = [Record(text) for text in TEXTS]
    before = list(predict(model, records))
    folder.save(model, tmp_path / "new")
    shutil.rmtree(source)
    assert list(predict(folder.load(tmp_path / "new"), records)) == before
    assert any(record.entities for record in before)


def test_a_run_goes_on_with_what_its_recipe_says(source):
    """After the first start the recipe has the name of the encoder, its options, and where it began."""
    first = start(source)
    again = encoders.create(EncoderSettings(**vars(first.settings)), lambda: [])
    assert again.settings == first.settings
    assert all(torch.equal(x, first.module.state_dict()[name]) for name, x in again.module.state_dict().items())


def test_a_start_that_is_gone_is_told(source):
    first = start(source)
    shutil.rmtree(source)
    with pytest.raises(IEError, match="which is gone; put it back"):
        encoders.create(first.settings, lambda: TEXTS)


def test_an_option_without_a_shape_is_set_anew(source):
    assert start(source, options={"dropout": 0.25}).settings.options["dropout"] == 0.25


def test_options_of_another_shape_are_refused(source):
    with pytest.raises(IEError, match="do not fit its weights; leave them out"):
        start(source, options={"words": 3})


def test_options_that_would_have_no_effect_are_refused(source):
    own = start(source).settings.options
    for name in ("min_count", "min_bigram_count") if "hidden" in own else ("positions",):
        with pytest.raises(IEError, match=f"encoder.options.{name}: says how an encoder is made"):
            start(source, options={name: 60})
        start(source, options={name: own.get(name)})


def test_another_mode_is_refused(source):
    with pytest.raises(IEError, match="reads characters, not pieces"):
        start(source, mode="pieces")


def test_an_exported_model_is_refused(source):
    """It has an ONNX file in the place of the encoder's weights."""
    place = source / "best"
    weights = {name: x for name, x in load_file(place / manifest.WEIGHTS).items() if not name.startswith("encoder.")}
    save_file(weights, place / manifest.WEIGHTS)
    content = json.loads((place / manifest.MANIFEST).read_text())
    manifest.write(place, {name: x for name, x in content.items() if name not in ("format", "ie", "files")})
    with pytest.raises(IEError, match="exported model cannot be trained"):
        start(source)


def test_a_damaged_model_is_refused(source):
    with open(source / "best" / manifest.WEIGHTS, "r+b") as stream:
        stream.truncate(1000)
    with pytest.raises(IEError, match="damaged, not as it was written"):
        start(source)


def test_it_is_begun_with_by_its_folder_alone(source):
    """Of pretrained encoders there is nothing to begin with: they are named."""
    alone = encoders.create(EncoderSettings(begin=str(source)), lambda: TEXTS)
    assert alone.settings == start(source).settings


def test_a_folder_without_weights_of_ours_is_no_beginning(pretrained):
    with pytest.raises(IEError, match=r"is neither a model nor .* is named by encoder\.name"):
        encoders.create(EncoderSettings("char-bilstm", begin=str(pretrained("Bert"))), lambda: TEXTS)


@pytest.mark.parametrize("name", ["char-bilstm", "ie-small-zh"])
def test_a_known_encoder_is_not_taken_for_a_folder_of_its_name(source, name, tmp_path, monkeypatch):
    source.rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    options = TINY if name == "char-bilstm" else {}
    assert encoders.create(EncoderSettings(name, options=options), lambda: TEXTS).settings.begin is None
    assert start(f"./{name}").settings.begin == f"{name}/best"


def test_a_damaged_file_without_a_digest_is_told(source):
    """Folders made before there were digests have none, and who changes a file may take its line out."""
    place = source / "best"
    content = json.loads((place / manifest.MANIFEST).read_text())
    (place / manifest.MANIFEST).write_text(json.dumps(content | {"files": {}}))
    vocabulary = place / "vocabulary.json"
    (vocabulary if vocabulary.exists() else place / "encoder" / "config.json").write_text("{")
    with pytest.raises(IEError, match=r"damaged model folder|cannot be opened"):
        start(source)


def test_a_shipped_model_is_named_as_it_is_for_prediction():
    made = start(manifest.DEFAULT)
    assert made.settings.begin == str(manifest.shipped()[manifest.DEFAULT])
