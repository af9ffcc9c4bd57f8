"""Several parts on one encoder: who learns from what, one pass over a text, one copy of the weights, one record out."""

import copy

import pytest
import torch
from safetensors.torch import load_file

from ie_cli.errors import IEError
from ie_cli.lost_causes import NOT_ANNOTATED
from ie_cli.predicting import configure, predict
from ie_cli.records import Argument, Entity, Event, Record, Relation, Span
from ie_cli.registry import load
from ie_cli.tasks import relation_casrel
from ie_cli.tasks._multi import Labels
from ie_cli.tasks.multi import Settings
from ie_cli.zoo import encoders, folder
from ie_cli.zoo.encoders import EncoderSettings

TINY = {"characters": 8, "bigrams": 4, "words": 2, "lexicon": 2, "covers": 2, "hidden": 8, "layers": 1}
TINY |= {"dropout": 0.0, "forget": 0.0}
USUAL = ["ner_pointer", "relation_gplinker", "event_gplinker"]
OTHERS = ["ner_crf", "relation_casrel", "event_crf"]


def span(text, start, end, kind=None):
    return Span(start, end, kind, text[start:end])


def entities(text, *places):
    return Record(text, entities=[Entity(a, b, kind, text[a:b]) for a, b, kind in places])


PEOPLE = entities("张三认识李四", (0, 2, "人物"), (4, 6, "人物"))
WROTE = Record(
    "李四写了活着", relations=[Relation("作者", span("李四写了活着", 4, 6, "书"), span("李四写了活着", 0, 2, "人"))]
)
LEFT = Record(
    "昨天王五离职",
    events=[Event("离职", span("昨天王五离职", 4, 6), [Argument(2, 4, None, "王五", role="人物")])],
)
RECORDS = [PEOPLE, WROTE, LEFT]


def made(parts=(), records=RECORDS, **more):
    """A model without dropout in training mode."""
    labels = Labels.of(records)
    own = {part: {"dropout": 0.0} for part in parts or USUAL if getattr(labels, makes(part), None)}
    return built("multi", records, labels, Settings(**{"parts": list(parts), "settings": own} | more))


def single(task, records):
    """The model of one task likewise."""
    module = load("ie_cli.tasks", task)
    return built(task, records, module.Labels.of(records), module.Settings(dropout=0.0))


def built(task, records, labels, settings, encoder=None):
    torch.manual_seed(0)
    encoder = encoder or EncoderSettings("char-bilstm", options=dict(TINY))
    return folder.build(task, encoders.create(encoder, lambda: (r.text for r in records)), labels, settings).train()


def makes(part):
    return {"ner": "entities", "rel": "relations", "eve": "events"}.get(part[:3], "")


def batch(model, records=RECORDS):
    return model.collate([example for r in records for example in model.codec.examples(r, 64)[0]])


def loss(model, records):
    some = batch(model, records)
    return model.loss(model(some.inputs), some)


# --- Who learns from what ------------------------------------------------------------------------


def test_the_parts_are_those_that_the_records_are_annotated_for():
    assert list(made().parts) == USUAL and made().kind == "ner+relations+events"
    some = made(records=[LEFT, PEOPLE])
    assert list(some.parts) == ["ner_pointer", "event_gplinker"] and some.kind == "ner+events"
    empty = Record("没有", relations=[])
    assert list(made(records=[PEOPLE, empty]).parts) == ["ner_pointer"]  # nobody can learn a relation from that


@pytest.mark.parametrize("parts", [USUAL, ["ner_crf", "relation_gplinker", "event_crf"]], ids=["usual", "crf"])
def test_a_text_counts_for_the_parts_that_it_is_annotated_for_and_all_texts_count_the_same(parts):
    """The loss of three texts, each for one part, is a third of the sum of the parts' own losses of these."""
    model = made(parts)
    alone = [loss(model, [record]).item() for record in RECORDS]
    assert loss(model, RECORDS).item() == pytest.approx(sum(alone) / 3, rel=1e-5)
    some = [PEOPLE, PEOPLE, WROTE]
    assert loss(model, some).item() == pytest.approx((2 * alone[0] + alone[1]) / 3, rel=1e-5)


def test_a_record_that_says_nothing_of_relations_is_no_negative_example_of_them():
    model = made()
    loss(model, [PEOPLE]).backward()
    learned = {name.split(".")[1] for name, w in model.named_parameters() if w.grad is not None and "parts." in name}
    assert learned == {"ner_pointer"}
    model.zero_grad()
    nothing = Record(PEOPLE.text, entities=PEOPLE.entities, relations=[])  # somebody has looked
    loss(model, [nothing]).backward()
    assert model.parts["relation_gplinker"].entities.project.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("part", [*USUAL, *OTHERS])
