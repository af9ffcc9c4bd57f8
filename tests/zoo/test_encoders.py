"""Every supported architecture from a folder, through windows, batches, saving and opening."""

import copy
import json
import math
import shutil

import pytest
import torch
from conftest import ENCODERS, SIZES

from ie_cli.errors import IEError
from ie_cli.predicting import predict
from ie_cli.records import Record
from ie_cli.tasks.ner_pointer import Labels, Settings
from ie_cli.text.batch import pad
from ie_cli.training import layers, optimiser
from ie_cli.training.settings import Freeze, Train
from ie_cli.zoo import catalogue, encoders, folder
from ie_cli.zoo.encoders import EncoderSettings

TEXTS = ["张三丰在北京大学", "", "张三丰生于武当山。李四在清华！" * 6, " ", "abc 龘 123\n", "王"]
RECORDS = [Record(text, id=i) for i, text in enumerate(TEXTS)]
POSITIONS = SIZES["max_position_embeddings"]
LABELS = Labels(["人物", "地点"], [0.02, 0.01])
architectures = pytest.mark.parametrize("kind", ENCODERS)


def encoder(place, mode="auto"):
    return encoders.create(EncoderSettings(name=str(place), mode=mode), lambda: [])


def model(place, mode="auto"):
    """An untrained model, which finds plenty: everything downstream has something to lose."""
    made = encoder(place, mode)
    torch.manual_seed(1)
    settings = Settings(head_size=8, prior=False, window_overlap=8)
    return folder.build("ner_pointer", made, LABELS, settings).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def built(pretrained):
    """The model of each architecture with its predictions, made once."""
    made = {}

    def get(kind):
        if kind not in made:
            fresh = model(pretrained(kind))
            made[kind] = fresh, list(predict(fresh, RECORDS))
        return made[kind]

    return get


def scores(record):
    return {(e.start, e.end, e.type): e.score for e in record.entities}


def assert_close(found, expected, tolerance):
    """The same entities, but for those whose score is within the tolerance of the threshold."""
    for mine, other in zip(found, expected, strict=True):
        mine, other = scores(mine), scores(other)
        for key in mine.keys() | other.keys():
            assert mine.get(key, 0.5) == pytest.approx(other.get(key, 0.5), abs=tolerance)


@architectures
def test_texts_of_any_length_are_predicted(kind, built):
    found = built(kind)[1]
    assert [record.id for record in found] == list(range(len(TEXTS)))
    assert found[1].entities == []
    ends = [e.end for e in found[2].entities]
    assert min(ends) <= 10 and max(ends) > len(TEXTS[2]) - 10  # from the first window and from the last
    assert all(r.text[e.start : e.end] == e.text for r in found for e in r.entities)


@architectures
def test_a_text_does_not_depend_on_its_batch(kind, built):
    made, together = built(kind)
    alone = [next(predict(made, [record])) for record in RECORDS]
    assert_close(alone, together, 2e-4)
    assert_close(predict(made, RECORDS, batch_tokens=1), together, 2e-4)


@architectures
def test_saved_and_opened_again(kind, built, tmp_path):
    made, found = built(kind)
    folder.save(made, tmp_path / "m", note={"dev_f1": 0.5})
    opened = folder.load(tmp_path / "m")
    assert list(predict(opened, RECORDS)) == found
    assert opened.note == {"dev_f1": 0.5} and not opened.training
    assert opened.text_encoder.settings == made.text_encoder.settings
    folder.save(made, tmp_path / "h", bits=16)
    assert_close(predict(folder.load(tmp_path / "h"), RECORDS), found, 5e-3)
    folder.save(made, tmp_path / "b", bits=8)
    assert len(list(predict(folder.load(tmp_path / "b"), RECORDS))) == len(RECORDS)
    sizes = [(tmp_path / name / folder.WEIGHTS).stat().st_size for name in ("m", "h", "b")]
    assert sizes[1] < 0.7 * sizes[0] and sizes[2] <= sizes[1]


