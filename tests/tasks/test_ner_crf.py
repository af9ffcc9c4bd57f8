"""The CRF model of entities against all tag paths, and what flat tags cannot hold."""

import itertools

import pytest
import torch

from ie_cli import tags
from ie_cli.records import Entity, Record
from ie_cli.tasks.ner_crf import Labels, Model, Settings
from ie_cli.text.batch import pad
from ie_cli.text.characters import CharacterTokenizer, build_vocabulary
from ie_cli.training import optimiser
from ie_cli.training.recipe import Train

TYPES, LENGTH = 2, 4
NAMES = ["O", "B-0", "I-0", "B-1", "I-1"]


class Given(torch.nn.Module):
    """An encoder of no use: the tests give emissions."""

    width, limit = 3, None

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))


def model(**settings) -> Model:
    torch.manual_seed(0)
    tokenizer = CharacterTokenizer(build_vocabulary(["张三丰在北京"], min_count=1, min_bigram_count=1))
    made = Model(Given(), tokenizer, Labels(["人物", "地点"], [0.1, 0.1]), Settings(**settings)).eval()
    for weights in made.crf.parameters():
        torch.nn.init.normal_(weights)
    return made


def paths(made: Model, emissions: torch.Tensor) -> dict[tuple[int, ...], float]:
    """Every valid BIO path of one text with its share of the probability."""
    scored = {}
    for path in itertools.product(range(len(NAMES)), repeat=len(emissions)):
        if tags.decode([NAMES[tag] for tag in path], "bio")[1]:
            continue  # an I that nothing opened
        score = made.crf.first_scores[path[0]] + made.crf.last[path[-1]]
        score = score + sum(emissions[i, tag] for i, tag in enumerate(path))
        scored[path] = score + sum(made.crf.transition_scores[pair] for pair in itertools.pairwise(path))
    return dict(zip(scored, torch.stack(list(scored.values())).softmax(0).tolist(), strict=True))


def spans(path) -> set[tuple[int, int, int]]:
    found, _ = tags.decode([NAMES[tag] for tag in path], "bio")
    return {(int(kind), start, end - 1) for start, end, kind in found}


@torch.no_grad()
def test_decoding_gives_the_spans_of_the_likeliest_path_with_their_probability():
    made = model()
    lengths = torch.tensor([LENGTH, 2, 0, 3, LENGTH])
    emissions, mask = 2 * torch.randn(5, LENGTH, len(NAMES)), torch.arange(LENGTH) < lengths[:, None]
    decoded = made.decode(emissions, mask)
    for row, length in enumerate(lengths.tolist()):
        every = paths(made, emissions[row, :length]) if length else {(): 1.0}
        best = spans(max(every, key=every.get))
        assert {span[:3] for span in decoded[row]} == best
        for *span, probability in decoded[row]:
            expected = sum(p for path, p in every.items() if tuple(span) in spans(path))
            assert probability == pytest.approx(expected, abs=1e-5)
    assert sum(map(len, decoded)) > 2


@torch.no_grad()
def test_a_threshold_drops_what_is_less_likely():
    emissions, mask = 2 * torch.randn(6, LENGTH, len(NAMES)), torch.ones(6, LENGTH, dtype=torch.bool)
    every = [span for row in model().decode(emissions, mask) for span in row]
    kept = [span for row in model(threshold=0.5).decode(emissions, mask) for span in row]
    assert kept == [span for span in every if span[3] >= 0.5]
    assert 0 < len(kept) < len(every)


ENTITIES = [(0, 3, "人物"), (4, 6, "地点")]
RECORD = Record("张三丰在北京", entities=[Entity(s, e, t, "张三丰在北京"[s:e]) for s, e, t in ENTITIES])


def test_emissions_of_the_gold_tags_give_gold_and_no_loss():
    made = model()
    examples, lost = made.codec.examples(RECORD, 64)
    batch = made.collate(examples)
    emissions = torch.zeros(1, 6, len(NAMES))
    for i, tag in enumerate([1, 2, 2, 0, 3, 4]):
        emissions[0, i, tag] = 30
    assert [[span[:3] for span in row] for row in made.decode(emissions, batch.inputs.mask)] == [[(0, 0, 2), (1, 4, 5)]]
    assert [span[3] for span in made.decode(emissions, batch.inputs.mask)[0]] == pytest.approx([1, 1], abs=1e-5)
    assert made.loss(emissions, batch).item() == pytest.approx(0, abs=1e-4)
    wrong = emissions.roll(1, 2)
    assert made.loss(wrong, batch).item() > 50
    assert not +lost


def test_entities_within_and_across_longer_ones_are_counted_as_lost():
    text = RECORD.text
    nested = [Entity(s, e, t, text[s:e]) for s, e, t in [(0, 1, "地点"), (2, 5, "地点"), (0, 3, "地点")]]
    examples, lost = model().codec.examples(Record(text, entities=[*RECORD.entities, *nested]), 64)
    # 0..3 is annotated twice and 2..5 is as long: of equal length the earlier stays, then the type that sorts first.
    assert examples[0]["cells"] == [0, 0, 0, 2, 1, 1, 4, 5]
    assert +lost == {"overlaps a longer one": 3}


def test_an_empty_text_costs_nothing_and_holds_nothing():
    made = model()
    gold = torch.zeros(0, 5, dtype=torch.long)
    batch = type(made.collate(made.codec.examples(RECORD, 64)[0]))(pad([{"ids": []}, {"ids": [1]}]), gold)
    emissions = torch.randn(2, 1, len(NAMES), requires_grad=True)
    loss = made.loss(emissions, batch)
    alone = made.crf.loss(emissions[1:], torch.zeros(1, 1, dtype=torch.long), batch.inputs.mask[1:])
    assert loss.item() == pytest.approx(alone.item() / 2)
    assert made.decode(emissions.detach(), batch.inputs.mask)[0] == []
    assert not torch.autograd.grad(loss, emissions)[0][0].any()


def test_the_crf_has_a_learning_rate_of_its_own():
    made = model(crf_rate=7.0)
    rates = {}
    for group in optimiser.build(made, Train(lr=1e-4, head_lr=1e-3)).param_groups:
        rates.update({id(weights): group["peak"] for weights in group["params"]})
    assert rates[id(made.crf.transition_scores)] == rates[id(made.crf.last)] == pytest.approx(7e-3)
    assert rates[id(made.emissions.weight)] == pytest.approx(1e-3)
    assert rates[id(made.encoder.weight)] == pytest.approx(1e-4)
