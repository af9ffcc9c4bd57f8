"""Linking: counts without the record itself, candidates, mentions given and found, NIL, the base and its faults."""

import json
import math
from collections import Counter
from dataclasses import replace

import pytest
import torch

from ie_cli import kb
from ie_cli.errors import IEError
from ie_cli.kb import Entry, SourcedEntry
from ie_cli.matching import leftmost_longest
from ie_cli.nn.zlpr import HARD, Targets
from ie_cli.predicting import predict
from ie_cli.records import Entity, Link, Record
from ie_cli.tasks import link_pair
from ie_cli.tasks._linking_cache import StateCache
from ie_cli.tasks._linking_codec import Context, Mention, covered
from ie_cli.tasks._linking_entries import words
from ie_cli.tasks._linking_inputs import Question
from ie_cli.tasks._linking_labels import MOSTLY, NEW, NOTHING_OWN, SELDOM, SOMETIMES, Labels, OwnCounts, meanings
from ie_cli.text.encoding import Encoding
from ie_cli.training.objective import Objective
from ie_cli.training.settings import Train
from ie_cli.zoo import encoders, folder
from ie_cli.zoo.encoders import EncoderSettings

TINY = {"characters": 8, "bigrams": 4, "words": 4, "hidden": 8, "layers": 1, "dropout": 0.0}
TEXT = "苹果发布手机"
ENTRIES = [
    Entry("1", "苹果", (), ("水果",), "好吃的水果"),
    Entry("2", "苹果公司", ("苹果",), ("公司",), f"{TEXT}\n总部在加州", (("产品", "手机"),)),
    Entry("3", "手机", (), (), "随身的电话"),
]  # fmt: skip


def record(text, *mentions):
    """Mentions are (start, end, id or None, nil type)."""
    return Record(
        text, entities=[Entity(a, b, None, text[a:b], link=Link(i, nil_type=kind)) for a, b, i, kind in mentions]
    )


RECORDS = [
    record(TEXT, (0, 2, "2", None), (4, 6, "3", None)),
    record("苹果好吃", (0, 2, "1", None)),
    record("张三买苹果", (0, 2, None, "Person"), (3, 5, "2", None)),
    record("小米手机", (0, 2, None, "Brand")),
]


@pytest.fixture
def base(tmp_path):
    return build(tmp_path / "kb")


def build(folder, entries=ENTRIES):
    kb.build((SourcedEntry("kb", i, entry) for i, entry in enumerate(entries)), folder)
    return folder


def made(base, records=RECORDS, **settings):
    torch.manual_seed(0)
    encoder = encoders.create(EncoderSettings("char-bilstm", options=TINY), lambda: (r.text for r in records))
    chosen = link_pair.Settings(**{"kb": str(base), "dropout": 0.0} | settings)
    return folder.build("link_pair", encoder, Labels.of(records), chosen).eval()


def bare(records):
    return [Record(r.text) for r in records]


def given(records):
    return [replace(r, entities=[replace(e, link=None) for e in r.entities]) for r in records]


# --- Counts --------------------------------------------------------------------------------------


def test_labels_count_what_each_name_means():
    labels = Labels.of(RECORDS)
    assert labels.meant == {"苹果": {"1": 1, "2": 2}, "手机": {"3": 1}, "张三": {"": 1}, "小米": {"": 1}}
    assert labels.names == ["mention"] and labels.nil_types == ["Brand", "Person"]
    assert labels.mentioned("2") == 2 and labels.mentioned("9") == 0


def test_the_record_itself_does_not_count():
    labels = Labels.of(RECORDS)
    own = OwnCounts(meanings(RECORDS[0]), Counter(), None)
    assert labels.meaning("苹果", own) == Counter({"1": 1, "2": 1}) and labels.meaning("手机", own) == Counter({"3": 0})
    assert labels.mentioned("2", own) == 1


@pytest.mark.parametrize(
    ("matched", "annotated", "kind"),
    [
        (0, 0, NEW),
        (9, 1, SOMETIMES),
        (10, 1, SELDOM),
        (4, 0, SELDOM),
        (3, 0, SOMETIMES),
        (4, 2, MOSTLY),
        (0, 1, MOSTLY),
    ],
)
def test_names_are_classed_by_how_often_they_are_annotated(matched, annotated, kind):
    """9 matches of which 1 is annotated: (8 + 1) / (1 + 1) is below 5, as published; 10: not."""
    labels = Labels(meant={"苹果": {"1": annotated}}, matched={"苹果": matched})
    assert labels.annotation_class("苹果") == kind