def test_a_single_part_is_the_model_of_that_task(part):
    record = next(r for r in RECORDS if getattr(r, makes(part)) is not None)
    shared, alone = made([part], [record]), single(part, [record])
    alone.load_state_dict({name.removeprefix(f"parts.{part}."): x for name, x in shared.state_dict().items()})
    torch.manual_seed(5)
    mine = loss(shared, [record, record])
    torch.manual_seed(5)
    assert mine.item() == pytest.approx(loss(alone, [record, record]).item(), rel=1e-6)
    found, expected = (next(predict(model.eval(), [Record("张三写了活着后离职")])) for model in (shared, alone))
    assert found == expected


def test_weights_are_factors_of_the_losses():
    alone = [loss(made(), [record]).item() for record in RECORDS]
    weights = {"ner_pointer": 0.5, "event_gplinker": "2e0"}
    assert loss(made(weights=weights), RECORDS).item() == pytest.approx(
        (0.5 * alone[0] + alone[1] + 2 * alone[2]) / 3, rel=1e-5
    )


def test_a_batch_without_any_annotation_teaches_nothing_and_is_told():
    model, bare = made(), Record("没有标注")
    examples, lost = model.codec.examples(bare, 64)
    assert lost == {NOT_ANNOTATED: 1} and [v for k, v in examples[0].items() if k.startswith("cells")] == [None] * 3
    nothing = loss(model, [bare])
    nothing.backward()
    assert nothing.item() == 0 and not model.encoder.token_embedding.weight.grad.any()


def test_rates_of_the_parts_are_counted_over_their_own_records():
    many = Labels.of([*RECORDS, *[entities("别的文字" * 4)] * 50])
    assert many.relations == Labels.of([WROTE]).relations and many.events == Labels.of([LEFT]).events
    assert many.entities.rates[0] < Labels.of([PEOPLE]).entities.rates[0]
    assert (many.length, many.relations.length) == (16, 6)


# --- One encoder ---------------------------------------------------------------------------------


def watched(model):
    """The sizes of the batches that the encoder reads from now on."""
    seen = []
    model.encoder.register_forward_hook(lambda module, given, out: seen.append(tuple(given[1].shape)))
    return seen


@pytest.mark.parametrize("parts", [USUAL, OTHERS], ids=["usual", "residual"])
def test_the_encoder_reads_each_window_once(parts):
    model = made(parts)
    seen = watched(model)
    loss(model, RECORDS).backward()
    assert seen == [(3, 6)]  # one pass over three windows, for three parts
    seen.clear()
    texts = ["李四写了活着", "离职" * 8]
    windows = [model.codec.windows(t, model.codec.tokenizer(t), model.codec.window) for t in texts]
    found = list(predict(model.eval(), map(Record, texts)))
    assert sum(rows for rows, _ in seen) == sum(map(len, windows))
    assert all(None not in (r.entities, r.relations, r.events) for r in found)


def test_casrel_as_a_part_reads_what_is_before_the_last_normalisation(pretrained):
    """A pretrained encoder's `residual` gives two different outputs."""
    encoder = EncoderSettings(str(pretrained("Bert")))
    settings = Settings(["relation_casrel", "ner_pointer"])
    both = built("multi", RECORDS, Labels.of(RECORDS), settings, encoder).eval()
    alone = built("relation_casrel", [WROTE], relation_casrel.Labels.of([WROTE]), relation_casrel.Settings(), encoder)
    weights = {name.removeprefix("parts.relation_casrel."): x for name, x in both.state_dict().items()}
    alone.eval().load_state_dict({name: weights[name] for name in alone.state_dict()})
    inputs = batch(alone, [WROTE]).inputs
    mine, expected = both(inputs).parts["relation_casrel"], alone(inputs)
    assert torch.equal(mine.residual, expected.residual) and torch.equal(mine.subjects, expected.subjects)
    assert not torch.allclose(mine.residual, both(inputs).hidden)


def test_the_weights_of_the_encoder_are_there_once(tmp_path):
    model = made()
    names = [name for name in model.state_dict() if "encoder" in name]
    assert names and all(name.startswith("encoder.") for name in names)
    assert {f"encoder.{name}" for name in model.encoder.state_dict()} == set(names)
    folder.save(model, tmp_path / "m")
    assert load_file(tmp_path / "m" / "model.safetensors").keys() == model.state_dict().keys()
    again = folder.load(tmp_path / "m")
    assert all(torch.equal(x, again.state_dict()[name]) for name, x in model.state_dict().items())
    assert again.codec.settings == model.codec.settings and again.codec.labels == model.codec.labels
    bare = [Record(r.text) for r in RECORDS]
    assert list(predict(again, bare)) == list(predict(model.eval(), bare))


def test_an_unknown_setting_of_a_part_is_told_with_the_file(tmp_path):
    folder.save(made(), tmp_path / "m")
    path = tmp_path / "m" / "model.json"
    path.write_text(path.read_text().replace('"max_spans"', '"most"'))
    with pytest.raises(IEError) as error:
        folder.load(tmp_path / "m")
    message = f"{path}: unknown setting 'model.settings.ner_pointer.most'. Known: model.settings.ner_pointer.head, "
    assert str(error.value).startswith(message) and str(error.value).count(str(path)) == 1


