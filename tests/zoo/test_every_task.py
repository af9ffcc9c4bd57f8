"""What every task promises: gold survives the way to token spans and back, and a tiny model can learn it."""

import pytest
import torch

from ie_cli import kb
from ie_cli.errors import IEError
from ie_cli.predicting import predict
from ie_cli.records import Argument, Entity, Event, Link, Record, Relation, Span
from ie_cli.registry import load, names
from ie_cli.scoring import counts_for, score_all
from ie_cli.tasks._event_documents import Graph
from ie_cli.tasks._events import Node
from ie_cli.tasks._relations import TokenLink
from ie_cli.text.characters import CharacterTokenizer, build_vocabulary
from ie_cli.zoo import encoders, folder
from ie_cli.zoo.encoders import EncoderSettings

TASKS = names("ie_cli.tasks")
TINY = {"characters": 16, "bigrams": 8, "words": 4, "hidden": 24, "layers": 1, "dropout": 0.0}


def entities(text, *spans):
    return Record(text, entities=[Entity(start, end, kind, text[start:end]) for start, end, kind in spans])


FLAT = [
    entities("张三丰在北京大学读书。", (0, 3, "人物"), (4, 8, "机构")),
    entities("我在 New York 见到李四", (3, 11, "地点"), (13, 15, "人物")),
    entities("今天天气很好", (0, 2, "时间")),
    entities("👨‍👩‍👧王五去了上海\n", (5, 7, "人物"), (9, 11, "地点")),
    entities("什么也没有"),
    entities("清华大学在北京市海淀区", (0, 4, "机构"), (5, 11, "地点")),
    entities("李四和张三丰认识王五", (0, 2, "人物"), (3, 6, "人物"), (8, 10, "人物")),
    entities("明天去上海。", (0, 2, "时间"), (3, 5, "地点")),
]
NESTED = [
    entities("北京大学人民医院", (0, 2, "地点"), (0, 4, "机构"), (0, 8, "机构"), (4, 8, "机构")),
    entities("张三丰", (0, 3, "人物"), (0, 3, "地点"), (0, 1, "人物"), (1, 3, "人物")),
]
LONG = [
    entities("无关的话" * 5 + "。张三丰在北京。" * 4, *((21 + 8 * i + a, 21 + 8 * i + b, kind)
             for i in range(4) for a, b, kind in ((0, 3, "人物"), (4, 6, "地点")))),
    entities("北京大学" * 10, *((4 * i, 4 * i + 4, "机构") for i in range(10))),
]  # fmt: skip


def triples(text, *found):
    """Relations from (predicate, subject, object, slots): spans as (start, end, type)."""

    def span(start, end, kind):
        return Span(start, end, kind, text[start:end])

    relations = [
        Relation(name, span(*s), span(*o), {slot: span(*v) for slot, v in (slots[0] if slots else {}).items()})
        for name, s, o, *slots in found
    ]
    return Record(text, relations=relations)


def work(at):
    return (at, at + 2, "作品")


def person(at):
    return (at, at + 2, "人物")


RELATIONS = [
    triples("李四写了活着", ("作者", work(4), person(0))),
    triples("活着的作者李四也写了兄弟", ("作者", work(0), person(5)), ("作者", work(10), person(5))),
    triples("李四导演并主演活着", ("导演", work(7), person(0)), ("主演", work(7), person(0))),
    triples("什么也没有"),
    triples("王五在活着中饰演李四，在兄弟中饰演张三",
            ("饰演", person(0), person(8), {"作品": work(3)}), ("饰演", person(0), person(17), {"作品": work(12)})),
    triples("王五在活着中饰演李四和张三",
            ("饰演", person(0), person(8), {"作品": work(3)}), ("饰演", person(0), person(11), {"作品": work(3)})),
    triples("王五饰演李四", ("饰演", person(0), person(4))),
    triples("李四写了👨‍👩‍👧活着\n", ("作者", work(9), person(0))),
]  # fmt: skip
LONG_RELATIONS = [
    triples("无关的话" * 5 + "。李四写活着。" * 4, *(("作者", work(24 + 7 * i), person(21 + 7 * i)) for i in range(4))),
]


def happenings(text, *found):
    """Events from (type, trigger or None, arguments as (role, start, end))."""
    events = [
        Event(kind, trigger and Span(*trigger, None, text[slice(*trigger)]),
              [Argument(start, end, None, text[start:end], role=role) for role, start, end in arguments])
        for kind, trigger, arguments in found
    ]  # fmt: skip
    return Record(text, events=events)