def test_the_counts_of_a_training_set_without_links_are_refused():
    with pytest.raises(IEError, match="no entities with offsets and a link"):
        Labels.of([Record("苹果", entities=[Entity(0, 2, None, "苹果")])])


def test_study_counts_longest_matches(base):
    model = made(base)
    model.count_matches([Record("苹果公司的苹果"), Record("手机")])
    assert model.codec.labels.matched == {"苹果公司": 1, "苹果": 1, "手机": 1}


# --- The base without a record -------------------------------------------------------------------


def test_what_a_record_alone_has_put_into_the_base_is_left_out(base):
    model = made(base, leave_one_out=True)
    own = model.codec._own(RECORDS[0])
    assert own.text == TEXT
    assert model.codec.base.candidates("苹果", own) == ["1", "2"]  # another record calls 2 so
    assert model.codec.base.candidates("手机", own) == []
    assert model.codec.base.candidates("苹果公司", own) == ["2"]  # not of this record
    assert [m.start for m in model.codec.base.matches(TEXT, own)] == [0]
    assert model.codec.base.entity("2", TEXT).about == "总部在加州"
    assert model.codec.base.entity("2").about == f"{TEXT}\n总部在加州"


def test_without_leave_out_the_base_is_as_it_is(base):
    codec = made(base).codec
    assert codec.base.candidates("手机", codec._own(RECORDS[0])) == ["3"]


# --- Features ------------------------------------------------------------------------------------


def test_tokens_tell_where_names_begin_and_end(base):
    model = made(base, annotation_rate=False)
    features = model.codec.tokenizer("买苹果公司手机").features
    # 苹果 and 苹果公司 begin at 1; of these the longer one is the leftmost-longest match, as 手机 is
    assert features["opens"] == [0, NEW + MOSTLY, 0, 0, 0, NEW + MOSTLY, 0]
    assert features["closes"] == [0, 0, NEW, 0, NEW + MOSTLY, 0, NEW + MOSTLY]


def test_leftmost_longest_matches_do_not_overlap(base):
    found = kb.open(base).matches("苹果公司苹果")
    assert [m[:2] for m in found] == [(0, 2), (0, 4), (4, 6)]
    assert [m[:2] for m in leftmost_longest(found)] == [(0, 4), (4, 6)]


def test_words_are_those_of_two_characters_and_more():
    assert [("我买苹果手机")[slice(*place)] for place in words("我买苹果手机")] == ["苹果", "手机"]


def test_what_text_and_description_share(base):
    model = made(base)
    here = Context(TEXT, list(range(6)), [], NOTHING_OWN)
    shared = model.entries.shared(here, ("2", None), 7)
    assert shared[4] == [1, 1, 1] and shared[0] == [1, 1, 0]  # 手机: a word of the line, the object of a fact
    assert shared[6] == [0, 0, 0]
    left_out = model.entries.shared(here, ("2", TEXT), 6)
    assert left_out[0] == [0, 0, 0] and left_out[4] == [1, 1, 1]


def test_objects_of_facts_are_looked_for_up_to_ten_characters(tmp_path):
    text = "一二三四五六七八九十甲"
    entry = Entry("1", "甲", facts=(("短", text[:10]), ("长", text), ("字", "甲")))
    model = made(build(tmp_path / "kb", [entry]))
    shared = model.entries.shared(Context(text, list(range(11)), [], NOTHING_OWN), ("1", None), 11)
    assert [row[2] for row in shared] == [1] * 10 + [0]


def test_a_mention_takes_the_tokens_that_it_touches():
    pieces = Encoding({"ids": [1, 1, 1]}, [0, 2, 5], [2, 5, 6])
    places = {(0, 2): (0, 0), (1, 3): (0, 1), (3, 4): (1, 1), (4, 6): (1, 2)}
    assert {at: covered(pieces, Entity(*at, None, "")) for at in places} == places
    assert covered(pieces, Entity(None, None, None, "")) is None


# --- Candidates ----------------------------------------------------------------------------------


def test_candidates_come_by_how_often_the_name_means_them_and_are_cut(base):
    model = made(base, max_candidates=1)
    assert [c.kb_id for c in model.ranking.candidates("苹果", NOTHING_OWN)] == ["2"]
    assert model.codec.dropped == {"candidates of mentions that have more than model.max_candidates": 1}


