"""A whole pre-training run in a folder: recipe.yaml, run.json, metrics.jsonl, encoder/, and the state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import nn

from ie_cli import metrics
from ie_cli.errors import IEError, Report
from ie_cli.nn.device import best_device
from ie_cli.nn.hybrid import HybridEncoder
from ie_cli.pretraining import corpus, loop, settings, student
from ie_cli.pretraining.loop import Round
from ie_cli.pretraining.model import Pretraining
from ie_cli.pretraining.settings import Recipe
from ie_cli.pretraining.teacher import Guide
from ie_cli.training import checkpoint, data, parallel, run_folder
from ie_cli.training.diagnosis import Notice
from ie_cli.training.loop import Step
from ie_cli.training.step import State
from ie_cli.zoo import catalogue, encoders, folder
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


@run_folder.alone
def run(
    recipe: Recipe, out: Path, *, report: Report, resume: bool = False, overwrite: bool = False,
    cache: str | None = None, processes: int = 1,
) -> Iterator[Event]:  # fmt: skip
    """Pre-train as the recipe says; behind each round the encoder is in `out`/encoder.

    Args:
        recipe: completed here: what was left open is filled in, and written to `out`.
        report: gets the lines that cannot be read.
        resume: go on with the run that `out` holds.
        overwrite: remove it; that is done behind `Started`, so a run that cannot begin removes nothing.
        cache: folder for tokenised texts.
        processes: how many tokenise.

    Raises:
        IEError: no usable texts, an unknown name in the recipe, or a folder in use.
    """
    settings.complete(recipe)
    if not recipe.texts.files:
        raise IEError("no texts are named; try `ie pretrain text.txt --encoder FOLDER -o DIR`")
    parallel.start()
    if parallel.rank() == 0:
        run_folder.prepare(out, resume=resume, overwrite=overwrite)
    torch.manual_seed(recipe.train.seed)
    text_encoder, guide = _encoder(recipe), _guide(recipe)
    with parallel.first_alone():
        tokenised = _tokenised(recipe, text_encoder, guide, report=report, cache=cache, processes=processes)
    _check_lengths(tokenised, [text_encoder.module, *([guide.encoder] if guide else [])])
    model = Pretraining(text_encoder, recipe.masking, guide, recipe.teacher.guess if guide else 1.0).to(best_device())
    state = State(model, recipe.train)
    trained, measured = loop.held_out(tokenised, recipe.texts.held_out)
    yield Started(
        recipe.encoder.name, text_encoder.settings.mode, folder.parameters(text_encoder.module), recipe.teacher.name,
        len(trained), sum(tokenised.lengths[i] for i in trained), len(measured), loop.steps(recipe, len(trained)),
    )  # fmt: skip
    if resume:
        checkpoint.restore(state, out)
    if parallel.rank() == 0:
        if overwrite:
            run_folder.clear(out, [catalogue.ENCODER_FOLDER])
        hashes = {"texts": data.digest(recipe.texts.files)}
        yield from run_folder.describe(out, asdict(recipe), hashes, state.epoch, "round")
    for event in loop.fit(state, tokenised, recipe):
        if isinstance(event, Round) and parallel.rank() == 0:
            _keep(state, event, text_encoder, recipe, out)
        yield event


def _encoder(recipe: Recipe) -> TextEncoder:
    def texts() -> Iterator[str]:
        return corpus.sampled_rows(recipe.texts, Report())

    text_encoder = encoders.create(recipe.encoder, texts)
    if isinstance(text_encoder.module, HybridEncoder):
        raise IEError(
            "encoder.options.words is put on top by `ie train`; leave it out here, or name an encoder without it"
        )
    return student.change(text_encoder, recipe.student, texts)


def _guide(recipe: Recipe) -> Guide | None:
    if recipe.teacher.name is None:
        return None
    return Guide(encoders.create(EncoderSettings(recipe.teacher.name), lambda: ()), recipe.teacher)


def _tokenised(recipe: Recipe, text_encoder: TextEncoder, guide: Guide | None, **options) -> corpus.Corpus:
    vocabularies = [text_encoder.tokenizer.identity, guide and guide.tokenizer.identity]
    key = [asdict(recipe.encoder), asdict(recipe.student), recipe.teacher.name, vocabularies]
    return corpus.tokenise(recipe.texts, text_encoder.tokenizer, guide and guide.tokenizer, key=key, **options)


def _check_lengths(tokenised: corpus.Corpus, modules: Iterable[nn.Module]) -> None:
    """Refuse rows that student or teacher has no positions for.

    Raises:
        IEError: there are some.
    """
    limits = [module.limit for module in modules if module.limit is not None]
    if limits and max(tokenised.lengths) > min(limits):
        raise IEError(f"texts.length: the encoder reads {min(limits)} tokens at most; set it so, or lower")


def _keep(state: State, event: Round, text_encoder: TextEncoder, recipe: Recipe, out: Path) -> None:
    """Write the encoder, a line of metrics and the checkpoint; what is killed here is done again behind the last."""
    best = TextEncoder(text_encoder.tokenizer, state.best_weights.encoder, text_encoder.settings)
    encoders.write(best, out / catalogue.ENCODER_FOLDER, bits=recipe.train.bits)
    line = {"round": event.number} | {k: v for k, v in asdict(event).items() if k != "number"}
    metrics.append(out, line)
    checkpoint.save(state, out, {})
