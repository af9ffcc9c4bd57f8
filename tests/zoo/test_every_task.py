"""What every task promises: gold survives the way to token spans and back, and a tiny model can learn it."""

import pytest
import torch

from ie_cli.predicting import predict
from ie_cli.records import Entity, Record
from ie_cli.registry import load, names
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
# Records that a task of each kind can hold whole.
RECORDS = {"ner": FLAT}


@pytest.fixture(params=TASKS)
def task(request):
    return load("ie_cli.tasks", request.param)


def codec(task, records):
    tokenizer = CharacterTokenizer(build_vocabulary((r.text for r in records), min_count=1, min_bigram_count=1))
    encoder = torch.nn.Identity()
    encoder.width, encoder.limit = 4, None
    return task.Model(encoder, tokenizer, task.Labels.of(FLAT + NESTED), task.Settings(overlap=8)).codec


def there_and_back(codec, record, length):
    """The record from the gold of its training examples, and what was lost."""
    examples, lost = codec.examples(record, length)
    encoding = codec.tokenizer(record.text)
    rows = [[(*spans[i : i + 3], 1.0) for i in range(0, len(spans), 3)] for spans in (e["spans"] for e in examples)]
    found = codec.windows(record.text, encoding, length)
    assert [len(e["ids"]) for e in examples] == [stop - first for first, stop in found]
    return codec.assemble(record, encoding, found, rows), lost


def keys(record):
    return sorted((e.start, e.end, e.type, e.text) for e in record.entities)


@pytest.mark.parametrize("length", [16, 512])
@pytest.mark.parametrize("record", FLAT + LONG, ids=lambda r: r.text[:6])
def test_gold_comes_back(task, record, length):
    found, lost = there_and_back(codec(task, [record]), record, length)
    assert keys(found) == keys(record) and not lost.total()
    assert found.text == record.text


@pytest.mark.parametrize("record", NESTED, ids=lambda r: r.text[:6])
def test_nested_gold_comes_back_or_is_counted(task, record):
    found, lost = there_and_back(codec(task, [record]), record, 512)
    assert set(keys(found)) <= set(keys(record))
    assert len(found.entities) + lost.total() == len(record.entities)
    assert lost.total() == 0 or task.__name__.endswith("_crf")  # only flat tags lose any


def test_what_cannot_be_learned_is_counted_by_its_cause(task):
    made = codec(task, FLAT)
    unusable = [(0, 40, "机构"), (None, None, "机构"), (1, 2, "别的"), (3, 4, None)]
    record = Record("北" * 40, entities=[Entity(*place, "北" * 40) for place in unusable])
    found, lost = there_and_back(made, record, 16)
    assert found.entities == []
    assert sum(n for cause, n in lost.items() if n) == 4
    assert lost["longer than the overlap of two windows"] == lost["no offsets"] == 1


def test_a_tiny_model_learns_eight_records_by_heart(task):
    records = RECORDS[task.Model.kind]
    torch.manual_seed(0)
    encoder = encoders.create(EncoderSettings(options=TINY), lambda: (r.text for r in records))
    settings = task.Settings(dropout=0.0)
    model = folder.build(task.__name__.rsplit(".", 1)[1], encoder, task.Labels.of(records), settings)
    batch = model.collate([example for r in records for example in model.codec.examples(r, 64)[0]])
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-2)
    for _ in range(80):
        loss = model.loss(model(batch.inputs), batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    score = load("ie_cli.scoring", model.kind).score(records, predict(model.eval(), records))
    assert score.micro.f1 == 1


def test_scores_are_probabilities_and_do_not_depend_on_the_batch(task):
    """An untrained model finds plenty, and what it finds in a text is its own."""
    torch.manual_seed(0)
    encoder = encoders.create(EncoderSettings(options=TINY), lambda: (r.text for r in FLAT))
    made = folder.build(task.__name__.rsplit(".", 1)[1], encoder, task.Labels.of(FLAT + NESTED), task.Settings())
    for name, weights in made.named_parameters():
        if not name.startswith("encoder."):  # its padding must stay 0
            torch.nn.init.normal_(weights)
    together = list(predict(made.eval(), FLAT))
    assert sum(len(r.entities) for r in together) >= len(FLAT)
    for record, found in zip(FLAT, together, strict=True):
        alone = next(predict(made, [record]))
        assert keys(alone) == keys(found)
        for mine, other in zip(alone.entities, found.entities, strict=True):
            assert 0 <= mine.score <= 1 and mine.score == pytest.approx(other.score, abs=2e-4)
