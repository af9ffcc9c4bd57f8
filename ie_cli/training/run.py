"""A whole training run in a folder: recipe.yaml, metrics.jsonl, the models best/ and last/, and the state."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
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
from ie_cli.training import checkpoint, data, loop, recipe
from ie_cli.training.loop import Epoch, Step
from ie_cli.training.recipe import Recipe
from ie_cli.zoo import encoders, folder

RECIPE, METRICS = "recipe.yaml", "metrics.jsonl"


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


@dataclass(frozen=True)
class Saved:
    """An epoch that is on disk; `best` if no earlier one scored as high."""

    epoch: Epoch
    best: bool


Event = Started | Step | Saved


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
    _prepare(out, resume)
    labels = load("ie_cli.tasks", settings.task).Labels.of(train.read(report))
    labels.length = min(labels.length, settings.train.length)  # longer ones are read in windows
    dev_records = list(dev.read(report))
    if not dev_records:
        raise IEError("there are no dev records; name some with --dev or raise data.dev_share")
    model = _model(settings, labels, train)
    key = [settings.task, config.plain(settings.encoder), config.plain(labels), settings.model]
    examples = data.tokenise(
        train, model.codec, length=settings.train.length, key=key, cache=cache, processes=processes
    )
    written = config.plain(settings)
    (out / RECIPE).write_text(yaml.safe_dump(written, allow_unicode=True, sort_keys=False), encoding="utf-8")
    yield Started(
        settings.task, labels.names, settings.encoder.name, settings.encoder.mode, folder.parameters(model),
        examples.texts, len(examples.lengths), examples.lost, len(dev_records), dev_source,
    )  # fmt: skip
    hashes = {"train": data.digest(train.files), "dev": data.digest(dev.files)}
    note = {"recipe": written, "data": hashes, "ie": ie_cli.__version__}
    yield from _fit(model, examples, settings.train, _evaluator(model.kind, dev_records), out, resume, note)


def _model(settings: Recipe, labels: Any, train: data.Part) -> nn.Module:
    """The model to train; what its encoder and head decided is put into the recipe."""
    torch.manual_seed(settings.train.seed)
    encoder = encoders.create(settings.encoder, lambda: (record.text for record in train))
    head = config.build(load("ie_cli.tasks", settings.task).Settings, settings.model, "model")
    model = folder.build(settings.task, encoder, labels, head)
    settings.encoder, settings.model = encoder.settings, config.plain(head)
    return model.to(best_device())


def _fit(
    model: nn.Module, examples: data.Examples, settings: recipe.Train, evaluate: Callable[[nn.Module], Score],
    out: Path, resume: bool, note: dict[str, Any],
) -> Iterator[Step | Saved]:  # fmt: skip
    """The epochs, each kept on disk before it is told."""
    state = loop.State(model, settings)
    kept = checkpoint.restore(state, out) if resume else {"best": -1.0, "stale": 0}
    for event in loop.fit(state, examples, settings, evaluate):
        if isinstance(event, Step):
            yield event
            continue
        f1 = event.score.micro.f1
        better = f1 > kept["best"]
        kept = {"best": max(kept["best"], f1), "stale": 0 if better else kept["stale"] + 1}
        scored = note | {"epoch": event.epoch, "dev_f1": round(f1, 4), "signature": event.score.signature}
        for name in ("last", "best") if better else ("last",):
            folder.save(state.best_weights, out / name, half=settings.half, note=scored)
        checkpoint.save(state, out, kept)
        _log(out / METRICS, event, better)
        yield Saved(event, better)
        if settings.patience and kept["stale"] >= settings.patience:
            return


def _log(path: Path, event: Epoch, better: bool) -> None:
    line = {
        "epoch": event.epoch,
        "loss": round(event.loss, 5),
        "seconds": round(event.seconds, 1),
        "best": better,
        "dev": event.score.to_json(),
    }
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line, ensure_ascii=False) + "\n")


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


# The model for records that are annotated for several tasks is that of the first one here.
DEFAULTS = {"events": "event_gplinker", "relations": "relation_gplinker", "entities": "ner_pointer"}


def guess_task(records: Iterable[Record]) -> str:
    """The task that the annotations of the records are for.

    Raises:
        IEError: none of them is annotated.
    """
    wanted = list(DEFAULTS)
    seen = len(wanted)
    for record in records:
        seen = next((i for i, part in enumerate(wanted[:seen]) if getattr(record, part) is not None), seen)
        if seen == 0:
            break
    if seen == len(wanted):
        raise IEError(f"the training records are not annotated: none has {_either(wanted)}. `ie convert` makes records")
    return DEFAULTS[wanted[seen]]


def _either(names: Sequence[str]) -> str:
    return " or ".join(f"'{name}'" for name in names)


def _prepare(out: Path, resume: bool) -> None:
    """Make the run's folder; a finished run is never overwritten in silence."""
    if not resume and (out / METRICS).exists():
        raise IEError(
            f"{out}: already holds a run; go on with --resume, start anew with --overwrite, or name another -o"
        )
    out.mkdir(parents=True, exist_ok=True)


def clear(out: Path) -> None:
    """Remove an earlier run's files, and only those."""
    for name in (RECIPE, METRICS, checkpoint.NAME):
        (out / name).unlink(missing_ok=True)
    for name in ("best", "last"):
        shutil.rmtree(out / name, ignore_errors=True)


def _evaluator(kind: str, dev: list[Record]) -> Callable[[nn.Module], Score]:
    score = load("ie_cli.scoring", kind).score
    return lambda model: score(dev, predicting.predict(model, dev))
