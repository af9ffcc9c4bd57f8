"""A whole training run in a folder: recipe.yaml, metrics.jsonl, best/ (the model) and the last state."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import nn

import ie_cli
from ie_cli import config, predicting
from ie_cli.errors import IEError, Report
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
    """An epoch was kept as the best so far, or not; `stale` counts epochs since the best one."""

    epoch: Epoch
    best: bool
    stale: int


Event = Started | Step | Saved


def run(
    settings: Recipe, out: Path, *, report: Report, resume: bool = False, cache: str | None = None, processes: int = 1
) -> Iterator[Event]:
    """Train as the recipe says and keep the best epoch in `out`/best.

    Raises:
        IEError: no usable records, an unknown name in the recipe, or a folder in use.
    """
    recipe.complete(settings)
    train, dev, dev_source = _parts(settings)
    settings.task = settings.task or guess_task(train)
    task = load("ie_cli.tasks", settings.task)
    _prepare(out, resume)
    labels = task.Labels.of(train.read(report))
    dev_records = list(dev.read(report))
    if not dev_records:
        raise IEError("there are no dev records; name some with --dev or raise data.dev_share")
    torch.manual_seed(settings.train.seed)
    encoder = encoders.create(settings.encoder, lambda: (record.text for record in train))
    model = folder.build(settings.task, encoder, labels, config.build(task.Settings, settings.model, "model"))
    settings.encoder, settings.model = encoder.settings, config.plain(model.codec.settings)
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    key = [config.plain(encoder.settings), config.plain(labels), settings.model, data.digest(train.files)]
    examples = data.tokenise(
        train, model.codec, length=settings.train.length, key=key, cache=cache, processes=processes
    )
    written = config.plain(settings)
    (out / RECIPE).write_text(yaml.safe_dump(written, allow_unicode=True, sort_keys=False), encoding="utf-8")
    yield Started(
        settings.task, labels.names, settings.encoder.name, encoder.settings.mode, folder.parameters(model),
        examples.texts, len(examples.lengths), examples.lost, len(dev_records), dev_source,
    )  # fmt: skip
    evaluate = _evaluator(model.kind, dev_records)
    note = {"recipe": written, "data": {"train": key[-1], "dev": data.digest(dev.files)}, "ie": ie_cli.__version__}
    yield from _fit(model, examples, settings, evaluate, out, resume, note)


def _fit(
    model: nn.Module, examples: data.Examples, settings: Recipe, evaluate: Callable[[nn.Module], Score],
    out: Path, resume: bool, note: dict[str, Any],
) -> Iterator[Step | Saved]:  # fmt: skip
    state = loop.State(model, settings.train)
    best, stale = -1.0, 0
    if resume:
        counters = checkpoint.restore(state, out)
        best, stale = counters["best"], counters["stale"]
    for event in loop.fit(state, examples, settings.train, evaluate):
        if isinstance(event, Step):
            yield event
            continue
        f1 = event.score.micro.f1
        better = f1 > best
        best, stale = max(best, f1), 0 if better else stale + 1
        if better:
            scored = {"epoch": event.epoch, "dev_f1": round(f1, 4), "signature": event.score.signature}
            folder.save(state.best_weights, out / "best", half=settings.train.half, note=note | scored)
        checkpoint.save(state, out, {"best": best, "stale": stale})
        _log(out / METRICS, event, better)
        yield Saved(event, better, stale)
        if settings.train.patience and stale >= settings.train.patience:
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


def guess_task(records: data.Part) -> str:
    """The task that the annotations of the records are for.

    Raises:
        IEError: none of them is annotated.
    """
    for record in records:
        if record.entities is not None:
            return "ner_pointer"
    raise IEError("the training records are not annotated: none has 'entities'. `ie convert` makes records")


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
    shutil.rmtree(out / "best", ignore_errors=True)


def _evaluator(kind: str, dev: list[Record]) -> Callable[[nn.Module], Score]:
    score = load("ie_cli.scoring", kind).score
    return lambda model: score(dev, predicting.predict(model, dev))
