"""A tiny model of each task and a handful of examples for it, which the tests of training share."""

from collections import Counter

import datasets
import torch

from ie_cli.records import Argument, Entity, Event, Record, Relation, Span
from ie_cli.registry import load
from ie_cli.training import batches, recipe
from ie_cli.training.data import Examples
from ie_cli.training.recipe import Recipe
from ie_cli.training.settings import Train, fill_in
from ie_cli.training.step import State, update
from ie_cli.zoo import encoders, folder
from ie_cli.zoo.encoders import EncoderSettings

TINY = {"characters": 6, "bigrams": 4, "words": 3, "lexicon": 2, "covers": 2, "hidden": 6, "layers": 2, "dropout": 0.0}
TINY |= {"forget": 0.0}
POINTERS = ["ner_pointer", "relation_gplinker", "event_gplinker"]
TASKS = [*POINTERS, "ner_crf", "relation_casrel", "event_crf", "multi"]


def person(text, at):
    return Span(at, at + 2, "人物", text[at : at + 2])


def record(text, one, other):
    """A text with two people: as entities, as a relation and as an event, whichever the task reads."""
    pair = person(text, one), person(text, other)
    return Record(
        text,
        entities=[Entity(s.start, s.end, s.type, s.text) for s in pair],
        relations=[Relation("认识", *pair)],
        events=[Event("会面", pair[0], [Argument(other, other + 2, None, pair[1].text, role="对象")])],
    )


RECORDS = [
    record("张三认识李四", 0, 4),
    record("昨天王五在北京见到赵六。", 2, 9),
    record("李四王五", 0, 2),
    record("很久以前赵六和张三住在一起", 4, 7),
    record("孙七来找李四", 0, 4),
]


def model(task, seed=0, encoder=None, **settings):
    """A model in training mode without dropout."""
    torch.manual_seed(seed)
    encoder = EncoderSettings("char-bilstm", options=dict(TINY)) if encoder is None else EncoderSettings(str(encoder))
    made = encoders.create(encoder, lambda: (r.text for r in RECORDS))
    module = load("ie_cli.tasks", task)
    chosen = {"dropout": 0.0} | settings
    chosen = {"settings": dict.fromkeys(POINTERS, chosen)} if task == "multi" else chosen
    return folder.build(task, made, module.Labels.of(RECORDS), module.Settings(**chosen)).train()


def examples(model, records=RECORDS):
    rows = [example for r in records for example in model.codec.examples(r, 64)[0]]
    return Examples(datasets.Dataset.from_list(rows), [len(row["ids"]) for row in rows], len(records), Counter())


def train(**settings):
    """Settings of the optimisation, complete."""
    whole = Recipe(train=Train(**{"epochs": 10, "batch": 32, "max_grad_norm": float("inf")} | settings))
    recipe.check(whole)
    fill_in(whole.train, lr=0.01, least_head_lr=0.01)
    return whole.train


def states(task, **settings):
    """A fresh model in training, its examples and settings."""
    settings = train(**settings)
    made = model(task)
    return State(made, settings), examples(made), settings


def steps(state, examples, settings, count=1):
    """Take some steps at the full rate, going round the examples; the losses."""
    losses = []
    while len(losses) < count:
        mean_over = state.model.mean_over
        for batch in batches.micro_batches(examples.lengths, settings, seed=len(losses), mean_over=mean_over):
            losses.append(update(state, examples, batch, settings, 1.0))
    return losses[:count]


def gradients(model):
    return {name: w.grad.clone() for name, w in model.named_parameters() if w.grad is not None}


def weights(model):
    return {name: w.detach().clone() for name, w in model.named_parameters()}
