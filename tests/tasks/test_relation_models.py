"""Relations: the loss against the dense definition, slots that belong together, schema, cross-window links."""

import pytest
import torch

from ie_cli.errors import IEError
from ie_cli.nn.span_scores import span_mask
from ie_cli.nn.zlpr import zlpr
from ie_cli.records import Record, Relation, Span
from ie_cli.tasks import relation_casrel, relation_gplinker
from ie_cli.tasks._codec import Batch
from ie_cli.tasks._regroup import Found, regroup, shares, without_object
from ie_cli.tasks._relations import Labels
from ie_cli.text.batch import pad
from ie_cli.text.characters import CharacterTokenizer, build_vocabulary

TEXT = "李四写了活着，王五演了活着"
TOKENIZER = CharacterTokenizer(build_vocabulary([TEXT], min_count=1, min_bigram_count=1))


def relation(predicate, subject, object_, **slots):
    def span(place):
        return Span(*place[:2], place[2] if len(place) > 2 else None, TEXT[place[0] : place[1]])

    return Relation(predicate, span(subject), span(object_), {name: span(place) for name, place in slots.items()})


RECORD = Record(
    TEXT,
    relations=[
        relation("作者", (4, 6, "书"), (0, 2, "人")),
        relation("演员", (11, 13, "剧"), (7, 9, "人")),
        relation("演员", (11, 13, "剧"), (0, 2, "人"), 角色=(7, 9, "人")),
    ],
)


class Encoder(torch.nn.Module):
    width, limit = 8, None

    def forward(self, features, mask):
        torch.manual_seed(1)
        return torch.randn(*mask.shape, 8)

    def residual(self, features, mask):
        return self(features, mask), self(features, mask)


def made(task=relation_gplinker, **settings):
    torch.manual_seed(0)
    return task.Model(Encoder(), TOKENIZER, Labels.of([RECORD]), task.Settings(**settings)).eval()


@pytest.mark.parametrize("head", ["efficient", "global_pointer"])
def test_the_loss_is_three_dense_losses_summed_over_their_types(head):
    model = made(head=head)
    batch = model.collate(model.codec.examples(RECORD, 64)[0] + model.codec.examples(Record(TEXT[:5]), 64)[0])
    scores = model(batch.inputs)
    # entities: 2 subjects, 2 objects (one of them a slot's value); links by hand, (first, first) and (last, last)
    labels = {(n.predicate, n.slot, n.of_object): i for i, n in enumerate(model.codec.table)}
    links = [("作者", None, False, (4, 5), (0, 1)), ("演员", None, False, (11, 12), (7, 8)),
             ("演员", None, False, (11, 12), (0, 1)), ("演员", "角色", False, (11, 12), (7, 8)),
             ("演员", "角色", True, (0, 1), (7, 8))]  # fmt: skip
    targets = [torch.zeros_like(s.dense(), dtype=torch.bool) for s in scores]
    targets[0][0, 0, 4, 5] = targets[0][0, 0, 11, 12] = targets[0][0, 1, 0, 1] = targets[0][0, 1, 7, 8] = True
    for *key, one, other in links:
        targets[1][0, labels[tuple(key)], one[0], other[0]] = targets[2][0, labels[tuple(key)], one[1], other[1]] = True
    cells = [span_mask(batch.inputs.mask, triangle=triangle)[:, None] for triangle in (True, False, False)]
    dense = [
        zlpr(s.dense().flatten(2), t.flatten(2), c.expand_as(t).flatten(2)).sum(1).mean()
        for s, t, c in zip(scores, targets, cells, strict=True)
    ]
    assert model.loss(scores, batch).item() == pytest.approx(sum(dense).item(), rel=1e-5)


def test_a_schema_gives_a_label_to_every_combination_of_types():
    model = made(schema=True)
    assert len(model.codec.table) == 4 and model.heads.bias.out_features == 2 * 4
    kinds = {(n.predicate, n.slot): tuple(model.ends[i].tolist()) for i, n in enumerate(model.codec.table)}
    assert kinds["作者", None] != kinds["演员", None]  # other heads: 书 and 剧 are types of their own
    assert len({end for pair in kinds.values() for end in pair}) == 3
    unknown = Record(TEXT, relations=[relation("作者", (11, 13, "剧"), (0, 2, "人"))])
    examples, lost = model.codec.examples(unknown, 64)
    assert lost.total() == 1 and examples[0]["cells"] == []
    assert not made().codec.examples(unknown, 64)[1]


