"""A whole pre-training run in a folder: recipe.yaml, run.json, metrics.jsonl, encoder/, and the state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from ie_cli import config
from ie_cli.errors import IEError, Report
from ie_cli.nn.device import best_device
from ie_cli.nn.hybrid import HybridEncoder
from ie_cli.pretraining import corpus, loop, settings, student
from ie_cli.pretraining.loop import Round
from ie_cli.pretraining.model import Pretraining
from ie_cli.pretraining.settings import Recipe
from ie_cli.pretraining.teacher import Guide
from ie_cli.training import checkpoint, data, devices, metrics
from ie_cli.training import run as training
from ie_cli.training.diagnosis import Notice
from ie_cli.training.loop import Step
from ie_cli.training.step import State
from ie_cli.zoo import encoders, folder, known
from ie_cli.zoo.encoders import EncoderSettings, TextEncoder


@dataclass(frozen=True)
class Started:
    """What is about to be trained: told once, before the first step.

    Attributes:
        parameters: weights of the encoder.
        rows: to train on; `tokens` in them, and `held_out` more to measure on.
    """

    encoder: str
    mode: str
    parameters: int
    teacher: str | None
    rows: int
    tokens: int
    held_out: int
    steps: int


Event = Started | Step | Round | Notice


def run(
    recipe: Recipe, out: Path, *, report: Report, resume: bool = False, cache: str | None = None, processes: int = 1
) -> Iterator[Event]:
    """Pre-train as the recipe says; behind each round the encoder is in `out`/encoder.

    Args:
        recipe: completed here: what was left open is filled in, and written to `out`.
        report: gets the lines that cannot be read.
        cache: folder for tokenised texts.
        processes: how many tokenise.

    Raises:
        IEError: no usable texts, an unknown name in the recipe, or a folder in use.
    """
    settings.complete(recipe)
    if not recipe.texts.files:
        raise IEError("no texts are named; try `ie pretrain text.txt --encoder FOLDER -o DIR`")
    devices.start()
    if devices.rank() == 0:
        training.prepare(out, resume)
    torch.manual_seed(recipe.train.seed)
    made, guide = _encoder(recipe), _guide(recipe)
    with devices.first_alone():
        rows = _rows(recipe, made, guide, report=report, cache=cache, processes=processes)
    model = Pretraining(made, recipe.masking, guide, recipe.teacher.guess if guide else 1.0).to(best_device())
    state = State(model, recipe.train)
    mine, measured = loop.held_out(rows, recipe.texts.held_out)
    yield Started(
        recipe.encoder.name, made.settings.mode, folder.parameters(made.module), recipe.teacher.name,
        len(mine), sum(rows.lengths[i] for i in mine), len(measured), loop.steps(recipe, len(mine)),
    )  # fmt: skip
    if resume:
        checkpoint.restore(state, out)
    if devices.rank() == 0:
        hashes = {"texts": data.digest(recipe.texts.files)}
        yield from training.describe(out, config.plain(recipe), hashes, state.epoch, "round")
    for event in loop.fit(state, rows, recipe):
        if isinstance(event, Round) and devices.rank() == 0:
            _keep(state, event, made, recipe, out)
        yield event


def clear(out: Path) -> None:
    """Remove an earlier run's files, and only those."""
    training.clear(out, [known.INNER])


def _encoder(recipe: Recipe) -> TextEncoder:
    made = encoders.create(recipe.encoder, lambda: corpus.chosen(recipe.texts, Report()))
    if isinstance(made.module, HybridEncoder):
        raise IEError("encoder.options.words is put on top by `ie train`; leave it out here")
    return student.change(made, recipe.student, corpus.chosen(recipe.texts, Report()))


def _guide(recipe: Recipe) -> Guide | None:
    if recipe.teacher.name is None:
        return None
    return Guide(encoders.create(EncoderSettings(recipe.teacher.name), lambda: ()), recipe.teacher)


def _rows(recipe: Recipe, made: TextEncoder, guide: Guide | None, **options) -> corpus.Corpus:
    key = [config.plain(recipe.encoder), config.plain(recipe.student), recipe.teacher.name]
    return corpus.tokenise(recipe.texts, made.tokenizer, guide and guide.tokenizer, key=key, **options)


def _keep(state: State, event: Round, made: TextEncoder, recipe: Recipe, out: Path) -> None:
    """Write the encoder, a line of metrics and the checkpoint; what is killed here is done again behind the last."""
    best = TextEncoder(made.tokenizer, state.best_weights.encoder, made.settings)
    encoders.write(best, out / known.INNER, bits=recipe.train.bits)
    line = {"round": event.number} | {k: v for k, v in asdict(event).items() if k != "number"}
    metrics.append(out, line)
    checkpoint.save(state, out, {})
