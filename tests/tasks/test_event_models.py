"""Events: the loss against the dense definition, cliques from link scores, and pieces from several windows."""

import pytest
import torch

from ie_cli.errors import IEError
from ie_cli.graph import MAX_NODES
from ie_cli.nn.span_scores import span_mask
from ie_cli.nn.zlpr import zlpr
from ie_cli.records import Argument, Event, Record, Span
from ie_cli.tasks import event_crf, event_gplinker
from ie_cli.tasks._bounds import FULL
from ie_cli.tasks._event_cliques import Limits
from ie_cli.tasks._event_documents import Graph, group_events, merge_graphs
from ie_cli.tasks._events import Labels, Node, Role
from ie_cli.text.characters import CharacterTokenizer, build_vocabulary

TEXT = "李四离职后入职甲司，甲司上市"
TOKENIZER = CharacterTokenizer(build_vocabulary([TEXT], min_count=1, min_bigram_count=1))


def event(kind, trigger, *arguments, text=TEXT):
    made = [Argument(a, b, None, text[a:b], role=role) for role, a, b in arguments]
    return Event(kind, trigger and Span(*trigger, None, text[slice(*trigger)]), made)


SHARED = [
    event("离职", (2, 4), ("人物", 0, 2)),
    event("入职", (5, 7), ("人物", 0, 2), ("公司", 7, 9)),
    event("入职", (5, 7), ("人物", 0, 2), ("公司", 10, 12)),
]


class Encoder(torch.nn.Module):
    width, limit = 8, None

    def forward(self, features, mask):
        torch.manual_seed(1)
        return torch.randn(*mask.shape, 8)


def made(records, task=event_gplinker, **settings):
    torch.manual_seed(0)
    return task.Model(Encoder(), TOKENIZER, Labels.of(records), task.Settings(**settings)).eval()


def scores_of_gold(model, batch):
    """Scores of +9 where the gold of the batch says so, and -9 elsewhere, as the three heads would give them."""
    texts, length = batch.inputs.mask.shape
    sizes = (len(model.codec.labels.roles), 1, 1)
    dense = [torch.full((texts, size, length, length), -9.0) for size in sizes]
    gold = batch.gold.tolist()
    for row, item, label, first, last in gold:
        dense[0][row, label, first, last] = 9
        for row2, item2, _, first2, last2 in gold:
            if (row, item) == (row2, item2) and [first, last] != [first2, last2]:
                dense[1][row, 0, min(first, first2), max(first, first2)] = 9
                dense[2][row, 0, min(last, last2), max(last, last2)] = 9
    return dense


class Dense:
    """Scores that are given one by one, behind the interface of a head's output."""

    def __init__(self, scores):
        self.scores = scores

    def above(self, threshold, cells, most):
        from ie_cli.nn.span_scores import SpanCells

        found = ((self.scores > threshold) & cells[:, None]).nonzero(as_tuple=True)
        return SpanCells(*found, self.scores[found])

    def at(self, row, kind, first, last):
        return self.scores[row, kind, first, last]


def keys(events):
    return sorted(
        (e.type, e.trigger and (e.trigger.start, e.trigger.end), sorted((a.role, a.start, a.end) for a in e.arguments))
        for e in events
    )


def back(record):
    model = made([record])
    batch = model.collate(model.codec.examples(record, 64)[0])
    graphs = model.decode(tuple(map(Dense, scores_of_gold(model, batch))), batch.inputs.mask)
    return model.codec.assemble(record, TOKENIZER(record.text), [(0, len(record.text))], graphs).events


def test_events_that_share_spans_come_back_from_the_scores_of_the_gold():
    assert keys(back(Record(TEXT, events=SHARED))) == keys(SHARED)


def test_what_the_links_cannot_tell_apart():
    """An event within another of its type vanishes; a span in two roles of two events gives every combination."""
    inside = [event("入职", (5, 7), ("人物", 0, 2)), event("入职", (5, 7), ("人物", 0, 2), ("公司", 7, 9))]
    assert keys(back(Record(TEXT, events=inside))) == keys(inside[1:])
    crossed = [event("入职", (5, 7), ("公司", 7, 9)), event("入职", (12, 14), ("人物", 7, 9))]
    assert len(back(Record(TEXT, events=crossed))) == 4


