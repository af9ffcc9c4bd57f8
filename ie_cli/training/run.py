"""A whole training run in a folder: recipe.yaml, run.json, metrics.jsonl, the models best/ and last/, and the state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

import ie_cli
from ie_cli import predicting
from ie_cli.errors import IEError, Report, UsageError
from ie_cli.nn.device import best_device
from ie_cli.records import Record, without_annotation
from ie_cli.registry import load
from ie_cli.scoring import JointScore, Score, counts_for, score_all
from ie_cli.scoring.links import has_links
from ie_cli.tasks import DEFAULTS, LINKS, NEEDS, _settings
from ie_cli.training import checkpoint, data, defaults, diagnosis, epochs, parallel, recipe, run_folder
from ie_cli.training.diagnosis import Notice
from ie_cli.training.epochs import Saved
from ie_cli.training.loop import Step
from ie_cli.training.recipe import Recipe
from ie_cli.training.step import State
from ie_cli.zoo import encoders, folder


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


@run_folder.alone
def run(
    settings: Recipe, out: Path, *, report: Report, resume: bool = False, overwrite: bool = False,
    cache: str | None = None, processes: int = 1,
) -> Iterator[Event]:  # fmt: skip
    """Train as the recipe says and keep the best epoch in `out`/best.

    Args:
        settings: completed here: what was left open is filled in, and written to `out`.
        report: gets the lines that cannot be read.
        resume: go on with the run that `out` holds.
        overwrite: remove it; that is done behind `Started`, so a run that cannot begin removes nothing.
        cache: folder for tokenised data.
        processes: how many tokenise.

    Raises:
        IEError: no usable records, an unknown name in the recipe, or a folder in use.
    """
    recipe.check(settings)
    train, dev, dev_source = _parts(settings)
    settings.task = settings.task or guess_task(train)
    head = _settings.build(settings.task, settings.model)
    parallel.start()
    if parallel.rank() == 0:
        run_folder.prepare(out, resume=resume, overwrite=overwrite)
    dev_records = list(dev.read(report if settings.data.dev else Report()))  # of a split, the train side tells
    labels, train, texts, notices = _labels(settings, train, dev_records, report)
    if not dev_records and not settings.data.unscored:
        raise IEError(_no_dev(settings.data))
    notices += defaults.choose_encoder(settings.encoder, texts)
    model = _model(settings, labels, head, train)
    examples = _examples(settings, labels, model, train, cache=cache, processes=processes)
    defaults.fill_in(settings.train, model.text_encoder, texts, examples.lengths, parallel.count())
    state = State(model, settings.train)
    yield Started(
        settings.task, labels.names, settings.encoder.name, settings.encoder.mode, folder.parameters(model),
        examples.texts, len(examples.lengths), examples.lost, len(dev_records), dev_source,
    )  # fmt: skip
    yield from [*notices, *_notices(settings, labels, model, dev_records)]
    best_so_far = checkpoint.restore(state, out) if resume else {"best": -1.0, "stale": 0}
    hashes = {"train": data.digest(train.files), "dev": data.digest(dev.files)}
    if parallel.rank() == 0:
        if overwrite:
            run_folder.clear(out)
        yield from run_folder.describe(out, asdict(settings), hashes, state.epoch)
    note = {"recipe": asdict(settings), "data": hashes, "ie": ie_cli.__version__}
    evaluate = _evaluator(model.kind, dev_records) if dev_records else None
    yield from epochs.train(state, best_so_far, examples, settings.train, evaluate, out, note)


def _labels(
    settings: Recipe, train: data.Part, dev: list[Record], report: Report
) -> tuple[Any, data.Part, int, list[Notice]]:
    """The labels in the training records, the part that is annotated, its size, and what there is to say of it."""
    task = load("ie_cli.tasks", settings.task)
    shared, unannotated = diagnosis.SharedTexts(dev), diagnosis.Unannotated(NEEDS.get(task.Model.kind))
    labels = task.Labels.of(unannotated.watch(shared.watch(train.read(report))))
    labels.length = min(labels.length, settings.train.max_length)  # longer ones are read in windows
    notices = [*unannotated.notices(), *shared.notices()]
    return labels, replace(train, needs=unannotated.needs), unannotated.kept, notices


def _notices(settings: Recipe, labels: Any, model: nn.Module, dev: list[Record]) -> Iterator[Notice]:
    """What there is to say of the model beside these dev records."""
    yield from diagnosis.unscored(model.kind, dev) if dev else ()
    yield from diagnosis.untaught(labels.names, _names(settings.task, dev))
    yield from diagnosis.short_windows(settings.encoder.options, model.encoder.limit, settings.train.max_length)


def _names(task: str, records: Iterable[Record]) -> list[str]:
    """The labels of records, none where they are not annotated."""
    try:
        return load("ie_cli.tasks", task).Labels.of(records).names
    except IEError:
        return []


def _model(settings: Recipe, labels: Any, head: Any, train: data.Part) -> nn.Module:
    """The model to train; what its encoder and head decided is put into the recipe."""
    torch.manual_seed(settings.train.seed)
    encoder = encoders.create(settings.encoder, lambda: (record.text for record in train))
    model = folder.build(settings.task, encoder, labels, head)
    model.count_matches(train)
    settings.encoder, settings.model = encoder.settings, asdict(head)
    return model.to(best_device())


def _examples(settings: Recipe, labels: Any, model: nn.Module, train: data.Part, **options: Any) -> data.Examples:
    """The tokenised training records; of several processes the first one makes them."""
    vocabulary = model.text_encoder.tokenizer.identity  # the folder of the encoder may hold another by now
    key = [settings.task, asdict(settings.encoder), vocabulary, asdict(labels), settings.model]
    with parallel.first_alone():
        return data.tokenise(train, model.codec, length=settings.train.max_length, key=key, **options)


def _parts(settings: Recipe) -> tuple[data.Part, data.Part, str]:
    """Training and dev records, and where the latter come from."""
    wanted = settings.data
    if not wanted.train:
        raise UsageError("no training records are named; try `ie train train.jsonl -o DIR`")
    files = tuple(wanted.train)
    if wanted.unscored:
        return data.Part(files), data.Part(()), "all are learned"
    if wanted.dev:
        return data.Part(files), data.Part(tuple(wanted.dev)), ", ".join(wanted.dev)
    train, dev = (data.Part(files, wanted.dev_share, wanted.split_seed, side) for side in (False, True))
    return train, dev, f"{wanted.dev_share:.0%} split off, split_seed {wanted.split_seed}"


def _no_dev(wanted: recipe.Data) -> str:
    if wanted.dev:
        return f"{', '.join(wanted.dev)}: no dev records can be read; `ie check FILE` says why"
    return (
        f"no text is among the {wanted.dev_share:.0%} that are split off for dev: of few texts that happens; "
        "try --set data.split_seed=2 or --set data.dev_share=0.3, or name dev records with --dev"
    )


def guess_task(records: Iterable[Record]) -> str:
    """The task that the annotations of the records are for.

    Raises:
        IEError: there are none, or none is annotated.
    """
    wanted = list(DEFAULTS)
    seen = len(wanted)
    record = None
    for record in records:
        seen = next((i for i, part in enumerate(wanted[:seen]) if _has(record, part)), seen)
        if seen == 0:
            break
    if record is None:
        raise IEError(
            "there are no training records: no line of the files can be read (`ie check FILE` says why), "
            "or the few texts were all split off for dev (name some with --dev)"
        )
    if seen == len(wanted):
        parts = _either([part for part in wanted if part != LINKS])
        raise IEError(f"the training records are not annotated: none has {parts}. `ie convert` makes records")
    return DEFAULTS[wanted[seen]]


def _has(record: Record, part: str) -> bool:
    return has_links(record) if part == LINKS else getattr(record, part) is not None


def _either(names: Sequence[str]) -> str:
    return " or ".join(f"'{name}'" for name in names)


def _evaluator(kind: str, dev: list[Record]) -> Callable[[nn.Module], Score | JointScore | None]:
    """Scores a model on the dev records, in the first process only."""
    bare = [without_annotation(record) for record in dev]

    def evaluate(model: nn.Module) -> Score | JointScore | None:
        return score_all(counts_for(kind), dev, predicting.predict(model, bare)) if parallel.rank() == 0 else None

    return evaluate