def test_in_training_the_right_candidate_stays_and_the_others_are_drawn(tmp_path):
    many = [Entry(str(i), "苹果") for i in range(9)]
    model = made(build(tmp_path / "kb", many), negatives=2, max_candidates=9)
    found = model.ranking.candidates("苹果", NOTHING_OWN)
    asked = Question(0, Mention(0, 1, "苹果", "7"), [], found)
    drawn = [model.ranking._sampled(asked) for _ in range(20)]
    assert all(len(some) == 3 and "7" in [c.kb_id for c in some] for some in drawn)
    assert len({tuple(c.kb_id for c in some) for some in drawn}) > 5
    assert len(model.ranking._sampled(asked._replace(mention=Mention(0, 1, "苹果", "")))) == 2


def test_a_name_that_mostly_means_what_is_no_candidate_is_likely_nil(base, tmp_path):
    """Twice 2 and once 1 in training; in a base without 2 those two count as NIL."""
    model = made(base)
    whole = model.ranking._question(0, Mention(0, 1, "苹果"), NOTHING_OWN).about
    model.attach(build(tmp_path / "other", ENTRIES[:1]))
    without = model.ranking._question(0, Mention(0, 1, "苹果"), NOTHING_OWN).about
    assert [math.exp(whole[0]), math.exp(without[0])] == pytest.approx([0.5 / 4, 2.5 / 4])


def test_a_batch_has_the_right_candidate_as_its_target(base):
    model = made(base, ranked_mentions=9)
    examples = [example for r in RECORDS for example in model.codec.examples(r, 16)[0]]
    ranking = model.collate(examples).ranking
    targets = [
        "" if target == 0 else found[target - 1].kb_id
        for found, target in zip(ranking.candidates, ranking.target.tolist(), strict=True)
    ]
    assert targets == ["2", "3", "1", "", "2", ""]
    assert ranking.nil_type.tolist() == [-1, -1, -1, 1, -1, 0]
    assert len(ranking.entities) == len(set(ranking.entities)) == 3


def test_options_of_the_pointer_loss_reach_the_mentions(base):
    model = made(base)
    batch = model.collate(model.codec.examples(RECORDS[0], 16)[0])
    outputs = model(batch.inputs)
    hard, soft = (model.loss(outputs, batch, targets=t).item() for t in (HARD, Targets(0.9, 0.01)))
    assert hard != soft
    assert Objective(model, Train(r_drop=1.0))(batch).isfinite()


def test_lost_are_ids_and_names_that_the_base_lacks(base):
    codec = made(base).codec
    unknown = record("苹果手机", (0, 2, "3", None), (2, 4, "99", None))
    examples, lost = codec.examples(unknown, 16)
    assert lost == {
        "name that its entity does not have in the knowledge base, learned as NIL": 1,
        "id that is not in the knowledge base, learned as NIL": 1,
    }
    assert len(examples[0]["cells"]) == 8  # both are mentions all the same


# --- Prediction ----------------------------------------------------------------------------------


def test_given_mentions_are_linked_as_they_are(base):
    model = made(base)
    found = list(predict(model, given(RECORDS)))
    assert [[e.text for e in r.entities] for r in found] == [[e.text for e in r.entities] for r in RECORDS]
    ids = [[e.link.kb_id for e in r.entities] for r in found]
    assert ids == [["2", "3"], ["2"], [None, "2"], [None]]  # untrained: the most frequent
    assert found[3].entities[0].link.nil_type in ("Brand", "Person")
    scores = [c["score"] for c in found[0].entities[0].extra["candidates"]]
    assert scores == sorted(scores, reverse=True) and found[0].entities[0].link.score == scores[0] < 1
    assert found[3].entities[0].link.score == 1 and found[3].entities[0].extra["candidates"] == []


def test_an_empty_list_of_mentions_is_given_and_no_list_is_not(base):
    model = made(base, nested=True)
    torch.nn.init.constant_(model.head.bias.bias, 9.0)  # every span is a mention
    empty, none = predict(model, [Record("苹果", entities=[]), Record("苹果")])
    assert empty.entities == [] and len(none.entities) == 3
    model.codec.settings.given_mentions = False
    assert len(next(predict(model, [Record("苹果", entities=[])])).entities) == 3


def test_records_with_all_links_are_read_afresh_and_links_among_mentions_stay(base):
    model = made(base, nested=True)
    torch.nn.init.constant_(model.head.bias.bias, 9.0)
    one = RECORDS[1]
    assert len(next(predict(model, [one])).entities) == 10  # all spans of four characters
    mixed = replace(one, entities=[replace(one.entities[0], link=Link("7")), Entity(2, 4, None, "好吃")])
    found = next(predict(model, [mixed])).entities
    assert found[0] == mixed.entities[0] and found[1].link.kb_id is None and len(found) == 2