@pytest.mark.parametrize(("kind", "taken"), [(kind, 3 if kind == "Roberta" else 2) for kind in ENCODERS])
def test_the_longest_window_fits_exactly(kind, taken, built):
    """Two special tokens, and RoBERTa's positions begin behind the padding id, which is 0 here."""
    made = built(kind)[0]
    limit = made.encoder.limit
    assert limit == POSITIONS - taken
    inputs = [{"ids": torch.full((2, n), 5)} for n in (limit, limit + 1)]
    masks = [torch.ones(2, n, dtype=torch.bool) for n in (limit, limit + 1)]
    assert made.encoder(inputs[0], masks[0]).shape == (2, limit, made.encoder.width)
    if not kind.startswith(("Deberta", "ModernBert")):  # their positions are relative and never run out
        with pytest.raises((IndexError, RuntimeError)):
            made.encoder(inputs[1], masks[1])


@architectures
def test_gradients_reach_every_weight_that_is_kept(kind, pretrained):
    """A weight without a gradient is dead: saved and never used, as BERT's pooler would be."""
    made = encoder(pretrained(kind)).module.train()
    ids = torch.randint(5, 40, (2, 12))
    made({"ids": ids}, torch.ones_like(ids, dtype=torch.bool)).pow(3).sum().backward()
    dead = {name for name, p in made.named_parameters() if p.grad is None}
    assert dead <= {"inner.encoder.embed_positions.weight"}  # RoFormer's table of sines is fixed


@pytest.mark.parametrize(
    ("special", "ends"),
    [
        ({"cls_token": "[CLS]", "sep_token": "[SEP]"}, (2, 3)),
        ({"bos_token": "[CLS]", "eos_token": "[SEP]"}, (2, 3)),
        ({"bos_token": "[CLS]"}, (2, None)),
        ({"mask_token": "[MASK]"}, (None, None)),
    ],
)
def test_tokenizers_with_other_special_tokens(special, ends, pretrained):
    made = model(pretrained("Bert", **special))
    assert (made.encoder.first, made.encoder.last) == ends
    assert made.encoder.limit == POSITIONS - sum(end is not None for end in ends)
    assert len(list(predict(made, RECORDS))) == len(RECORDS)


@pytest.mark.parametrize(
    ("mode", "expected"), [("auto", "characters"), ("characters", "characters"), ("pieces", "pieces")]
)
def test_modes(mode, expected, pretrained, tmp_path):
    made = model(pretrained(), mode)
    assert made.text_encoder.settings.mode == made.codec.tokenizer.mode == expected
    assert len(made.codec.tokenizer("abc")) == 3
    folder.save(made, tmp_path / "m")
    assert folder.load(tmp_path / "m").codec.tokenizer.mode == expected


def test_weights_are_those_of_the_folder(pretrained):
    place = pretrained()
    from transformers import AutoModel

    given = AutoModel.from_pretrained(place, add_pooling_layer=False).state_dict()
    ours = encoder(place).module.inner.state_dict()
    assert ours.keys() == given.keys() and all(torch.equal(ours[name], given[name]) for name in given)


