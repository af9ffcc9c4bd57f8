"""A whole training run in a folder: recipe.yaml, run.json, metrics.jsonl, the models best/ and last/, and the state."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import nn

import ie_cli
from ie_cli import config, predicting
from ie_cli.errors import IEError, Report
from ie_cli.nn.device import best_device
from ie_cli.records import Record
from ie_cli.registry import load
from ie_cli.scoring._score import Score
from ie_cli.scoring._several import Several, scorer
from ie_cli.scoring.links import linked
from ie_cli.tasks import DEFAULTS, LINKS, NEEDS
from ie_cli.training import checkpoint, data, devices, diagnosis, environment, epochs, metrics, recipe
from ie_cli.training.diagnosis import Notice
from ie_cli.training.epochs import Saved
from ie_cli.training.loop import Step
from ie_cli.training.recipe import Recipe
from ie_cli.training.step import State
from ie_cli.zoo import encoders, folder

RECIPE = "recipe.yaml"


@dataclass(frozen=True)
class Started:
    """What is about to be trained: told once, before the first step.

    Attributes:
        mode: tokenizer mode in use.
        lost: gold parts that training cannot use, by cause.
        dev_source: the dev files, or how they were split off.
    """

    task: str
    labels: list[str]
    encoder: str
    mode: str
    parameters: int
    texts: int
    windows: int
    lost: Counter[str]
    dev_texts: int
    dev_source: str


Event = Started | Step | Saved | Notice


def run(
    settings: Recipe, out: Path, *, report: Report, resume: bool = False, cache: str | None = None, processes: int = 1
) -> Iterator[Event]:
    """Train as the recipe says and keep the best epoch in `out`/best.

    Args:
        settings: completed here: what was left open is filled in, and written to `out`.
        report: gets the lines that cannot be read.
        cache: folder for tokenised data.
        processes: how many tokenise.

    Raises:
        IEError: no usable records, an unknown name in the recipe, or a folder in use.
    """
    recipe.complete(settings)
    train, dev, dev_source = _parts(settings)
    settings.task = settings.task or guess_task(train)
    devices.start()
    if devices.rank() == 0:
        prepare(out, resume)
    dev_records = list(dev.read(report))
    shared = diagnosis.SharedTexts(dev_records)
    task = load("ie_cli.tasks", settings.task)
    known = diagnosis.Unannotated(NEEDS.get(task.Model.kind))
    labels = task.Labels.of(known.watch(shared.watch(train.read(report))))
    train = replace(train, needs=known.needs)
    if not dev_records:
        raise IEError("there are no dev records; name some with --dev or raise data.dev_share")
    labels.length = min(labels.length, settings.train.length)  # longer ones are read in windows
    model = _model(settings, labels, train)
    state = State(model, settings.train)
    examples = _examples(settings, labels, model, train, cache=cache, processes=processes)
    yield Started(
        settings.task, labels.names, settings.encoder.name, settings.encoder.mode, folder.parameters(model),
        examples.texts, len(examples.lengths), examples.lost, len(dev_records), dev_source,
    )  # fmt: skip
    yield from known.notices()
    yield from shared.notices()
    yield from diagnosis.unscored(model.kind, dev_records)
    yield from diagnosis.short_windows(settings.encoder.options, model.encoder.limit, settings.train.length)
    kept = checkpoint.restore(state, out) if resume else {"best": -1.0, "stale": 0}
    hashes = {"train": data.digest(train.files), "dev": data.digest(dev.files)}
    if devices.rank() == 0:
        yield from describe(out, config.plain(settings), hashes, state.epoch)
    note = {"recipe": config.plain(settings), "data": hashes, "ie": ie_cli.__version__}
    yield from epochs.train(state, kept, examples, settings.train, _evaluator(model.kind, dev_records), out, note)


def describe(
    out: Path, settings: dict[str, Any], hashes: dict[str, str], done: int, count: str = "epoch"
) -> Iterator[Notice]:
    """Write what the run is, and say what is new in a run of which some epochs (or other `count`) are done already."""
    now = environment.describe(hashes)
    if done:
        yield from environment.changes(out, out / RECIPE, now, settings)
    metrics.rewind(out, done, count)
    environment.write(out, now)
    (out / RECIPE).write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), encoding="utf-8")


def _model(settings: Recipe, labels: Any, train: data.Part) -> nn.Module:
    """The model to train; what its encoder and head decided is put into the recipe."""
    torch.manual_seed(settings.train.seed)
    encoder = encoders.create(settings.encoder, lambda: (record.text for record in train))
    head = config.build(load("ie_cli.tasks", settings.task).Settings, settings.model, "model")
    model = folder.build(settings.task, encoder, labels, head)
    if hasattr(model, "study"):  # what can only be counted with the settings at hand
        model.study(train)
    settings.encoder, settings.model = encoder.settings, config.plain(head)
    return model.to(best_device())


def _examples(settings: Recipe, labels: Any, model: nn.Module, train: data.Part, **options: Any) -> data.Examples:
    """The tokenised training records; of several processes the first one makes them."""
    key = [settings.task, config.plain(settings.encoder), config.plain(labels), settings.model]
    with devices.first_alone():
        return data.tokenise(train, model.codec, length=settings.train.length, key=key, **options)


def _parts(settings: Recipe) -> tuple[data.Part, data.Part, str]:
    """Training and dev records, and where the latter come from."""
    wanted = settings.data
    if not wanted.train:
        raise IEError("no training records are named; try `ie train train.jsonl -o DIR`")
    files = tuple(wanted.train)
    if wanted.dev:
        return data.Part(files), data.Part(tuple(wanted.dev)), ", ".join(wanted.dev)
    train, dev = (data.Part(files, wanted.dev_share, wanted.split_seed, side) for side in (False, True))
    return train, dev, f"{wanted.dev_share:.0%} split off, split_seed {wanted.split_seed}"


def guess_task(records: Iterable[Record]) -> str:
    """The task that the annotations of the records are for.

    Raises:
        IEError: none of them is annotated.
    """
    wanted = list(DEFAULTS)
    seen = len(wanted)
    for record in records:
        seen = next((i for i, part in enumerate(wanted[:seen]) if _has(record, part)), seen)
        if seen == 0:
            break
    if seen == len(wanted):
        parts = _either([part for part in wanted if part != LINKS])
        raise IEError(f"the training records are not annotated: none has {parts}. `ie convert` makes records")
    return DEFAULTS[wanted[seen]]


def _has(record: Record, part: str) -> bool:
    return linked(record) if part == LINKS else getattr(record, part) is not None


def _either(names: Sequence[str]) -> str:
    return " or ".join(f"'{name}'" for name in names)


def prepare(out: Path, resume: bool) -> None:
    """Make the run's folder; a finished run is never overwritten in silence."""
    if not resume and (out / metrics.NAME).exists():
        raise IEError(
            f"{out}: already holds a run; go on with --resume, start anew with --overwrite, or name another -o"
        )
    out.mkdir(parents=True, exist_ok=True)


def clear(out: Path, folders: Iterable[str] = ("best", "last")) -> None:
    """Remove an earlier run's files and `folders`, and only those."""
    for name in (RECIPE, environment.NAME, metrics.NAME, checkpoint.NAME):
        (out / name).unlink(missing_ok=True)
    for name in folders:
        shutil.rmtree(out / name, ignore_errors=True)


def _evaluator(kind: str, dev: list[Record]) -> Callable[[nn.Module], Score | Several | None]:
    """Scores a model on the dev records, in the first process only."""
    score = scorer(kind).score
    bare = [replace(record, entities=None, relations=None, events=None) for record in dev]  # nothing of the gold
    return lambda model: score(dev, predicting.predict(model, bare)) if devices.rank() == 0 else None