def test_records_without_relations_have_no_labels():
    with pytest.raises(IEError, match="hold no relations"):
        Labels.of([Record(TEXT)])


def test_entities_that_are_there_stay_and_others_are_those_that_take_part():
    model = made(task=relation_casrel)
    encoding = TOKENIZER(TEXT)
    label = next(i for i, n in enumerate(model.codec.table) if n.predicate == "作者")
    links = [[(label, (4, 5), (0, 1), 0.75)]]
    bare, given = (model.codec.assemble(Record(TEXT, entities=e), encoding, [(0, 13)], links) for e in (None, []))
    assert [(e.text, e.type, e.score) for e in bare.entities] == [("李四", "人", 0.75), ("活着", "书", 0.75)]
    assert given.entities == [] and given.relations == bare.relations


S, A, B, V, W = (0, 1), (2, 3), (6, 7), (4, 5), (8, 9)


def values(*places):
    return [Found(place, None, 0.9) for place in places]


@pytest.mark.parametrize(
    ("objects", "found", "linked", "expected"),
    [
        ([A, B], [V], {(A, V), (B, V)}, {A: [V], B: [V]}),  # two objects share a value
        ([A], [V, W], {(A, V), (A, W)}, {A: [V, W]}),  # two values of one object: none is lost
        ([A, B], [V, W], {(A, W), (B, V)}, {A: [W], B: [V]}),  # links win over places
        ([A, B], [V, W], {(A, V)}, {A: [V], B: [W]}),  # W is no one's, so the nearest object's
        ([A, B], [V], {(A, V)}, {A: [V], B: []}),
        ([A, B], [V, W], set(), {A: [V], B: [W]}),  # no link at all: in order
        ([A, B], [W], set(), {A: [W], B: [W]}),  # no link at all: the nearest
    ],
)
def test_values_of_a_slot_go_to_their_objects(objects, found, linked, expected):
    got = shares(objects, values(*found), linked)
    assert {o: [v.place for v in share] for o, share in got.items()} == expected


def test_several_values_become_several_relations_and_a_value_without_object_none():
    subject = (*S, "人")
    direct = {("p", None): {subject: values(A)}, ("p", "x"): {subject: values(V, W)}, ("p", "y"): {subject: values(B)}}
    found = list(regroup(direct, {("p", "x"): {(*A, None): values(V, W)}}))
    assert [(s, o.place, {n: v.place for n, v in slots.items()}) for _, s, o, slots in found] == [
        (subject, A, {"x": V, "y": B}),
        (subject, A, {"x": W, "y": B}),
    ]
    assert without_object(direct) == 0
    alone = {("p", "x"): {subject: values(V, W)}, ("q", None): {subject: values(A)}}
    assert [parts[0] for parts in regroup(alone, {})] == ["q"] and without_object(alone) == 2


def test_a_value_of_a_slot_without_an_object_is_counted():
    codec = made().codec
    label = next(i for i, n in enumerate(codec.table) if n.slot == "角色" and not n.of_object)
    found = codec.assemble(Record(TEXT), TOKENIZER(TEXT), [(0, 13)], [[(label, (11, 12), (7, 8), 0.9)]])
    assert found.relations == [] and codec.dropped == {"values of slots whose subject has no object": 1}


def test_casrel_draws_subjects_that_are_none_and_gives_them_no_objects():
    model = made(task=relation_casrel)
    batch = model.collate(model.codec.examples(RECORD, 64)[0])
    outputs = model(batch.inputs)
    losses = {round(model.loss(outputs, batch).item(), 4) for _ in range(40)}
    assert len(losses) == 3  # 书 alone, 剧 alone, and from the first token of 书 to the last of 剧


def test_casrel_without_any_gold_learns_that_there_are_no_subjects():
    model = made(task=relation_casrel)
    batch = Batch(pad([{"ids": [1, 2]}]), torch.zeros(0, 5, dtype=torch.long))
    loss = model.loss(model(batch.inputs), batch)
    loss.backward()
    assert loss > 0 and model.subjects.weight.grad.isfinite().all() and model.objects.weight.grad is None