def test_a_copy_has_an_encoder_of_its_own_that_its_parts_read():
    model = made()
    loss(model, RECORDS)  # what is lent is given back, or nothing could be copied
    other = copy.deepcopy(model)
    seen, theirs = watched(model), watched(other)
    loss(other, RECORDS)
    assert (len(seen), len(theirs)) == (0, 1)
    assert all(part.encoder is other.lent for part in other.parts.values())


# --- One record ----------------------------------------------------------------------------------


def assembled(model, record, **cells):
    encoding = model.codec.tokenizer(record.text)
    return model.codec.assemble(record, encoding, [(0, len(record.text))], [list(cells.values())])


def test_entities_are_those_of_their_part_and_without_one_those_of_the_relations():
    label = [(0, (4, 5), (0, 1), 0.75)]
    both, without = made(), made(records=[WROTE, LEFT])
    record = assembled(both, Record(WROTE.text), entities=[(0, 0, 1, 0.9)], relations=label, events=[])
    assert [(e.text, e.type) for e in record.entities] == [("李四", "人物")]
    assert [r.predicate for r in record.relations] == ["作者"] and record.events == []
    record = assembled(without, Record(WROTE.text), relations=label, events=[])
    assert [(e.text, e.type) for e in record.entities] == [("李四", "人"), ("活着", "书")]
    kept = assembled(without, Record(WROTE.text, entities=[]), relations=label, events=[])
    assert kept.entities == []


def test_an_empty_text_has_nothing_and_what_a_part_drops_is_told():
    model = made()
    record = next(predict(model.eval(), [Record("")]))
    assert (record.entities, record.relations, record.events) == ([], [], [])
    model.parts["event_gplinker"].codec.dropped["spans"] += 3
    next(predict(model, [Record("离职")]))
    assert model.codec.dropped == {"spans": 3} and not model.parts["event_gplinker"].codec.dropped


def test_a_threshold_is_that_of_all_parts_and_must_be_one_of_all():
    model = made(USUAL).eval()
    configure(model, threshold=0.001)
    found = next(predict(model, [Record("李四写了活着后离职")]))
    configure(model, threshold=0.999)
    assert len(found.entities) > len(next(predict(model, [Record("李四写了活着后离职")])).entities)
    with pytest.raises(IEError, match="relation_casrel has several thresholds"):
        configure(made(["ner_pointer", "relation_casrel"]), threshold=0.5)


# --- Settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"parts": ["ner_pointer", "link_pair"]}, "link_pair encodes descriptions besides the texts"),
        ({"parts": ["multi"]}, "cannot be a part of itself"),
        ({"parts": ["ner_pointer", "ner_crf"]}, "ner_pointer and ner_crf both make entities; choose one"),
        ({"parts": ["ner_pinter"]}, "unknown part 'ner_pinter'. Did you mean 'ner_pointer'?"),
        ({"settings": {"ner_crf": {}}}, "unknown part in model.settings 'ner_crf'"),
        ({"settings": {"ner_pointer": {"size": 3}}}, "unknown setting 'model.settings.ner_pointer.size'"),
        ({"settings": {"ner_pointer": {"dropout": 2}}}, "'model.settings.ner_pointer.dropout' cannot be 2.0"),
        ({"settings": {"ner_pointer": 3}}, "model.settings.ner_pointer must be a table"),
        ({"settings": {"ner_pointer": {"window_overlap": 3}}}, "set model.window_overlap"),
        ({"weights": {"ner": 1}}, "unknown part in model.weights 'ner'"),
        ({"weights": {"ner_pointer": -1}}, "'model.weights.ner_pointer' must be a number from 0 on, found -1"),
        ({"weights": {"ner_pointer": True}}, "must be a number"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(settings, reason):
    with pytest.raises(IEError) as refused:
        made(**{"settings": {}} | settings)
    assert reason in str(refused.value) and "\n" not in str(refused.value)


def test_a_part_with_nothing_to_learn_is_refused():
    with pytest.raises(IEError, match="hold no events for event_crf to learn"):
        made(["ner_pointer", "event_crf"], [PEOPLE], settings={})
    with pytest.raises(IEError, match="hold no entities, relations or events"):
        Labels.of([Record("没有"), entities("没有")])


def test_settings_are_completed_and_labels_of_no_part_forgotten():
    model = made(["event_crf", "ner_pointer"], window_overlap=8, weights={"event_crf": 2})
    settings, labels = model.codec.settings, model.codec.labels
    assert settings.parts == ["ner_pointer", "event_crf"] and settings.weights == {"ner_pointer": 1, "event_crf": 2}
    overlaps = {part: own["window_overlap"] for part, own in settings.settings.items()}
    assert overlaps == {"ner_pointer": 8, "event_crf": 8}
    assert labels.relations is None and labels.names == ["人物", "离职/触发词", "离职/人物"]
    assert model.rates == {"parts.event_crf.crf.": 10.0}
