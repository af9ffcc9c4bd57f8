"""Files in, a check out: what `ie check` does before it says anything."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from ie_cli import config, threads
from ie_cli.checking.check import Check
from ie_cli.checking.findings import DEV, TRAIN
from ie_cli.checking.tokens import Tokens
from ie_cli.errors import IEError, Report
from ie_cli.files import is_read_once, opened
from ie_cli.records import Placed, Record, read_placed
from ie_cli.registry import load

if TYPE_CHECKING:
    from ie_cli.tasks._codec import Codec
    from ie_cli.training.recipe import Recipe


class Reading(NamedTuple):
    """How a model would read the records: what `ie train` is told by the same flags."""

    encoder: str
    task: str | None
    assign: list[str]


def check(train: list[str], dev: list[str], reading: Reading | None, report: Report) -> Check:
    """Check the records of some files; pipes are kept in temporary files, since all are read twice.

    Raises:
        IEError: there are no records, a file cannot be opened, or a setting is not known.
    """
    with contextlib.ExitStack() as kept:
        train, dev = ([kept.enter_context(_kept(path)) for path in paths] for paths in (train, dev))
        checked = Check([] if reading is None else [_tokens(reading, train)])
        for split, files in ((TRAIN, train), (DEV, dev)):
            for item in _items(files, report):
                checked.add(item, split)
        if not checked.records:
            raise IEError("there are no records to check; `ie convert` makes them")
        for item in _items(train, Report()):
            checked.second_pass(item)
    return checked


class File(NamedTuple):
    """A file by the name that the user gave it, and where its bytes are."""

    name: str
    path: str


@contextlib.contextmanager
def _kept(path: str) -> Iterator[File]:
    """A file that can be read again."""
    if not is_read_once(path):
        yield File(path, path)
        return
    with tempfile.NamedTemporaryFile() as copy, opened(path) as stream:
        shutil.copyfileobj(stream, copy)
        copy.flush()
        yield File(path, copy.name)


def _items(files: Iterable[File], report: Report) -> Iterator[Placed]:
    """The records with their places."""
    for name, path in files:
        with opened(path) as lines:
            yield from read_placed(lines, name, report)


def _tokens(reading: Reading, files: list[File]) -> Tokens:
    """Counts in tokens, as `ie train` with the same flags would have them."""
    threads.limit(None)
    from ie_cli.training import recipe
    from ie_cli.training.run import guess_task

    plain: dict = {}
    for assignment in reading.assign:
        config.override(plain, assignment)
    config.put(plain, "encoder.name", reading.encoder)
    settings = config.build(recipe.Recipe, plain)
    recipe.check(settings)
    settings.task = reading.task or settings.task or guess_task(_records(files))
    return Tokens(_codec(settings, files), settings.train.max_length)


def _codec(settings: Recipe, files: list[File]) -> Codec:
    """The codec of the model that would be trained."""
    from ie_cli.tasks import _settings
    from ie_cli.zoo import encoders, folder

    head = _settings.build(settings.task, settings.model)
    labels = load("ie_cli.tasks", settings.task).Labels.of(_records(files))
    encoder = encoders.create(settings.encoder, lambda: (record.text for record in _records(files)))
    return folder.build(settings.task, encoder, labels, head).codec


def _records(files: list[File]) -> Iterator[Record]:
    return (item.record for item in _items(files, Report()))