def test_a_span_in_two_roles_of_one_event_is_linked_to_itself():
    record = Record(TEXT, events=[event("上市", (12, 14), ("公司", 10, 12), ("人物", 10, 12))])
    model = made([record])
    batch = model.collate(model.codec.examples(record, 64)[0])
    with torch.no_grad():
        scores = model(batch.inputs)
        dense = [s.dense() for s in scores]
        targets = [t > 0 for t in scores_of_gold(model, batch)]
        targets[1][0, 0, 10, 10] = targets[2][0, 0, 11, 11] = True
        cells = span_mask(batch.inputs.mask)[:, None]
        each = [
            zlpr(d.flatten(2), t.flatten(2), cells.expand_as(t).flatten(2)).sum(1).mean()
            for d, t in zip(dense, targets, strict=True)
        ]
        assert model.loss(scores, batch).item() == pytest.approx(sum(each).item(), rel=1e-5)


def test_a_choice_stands_on_the_trigger_and_is_turned_back():
    choice = Argument(None, None, None, "筹备", role="环节", extra={"enum": True})
    record = Record(TEXT, events=[Event("上市", Span(12, 14, None, "上市"), [choice])])
    model = made([record])
    assert model.codec.labels.names == ["上市/触发词", "上市/环节/筹备"]
    examples, lost = model.codec.examples(record, 64)
    assert examples[0]["cells"] == [0, 0, 12, 13, 0, 1, 12, 13] and not lost
    nodes = [Node(0, 12, 13, 0.9), Node(1, 12, 13, 0.8)]
    (found,) = model.codec.assemble(record, TOKENIZER(TEXT), [(0, 14)], [Graph(nodes, {(0, 1): 0.7})]).events
    assert (found.trigger.start, found.score) == (12, 0.7)
    assert [(a.text, a.role, a.start, a.extra) for a in found.arguments] == [("筹备", "环节", None, {"enum": True})]
    record.events[0].trigger = None
    assert (
        made([Record(TEXT, events=SHARED)]).codec.examples(record, 64)[1]["a choice in an event without trigger"] == 1
    )


def test_events_without_trigger_are_left_out_where_the_settings_say_so():
    graph = [Graph([Node(0, 0, 1, 0.9)], {})]
    records = [Record(TEXT, events=[event("离职", None, ("人物", 0, 2))])]
    for required, expected in ((False, 1), (True, 0)):
        codec = made(records, require_trigger=required).codec
        assert len(codec.assemble(records[0], TOKENIZER(TEXT), [(0, 14)], graph).events) == expected


def test_records_without_events_have_no_labels():
    with pytest.raises(IEError, match="hold no events"):
        Labels.of([Record(TEXT)])


def test_what_the_bound_on_a_graph_drops_is_counted():
    codec, text = made([Record(TEXT, events=SHARED)]).codec, "字" * 80
    everywhere = Graph([Node(0, i, i, 0.9) for i in range(80)], {})
    codec.assemble(Record(text), TOKENIZER(text), [(0, 80)], [everywhere])
    assert codec.dropped == {"spans in too dense a graph of events": 80 - MAX_NODES}


def test_spans_beyond_the_most_of_a_window_are_counted():
    """The likeliest stay; an untrained model finds nearly everything."""
    record = Record(TEXT, events=SHARED)
    model = made([record], max_spans=3)
    batch = model.collate(model.codec.examples(record, 64)[0])
    (graph,) = model.decode(tuple(map(Dense, scores_of_gold(model, batch))), batch.inputs.mask)
    assert len(graph.nodes) == 3 and model.codec.dropped == {FULL: 1}


def test_a_second_trigger_of_an_event_is_counted():
    record = Record(TEXT, events=[event("离职", (2, 4))])
    codec = made([record]).codec
    graph = Graph([Node(0, 2, 3, 0.9), Node(0, 5, 6, 0.8)], {(0, 1): 0.7})
    (found,) = codec.assemble(record, TOKENIZER(TEXT), [(0, 14)], [graph]).events
    assert found.trigger.text == "离职" and codec.dropped == {"triggers of events that have a likelier one": 1}


# --- Several windows -----------------------------------------------------------------------------

WHO, WHERE, WHEN = 0, 1, 2
ROLES = [Role("type", role, None, 1) for role in ("who", "where", "when")]
PAGES = "李四甲司昨天……李四乙司今天……李四甲司明天"