EVENTS = [
    happenings("昨天李四离职", ("离职", (4, 6), [("时间", 0, 2), ("人物", 2, 4)])),
    happenings("李四离职，王五离职", ("离职", (2, 4), [("人物", 0, 2)]), ("离职", (7, 9), [("人物", 5, 7)])),
    happenings("李四离职后王五入职甲司", ("离职", (2, 4), [("人物", 0, 2)]),
               ("入职", (7, 9), [("人物", 5, 7), ("公司", 9, 11)])),
    happenings("什么也没有"),
    happenings("王五入职", ("入职", (2, 4), [("人物", 0, 2)])),
    happenings("宣布离职", ("离职", (2, 4), [])),
    happenings("👨‍👩‍👧李四离职\n", ("离职", (7, 9), [("人物", 5, 7)])),
    happenings("乙司迎来王五入职", ("入职", (6, 8), [("公司", 0, 2), ("人物", 4, 6)])),
]  # fmt: skip
LONG_EVENTS = [
    happenings("无关的话" * 5 + "。李四离职。。王五离职。。赵六离职。。孙七离职。",
               *(("离职", (23 + 6 * i, 25 + 6 * i), [("人物", 21 + 6 * i, 23 + 6 * i)]) for i in range(4))),
]  # fmt: skip


def mentions(text, *found):
    """Links from (start, end, id or None for NIL)."""
    return Record(text, entities=[Entity(a, b, None, text[a:b], link=Link(ident)) for a, b, ident in found])


# id, name, what is known of it; two entities are called 苹果, two 李娜
ENTRIES = [("1", "苹果", "一种水果，好吃"), ("2", "苹果", "生产手机的公司"), ("3", "李娜", "夺得冠军的网球选手"),
           ("4", "李娜", "唱歌的人"), ("5", "北京", "城市")]  # fmt: skip
LINKS = [
    mentions("苹果很好吃", (0, 2, "1")),
    mentions("苹果的手机", (0, 2, "2")),
    mentions("李娜在北京夺得冠军", (0, 2, "3"), (3, 5, "5")),
    mentions("什么也没有"),
    mentions("李娜唱歌", (0, 2, "4")),
    mentions("👨‍👩‍👧张三在北京\n", (5, 7, None), (8, 10, "5")),
    mentions("我吃苹果，好吃", (2, 4, "1")),
    mentions("张三用手机听李娜唱歌", (0, 2, None), (6, 8, "4")),
]
LONG_LINKS = [
    mentions("无关的话" * 5 + "。李娜唱歌。" * 4, *((21 + 6 * i, 23 + 6 * i, "4") for i in range(4))),
]
# Records that a task of each kind can hold whole, short and long.
RECORDS = {"ner": FLAT, "relations": RELATIONS, "events": EVENTS, "links": LINKS}
LONGER = {"ner": LONG, "relations": LONG_RELATIONS, "events": LONG_EVENTS, "links": LONG_LINKS}
MULTI = load("ie_cli.tasks", "multi").Model.kind
for table in (RECORDS, LONGER):  # each record is annotated for one part, so the others do not learn from it
    table[MULTI] = [record for kind in MULTI.split("+") for record in table[kind]]
WHOLE = [(name, record) for name in TASKS for kind in [load("ie_cli.tasks", name).Model.kind]
         for record in RECORDS[kind] + LONGER[kind]]  # fmt: skip


@pytest.fixture(params=TASKS)
def task(request):
    return load("ie_cli.tasks", request.param)


@pytest.fixture(params=[name for name in TASKS if name.startswith("ner_")])
def ner(request):
    return load("ie_cli.tasks", request.param)


@pytest.fixture(scope="module", autouse=True)
def base(tmp_path_factory):
    """A knowledge base for the tasks that need one."""
    folder = tmp_path_factory.mktemp("kb") / "base"
    entries = (kb.Entry(ident, name, about=about) for ident, name, about in ENTRIES)
    kb.build((kb.SourcedEntry("kb", i, entry) for i, entry in enumerate(entries)), folder)
    BASE["kb"] = str(folder)


BASE: dict[str, str] = {}
PARTS = ["ner_pointer", "relation_gplinker", "event_gplinker"]