def test_roformer_needs_no_package_to_cut_words(pretrained, tmp_path):
    """The hub has its vocabulary as vocab.txt, and a tokenizer class that wants rjieba."""
    place = shutil.copytree(pretrained("RoFormer"), tmp_path / "hub")
    words = json.loads((place / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        (place / name).unlink(missing_ok=True)
    (place / "vocab.txt").write_text("\n".join(sorted(words, key=words.get)) + "\n", "utf-8")
    (place / "tokenizer_config.json").write_text('{"tokenizer_class": "RoFormerTokenizer"}')
    made = model(place)
    assert made.text_encoder.settings.mode == "characters"
    assert made.codec.tokenizer("张x龘").features["ids"] == [words["张"], words["x"], words["[UNK]"]]
    folder.save(made, tmp_path / "m")
    assert list(predict(folder.load(tmp_path / "m"), RECORDS)) == list(predict(made, RECORDS))


@pytest.mark.parametrize("name", ["nothing", "a/b/c", "./a", "/nowhere/b", "../a"])
def test_a_name_that_can_be_no_hub_id_is_not_looked_up(name, monkeypatch):
    monkeypatch.setattr("transformers.AutoConfig.from_pretrained", lambda *a, **k: pytest.fail("looked up"))
    with pytest.raises(IEError) as error:
        encoder(name)
    assert (
        str(error.value) == f"no encoder '{name}': not a folder, not a name of `ie models`, not a hub id (OWNER/NAME)"
    )


@pytest.mark.parametrize(("name", "asked"), [("nobody/nothing", "nobody/nothing"), ("rbt3", "hfl/rbt3")])
def test_a_hub_id_that_cannot_be_reached_is_one_stated_line(name, asked, monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(IEError) as error:
        encoder(name)
    assert catalogue.resolve(name) == asked
    assert str(error.value).startswith(f"cannot load the encoder '{name}': ") and "\n" not in str(error.value)


def test_a_folder_that_is_no_encoder(tmp_path):
    with pytest.raises(IEError, match=r"cannot load the encoder '.*': "):
        encoder(tmp_path)


def test_options_of_a_built_in_are_not_those_of_a_pretrained_encoder(pretrained):
    with pytest.raises(IEError, match=r"unknown setting 'encoder\.options\.hidden'"):
        encoders.create(EncoderSettings(str(pretrained()), options={"hidden": 3}), lambda: [])


def test_known_names_are_friendly_and_lead_to_hub_ids():
    for name, entry in catalogue.ENCODERS.items():
        assert "/" not in name and entry.hub_id.count("/") == 1 and entry.parameters > 0 and entry.licence
    assert len({entry.hub_id for entry in catalogue.ENCODERS.values()}) == len(catalogue.ENCODERS)
    assert catalogue.resolve("some/other") == "some/other"


def test_the_measuring_encoder(shared):
    """A real pretrained vocabulary: its characters keep their places, whatever they are."""
    made = encoder(shared("models/e5-small-zhchar"))
    assert (made.settings.mode, made.module.limit) == ("characters", 510)
    text = "张三…在 北京℃\n𠮷"
    assert made.tokenizer(text).starts == list(range(len(text)))


def test_hierarchical_positions_let_an_encoder_read_longer_texts(pretrained, tmp_path):
    place = pretrained("Bert")
    longer = encoders.create(EncoderSettings(name=str(place), options={"positions": 2 * POSITIONS}), lambda: [])
    plain = encoder(place)
    assert (plain.module.limit, longer.module.limit) == (POSITIONS - 2, 2 * POSITIONS - 2)
    ids, mask = torch.arange(POSITIONS - 2)[None] % 5 + 5, torch.ones(1, POSITIONS - 2, dtype=torch.bool)
    with torch.inference_mode():
        short = [made.module.eval()({"ids": ids}, mask) for made in (plain, longer)]
        assert torch.allclose(*short, atol=1e-5)
        far = longer.module({"ids": torch.cat([ids, ids], 1)}, torch.cat([mask, mask], 1))
    assert far.isfinite().all() and not torch.equal(far[:, : ids.shape[1]], far[:, ids.shape[1] :])
    labels = Labels(LABELS.names, LABELS.rates, 1.0, 2 * POSITIONS)
    made = folder.build("ner_pointer", longer, labels, Settings(head_size=8, prior=False)).eval()
    assert made.codec.window == 2 * POSITIONS - 2
    folder.save(made, tmp_path / "model")
    again = folder.load(tmp_path / "model")
    records = [Record("张三丰生于武当山。" * (POSITIONS // 8))]
    assert_close(list(predict(again, records)), list(predict(made, records)), 1e-4)


@pytest.mark.parametrize(
    ("kind", "positions", "message"),
    [
        ("Bert", 8, "must lie between"),
        ("Roberta", 999, "no table of absolute"),
        ("ModernBert", 999, "no table of absolute"),
    ],
)
def test_positions_that_cannot_be_had_are_stated(pretrained, kind, positions, message):
    with pytest.raises(IEError, match=message):
        encoders.create(EncoderSettings(name=str(pretrained(kind)), options={"positions": positions}), lambda: [])


HAVE_QUERIES = ["Bert", "Roberta", "Albert", "Electra", "RoFormer", "Ernie"]


@pytest.mark.parametrize("kind", HAVE_QUERIES)
def test_log_n_scales_the_attention_scores_of_each_text_by_its_length(kind, pretrained):
    """As if the queries had been multiplied by log n / log 30, with n the tokens of each text, special ones counted."""
    place = pretrained(kind)
    scaled = encoders.create(EncoderSettings(str(place), options={"log_n": 30}), lambda: []).module.eval()
    ids, lengths = torch.randint(5, 40, (3, 28)), torch.tensor([28, 20, 3])
    mask = torch.arange(28) < lengths[:, None]
    with torch.inference_mode():
        found = scaled({"ids": ids}, mask)
        for row, length in enumerate(lengths.tolist()):
            plain = encoder(place).module.eval()
            for name, weight in plain.named_parameters():
                if ".query." in name:
                    weight *= math.log(max(16, length + 2)) / math.log(30)
            expected = plain({"ids": ids[row : row + 1, :length]}, mask[row : row + 1, :length])
            torch.testing.assert_close(found[row, :length], expected[0], rtol=1e-4, atol=1e-5)


def test_log_n_is_kept_in_the_folder_and_in_a_copy(pretrained, tmp_path):
    made = encoders.create(EncoderSettings(str(pretrained()), options={"log_n": 512}), lambda: [])
    whole = folder.build("ner_pointer", made, LABELS, Settings(head_size=8, prior=False)).eval()
    folder.save(whole, tmp_path / "m")
    found = list(predict(whole, RECORDS))
    assert_close(list(predict(folder.load(tmp_path / "m"), RECORDS)), found, 2e-4)
    assert_close(list(predict(copy.deepcopy(whole), RECORDS)), found, 2e-4)
    assert_close(list(predict(whole, RECORDS)), found, 2e-4)


@pytest.mark.parametrize(
    ("kind", "base", "message"),
    [("ModernBert", 512, "modernbert has no queries"), ("DebertaV2", 512, "no queries"), ("Bert", 1, "cannot be 1")],
)
def test_log_n_that_cannot_be_had_is_stated(kind, base, message, pretrained):
    with pytest.raises(IEError, match=message):
        encoders.create(EncoderSettings(str(pretrained(kind)), options={"log_n": base}), lambda: [])


WITH_WORDS = {"words": 5}


def hybrid(place, **options):
    torch.manual_seed(0)
    return encoders.create(EncoderSettings(str(place), options=WITH_WORDS | options), lambda: ())


def test_words_are_read_on_top_of_a_pretrained_encoder(pretrained):
    made = hybrid(pretrained("Bert"))
    module, features = made.module.eval(), made.tokenizer("在北京大学").features
    assert set(features) == {"ids", "words", "begins", "ends", "covers"} and made.module.width == 10
    one = pad([features])
    padded = pad([features, made.tokenizer("在北京大学在北京").features])
    with torch.inference_mode():
        alone, beside = module(one.features, one.mask)[0], module(padded.features, padded.mask)[0, :5]
        other = module(one.features | {"words": torch.ones_like(one.mask).long()}, one.mask)[0]
    torch.testing.assert_close(alone, beside, rtol=0, atol=1e-5)
    assert not torch.allclose(alone, other)


def test_what_reads_the_words_is_kept_in_the_folder_and_learns_as_the_head_does(pretrained, tmp_path):
    made = hybrid(pretrained("Bert"), dropout=0.0)
    trained = folder.build("ner_pointer", made, LABELS, Settings())
    folder.save(trained, tmp_path / "model")
    opened = folder.load(tmp_path / "model")
    inputs = pad([made.tokenizer("在北京大学").features])
    with torch.inference_mode():
        before, after = (m.encoder.eval()(inputs.features, inputs.mask) for m in (trained, opened))
    assert torch.equal(before, after)
    rates = {}
    for group in optimiser.build(trained, Train(lr=1e-5, head_lr=1e-2)).param_groups:
        rates |= {id(weight): group["peak"] for weight in group["params"]}
    for name, weight in trained.named_parameters():
        new = not name.startswith("encoder.base.")
        assert rates[id(weight)] == (1e-2 if new else 1e-5), name
    assert layers.count(trained.encoder) == SIZES["num_hidden_layers"]
    layers.freeze(trained.encoder, Freeze(embeddings=True, layers=1))
    assert all(weight.requires_grad for weight in trained.encoder.above.parameters())


@pytest.mark.parametrize(("mode", "options"), [("pieces", {}), ("characters", {"words": -1})])
def test_words_that_cannot_be_read_are_stated(mode, options, pretrained):
    with pytest.raises(IEError, match=r"encoder\.options\.words"):
        encoders.create(EncoderSettings(str(pretrained("Bert")), mode, WITH_WORDS | options), lambda: ())


@pytest.mark.parametrize(("name", "value"), [("dropout", 2.0), ("hidden", 0), ("layers", 0), ("forget", -1.0)])
def test_a_built_in_of_no_such_shape_is_stated(name, value):
    with pytest.raises(IEError, match=rf"the setting 'encoder\.options\.{name}' cannot be {value}"):
        encoders.create(EncoderSettings("char-bilstm", options={name: value}), lambda: ["张三"])