def at(label, string, number=0, score=0.9):
    start = -1
    for _ in range(number + 1):
        start = PAGES.index(string, start + 1)
    return Node(label, start, start + 2, score)


def window(*events, apart=()):
    """A window in which each of these events is linked, and spans of different events are not."""
    nodes = sorted({node for one in events for node in one})
    index = {node: i for i, node in enumerate(nodes)}
    links = {(i, j): 0.0 for i in range(len(nodes)) for j in range(i + 1, len(nodes))}
    for one in events:
        places = sorted(index[node] for node in one)
        links |= {(i, j): 0.8 for i in places for j in places if i < j}
    return Graph(nodes, links)


def found(*windows):
    result, dropped = group_events(merge_graphs(windows), ROLES, PAGES, Limits(0.5, 0.1, 0.9))
    assert dropped == 0
    return sorted(sorted((n.label, PAGES[n.start : n.end]) for n in group.nodes) for group in result)


LI, LI2 = (at(WHO, "李四", i) for i in range(2))


def test_pieces_that_agree_are_one_event():
    """They share 李四; a string that two windows give is kept once."""
    assert found(window([LI, at(WHERE, "甲司")]), window([LI2, at(WHEN, "今天")])) == [
        [(WHO, "李四"), (WHERE, "甲司"), (WHEN, "今天")]
    ]


def test_pieces_that_contradict_each_other_stay_apart():
    events = found(window([LI, at(WHERE, "甲司")]), window([LI2, at(WHERE, "乙司")]))
    assert events == [[(WHO, "李四"), (WHERE, "乙司")], [(WHO, "李四"), (WHERE, "甲司")]]


def test_pieces_that_one_window_has_told_apart_stay_apart():
    one, other = [LI, at(WHERE, "甲司")], [LI2, at(WHEN, "今天")]
    assert len(found(window(one, other))) == 2


def test_pieces_without_anything_in_common_stay_apart():
    assert len(found(window([LI, at(WHERE, "甲司")]), window([at(WHEN, "今天")]))) == 2


def test_a_string_twice_in_one_window_is_kept_twice():
    assert found(window([LI, LI2, at(WHERE, "甲司")])) == [[(WHO, "李四"), (WHO, "李四"), (WHERE, "甲司")]]


def test_windows_that_overlap_give_each_span_once_with_its_best_score():
    low, high = at(WHO, "李四", score=0.6), LI
    graph = merge_graphs([window([low, at(WHERE, "甲司")]), window([high, at(WHERE, "甲司")])])
    assert [n.score for n in graph.nodes] == [0.9, 0.9] and graph.links == {(0, 1): 0.8}


# --- The baseline --------------------------------------------------------------------------------


def test_tags_make_an_event_of_every_trigger_and_its_nearest_arguments():
    text = "李四离职，王五离职"
    records = [Record(text, events=[event("离职", (2, 4), ("人物", 0, 2), text=text)])]
    codec = made(records, task=event_crf).codec
    who, trigger = (codec.labels.names.index(f"离职/{role}") for role in ("人物", "触发词"))
    spans = [[(who, 0, 1, 0.9), (trigger, 2, 3, 0.8), (who, 5, 6, 0.7), (trigger, 7, 8, 0.9)]]
    events = codec.assemble(records[0], TOKENIZER(text), [(0, 9)], spans).events
    assert keys(events) == [("离职", (2, 4), [("人物", 0, 2)]), ("离职", (7, 9), [("人物", 5, 7)])]
    assert [e.score for e in events] == [0.8, 0.7]
    alone = codec.assemble(records[0], TOKENIZER(text), [(0, 9)], [[s for s in spans[0] if s[0] == who]]).events
    assert keys(alone) == [("离职", None, [("人物", 0, 2), ("人物", 5, 7)])]


def test_spans_that_flat_tags_cannot_hold_are_counted():
    record = Record(TEXT, events=SHARED)
    _, lost = made([record], task=event_crf).codec.examples(record, 64)
    assert lost["overlaps a longer one"] == 1  # 李四 leaves one job and takes up another
    examples, _ = made([record], task=event_crf, tag_triggers=False).codec.examples(record, 64)
    names = made([record], task=event_crf).codec.labels.names
    assert {names[label].split("/")[1] for label in examples[0]["cells"][1::4]} == {"人物", "公司"}