def settings(task, **values):
    if task.Model.kind == MULTI:
        return task.Settings(settings=dict.fromkeys(PARTS, values), window_overlap=values.get("window_overlap", 64))
    return task.Settings(**values, **(BASE if hasattr(task.Settings, "kb") else {}))


def codec(task, records):
    tokenizer = CharacterTokenizer(build_vocabulary((r.text for r in records), min_count=1, min_bigram_count=1))
    encoder = torch.nn.Identity()
    encoder.width, encoder.limit = 4, None
    known = LINKS if task.Model.kind == "links" else FLAT + NESTED + RELATIONS + EVENTS
    return task.Model(encoder, tokenizer, task.Labels.of(known), settings(task, window_overlap=8)).codec


def perfect(task, example):
    """What a model would give for a window whose gold cells are known."""
    if task.Model.kind == MULTI:
        columns = dict(zip(PARTS, ("cells_entities", "cells_relations", "cells_events"), strict=True))
        return [perfect(load("ie_cli.tasks", part), {"cells": example[name] or []}) for part, name in columns.items()]
    cells = example["cells"]
    cells = [cells[i : i + 4] for i in range(0, len(cells), 4)]
    if task.Model.kind == "relations":
        pairs = zip(cells[::2], cells[1::2], strict=True)
        return [TokenLink(one[1], tuple(one[2:]), tuple(other[2:]), 1.0) for one, other in pairs]
    if task.__name__.endswith("event_gplinker"):
        nodes = [Node(*cell[1:], 1.0) for cell in cells]
        together = {(i, j): float(a[0] == b[0]) for j, b in enumerate(cells) for i, a in enumerate(cells[:j])}
        return Graph(nodes, together)
    return [(*cell[1:], 1.0) for cell in cells]


def there_and_back(task, codec, record, length):
    """The record from the gold of its training examples, and what was lost."""
    examples, lost = codec.examples(record, length)
    encoding = codec.tokenizer(record.text)
    rows = [perfect(task, example) for example in examples]
    found = codec.windows(record.text, encoding, length)
    assert [len(e["ids"]) for e in examples] == [stop - first for first, stop in found]
    return codec.assemble(Record(record.text), encoding, found, rows), lost


def place(span):
    return span.start, span.end, span.type, span.text


def keys(record):
    """All that a record says, in an order of its own; entities that only take part in relations are no news."""
    relations = [
        (r.predicate, place(r.subject), place(r.object), sorted((name, place(s)) for name, s in r.slots.items()))
        for r in record.relations or ()
    ]
    events = [
        (e.type, e.trigger and place(e.trigger), sorted((a.role, a.start, a.end, a.text) for a in e.arguments))
        for e in record.events or ()
    ]
    return (
        sorted(relations) + sorted(events, key=str) + ([] if relations else sorted(map(place, record.entities or ())))
    )


@pytest.mark.parametrize("length", [24, 512])
@pytest.mark.parametrize(("name", "record"), WHOLE, ids=lambda x: x if isinstance(x, str) else x.text[:6])
def test_gold_comes_back(name, record, length):
    task = load("ie_cli.tasks", name)
    found, lost = there_and_back(task, codec(task, [record]), record, length)
    assert keys(found) == keys(record) and not lost.total()
    assert found.text == record.text


@pytest.mark.parametrize("record", NESTED, ids=lambda r: r.text[:6])
def test_nested_gold_comes_back_or_is_counted(ner, record):
    found, lost = there_and_back(ner, codec(ner, [record]), record, 512)
    assert set(keys(found)) <= set(keys(record))
    assert len(found.entities) + lost.total() == len(record.entities)
    assert lost.total() == 0 or ner.__name__.endswith("_crf")  # only flat tags lose any


def unusable(kind):
    text = "北" * 40
    if kind == "ner":
        places = [(0, 40, "机构"), (None, None, "机构"), (1, 2, "别的"), (3, 4, None)]
        return Record(text, entities=[Entity(*place, text) for place in places])
    if kind == "links":
        places = [(0, 40, None), (None, None, None), (1, 2, "别的"), (3, 4, "别的")]
        return Record(text, entities=[Entity(*place, text, link=Link(None)) for place in places])
    if kind == "events":
        spans = {"人物": (0, 40), "时间": (None, None), "别的": (1, 2)}
        arguments = [Argument(*at, None, text[slice(*at)], role=role) for role, at in spans.items()]
        return Record(text, events=[Event("离职", None, arguments), Event("别的", Span(0, 1, None, "北"))])
    far, nowhere, here = Span(39, 40, "人物", "北"), Span(None, None, "人物", "南"), Span(0, 2, "作品", "北北")
    found = [("作者", here, far), ("作者", here, nowhere), ("别的", here, here), ("", here, here)]
    return Record(text, relations=[Relation(*parts) for parts in found])