def test_mentions_of_long_texts_are_linked_and_those_without_a_place_counted(base):
    model = made(base)
    text = "无关的话。" * 30 + "苹果好吃"
    entities = [Entity(150, 152, None, "苹果"), Entity(None, None, None, "苹果"), Entity(0, 100, None, text[:100])]
    found = next(predict(model, [Record(text, entities=entities)]))
    assert found.entities[0].link.kb_id == "2" and found.entities[1].link is found.entities[2].link is None
    assert model.codec.dropped["links of mentions without a place or longer than a window"] == 2


def test_links_do_not_depend_on_the_batch(base):
    model = made(base)
    for weights in model.ranker.parameters():
        torch.nn.init.normal_(weights)
    together = list(predict(model, given(RECORDS)))
    for one, other in zip(given(RECORDS), together, strict=True):
        alone = next(predict(model, [one]))
        assert [e.link.kb_id for e in alone.entities] == [e.link.kb_id for e in other.entities]
        for mine, its in zip(alone.entities, other.entities, strict=True):
            assert mine.link.score == pytest.approx(its.link.score, abs=2e-4)


def test_each_description_is_encoded_once_until_the_weights_change(base):
    model = made(base)
    encoded = []
    model.cache.encode = lambda rows, encode=model.cache.encode: encoded.extend(rows) or encode(rows)
    list(predict(model, given(RECORDS) * 3))
    assert len(encoded) == 3  # 苹果 twice and 手机
    list(predict(model, given(RECORDS)))
    assert len(encoded) == 3
    model.train().eval()
    list(predict(model, given(RECORDS[1:2])))
    assert len(encoded) == 5


def test_only_so_many_descriptions_are_kept():
    asked = []
    features, encode = lambda i: {"ids": [int(i)]}, lambda rows: [torch.ones(r["ids"][0], 2) for r in rows]
    kept = StateCache(features, encode, 99, 2)
    kept.features = lambda i, features=kept.features: asked.append(i) or features(i)
    states, mask = kept(["1", "2", "3"])  # more at once than are kept
    assert states.shape == (3, 3, 2) and mask.sum(1).tolist() == [1, 2, 3] and list(kept.states) == ["2", "3"]
    kept(["2"])
    kept(["4"])
    assert asked == ["1", "2", "3", "4"] and list(kept.states) == ["2", "4"]


# --- The base and its faults ---------------------------------------------------------------------


def test_a_saved_model_finds_its_base_again(base, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder.save(made("kb"), tmp_path / "model")
    stored = json.loads((tmp_path / "model" / "model.json").read_text())["settings"]
    assert stored["kb"] == str(base) and len(stored["digest"]) == 16
    monkeypatch.chdir("/")
    loaded = folder.load(tmp_path / "model")
    assert next(predict(loaded, given(RECORDS))).entities[0].link.kb_id == "2"


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (lambda base: base.rename(base.with_name("gone")), "no knowledge base.*--kb DIR"),
        (lambda base: build(base, [*ENTRIES, Entry("4", "小米")]), "has changed since.*--kb DIR"),
        (lambda base: build(base, [*ENTRIES[:2], replace(ENTRIES[2], about="随身的电脑")]), "has changed since"),
        (lambda base: (base / "base.json").write_text('{"version": "0-x", "ie": "0", "sizes": {}}'), "version 0-x"),
    ],
)
def test_a_base_that_is_gone_or_another_is_a_stated_error(base, tmp_path, break_it, reason):
    folder.save(made(base), tmp_path / "model")
    break_it(base)
    loaded = folder.load(tmp_path / "model")  # `ie models` can still tell of it
    with pytest.raises(IEError, match=reason):
        list(predict(loaded, given(RECORDS)))


def test_another_base_can_be_attached(base, tmp_path):
    model = made(base)
    assert next(predict(model, given(RECORDS))).entities[0].link.kb_id == "2"
    model.attach(build(tmp_path / "other", [Entry("7", "苹果")]))
    found = next(predict(model, given(RECORDS)))
    assert [[c["kb_id"] for c in e.extra["candidates"]] for e in found.entities] == [["7"], []]


def test_a_base_must_be_named_and_be_there(tmp_path):
    with pytest.raises(IEError, match=r"--set model\.kb=DIR"):
        made(None, kb=None)
    with pytest.raises(IEError, match=r"no knowledge base.*; or name one with --set model\.kb=DIR"):  # no --kb yet
        made(tmp_path / "nothing")