def test_what_cannot_be_learned_is_counted_by_its_cause(task):
    record = unusable(task.Model.kind)
    found, lost = there_and_back(task, codec(task, RECORDS[task.Model.kind]), record, 16)
    assert keys(found) == []
    assert sum(n for cause, n in lost.items() if n) == 4
    assert lost["longer than the overlap of two windows"] + lost["its spans are never in one window"] == 1
    assert lost["no offsets"] == 1


def test_a_tiny_model_learns_eight_records_by_heart(task):
    records = RECORDS[task.Model.kind]
    torch.manual_seed(0)
    encoder = encoders.create(EncoderSettings("char-bilstm", options=TINY), lambda: (r.text for r in records))
    chosen = settings(task, dropout=0.0)
    model = folder.build(task.__name__.rsplit(".", 1)[1], encoder, task.Labels.of(records), chosen)
    batch = model.collate([example for r in records for example in model.codec.examples(r, 64)[0]])
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-2)
    for _ in range(80):
        loss = model.loss(model(batch.inputs), batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    found = predict(model.eval(), [Record(r.text) for r in records])
    score = score_all(counts_for(model.kind), records, found)
    assert score.micro.f1 == 1


def test_a_model_says_what_it_is(task):
    """Pointer heads for smoothing and R-Drop; a threshold that can be set, unless there are several."""
    records = RECORDS[task.Model.kind]
    encoder = encoders.create(EncoderSettings("char-bilstm", options=TINY), lambda: (r.text for r in records))
    made = folder.build(task.__name__.rsplit(".", 1)[1], encoder, task.Labels.of(records), settings(task)).eval()
    assert made.task == task.__name__.rsplit(".", 1)[1]
    batch = made.collate([example for r in records for example in made.codec.examples(r, 64)[0]])
    scores, cells = made.pointer_scores(made(batch.inputs)), made.cells(batch.inputs.mask)
    assert len(scores) == len(cells) and bool(scores) == made.has_pointers
    for part in made.members():
        if part.task == "relation_casrel":
            with pytest.raises(IEError, match="relation_casrel has several thresholds"):
                part.set_threshold(0.7)
        else:
            part.set_threshold(0.7)
            assert part.codec.settings.threshold == 0.7
    if task.Model.kind != "links":
        with pytest.raises(IEError, match=f"{made.task} does not link"):
            made.attach("anywhere")


def scored(record):
    return (record.entities or []) + (record.relations or []) + (record.events or [])


def test_scores_are_probabilities_and_do_not_depend_on_the_batch(task):
    """An untrained model finds plenty, and what it finds in a text is its own."""
    torch.manual_seed(0)
    records = RECORDS[task.Model.kind]
    encoder = encoders.create(EncoderSettings("char-bilstm", options=TINY), lambda: (r.text for r in records))
    made = folder.build(task.__name__.rsplit(".", 1)[1], encoder, task.Labels.of(records), settings(task))
    for name, weights in made.named_parameters():
        if not name.startswith("encoder."):  # its padding must stay 0
            torch.nn.init.normal_(weights, mean=2.0 if weights.dim() == 1 else 0.0)  # biases: it shall find plenty
    for part in made.members():
        if part.kind == "relations":
            own = part.codec.settings  # every two spans are linked with every predicate, so there should be few
            setattr(own, "max_spans" if hasattr(own, "max_spans") else "max_subjects", 12)
    bare = [Record(r.text) for r in records]
    together = list(predict(made.eval(), bare))
    assert sum(len(scored(r)) for r in together) >= len(records)
    for record, found in zip(bare, together, strict=True):
        alone = next(predict(made, [record]))
        assert keys(alone) == keys(found)
        for mine, other in zip(scored(alone), scored(found), strict=True):
            assert 0 <= mine.score <= 1 and mine.score == pytest.approx(other.score, abs=2e-4)
