"""Records in, records with predictions out: in order, in constant memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import torch

from ie_cli.nn.precision import autocast, choose, widened
from ie_cli.records import Record
from ie_cli.stopwatch import Stopwatch
from ie_cli.tasks._model import TaskModel
from ie_cli.text.batch import pad
from ie_cli.text.encoding import Encoding
from ie_cli.text.length_batches import BATCH_TOKENS, by_length
from ie_cli.text.windows import Window

LOOK_AHEAD = 512  # records that are sorted by length together

Place = tuple[int, Window]  # the number of a text and one of its windows


def predict(model: TaskModel, records: Iterable[Record], *, batch_tokens: int = BATCH_TOKENS) -> Iterator[Record]:
    """Predict records one by one as they are asked for, reading at most `LOOK_AHEAD` ahead."""
    records = iter(records)
    while chunk := list(islice(records, LOOK_AHEAD)):
        yield from predict_chunk(model, chunk, batch_tokens=batch_tokens)


@torch.inference_mode()
def predict_chunk(
    model: TaskModel, chunk: Sequence[Record], *,
    batch_tokens: int = BATCH_TOKENS, explain: bool = False, watch: Stopwatch | None = None,
) -> list[Record]:  # fmt: skip
    """Predict some records together, batched by length.

    Args:
        explain: write the number of windows of each text as its key "windows".
        watch: told where the time goes.

    Raises:
        RuntimeError: as torch does, out of memory for one.
    """
    codec, watch = model.codec, watch or Stopwatch()
    encodings = [codec.tokenizer(record.text) for record in chunk]
    windows = [codec.windows(r.text, e, codec.window) for r, e in zip(chunk, encodings, strict=True)]
    watch.lap("tokenise")
    found = _decoded(model, encodings, windows, batch_tokens, watch)
    records = [
        codec.assemble(record, encoding, ws, [found.get((i, w), []) for w in ws])
        for i, (record, encoding, ws) in enumerate(zip(chunk, encodings, windows, strict=True))
    ]
    watch.lap("assemble")
    records = _refined(model, records, watch)
    return list(map(_explained, records, windows)) if explain else records


def _decoded(
    model: TaskModel, encodings: Sequence[Encoding], windows: Sequence[list[Window]], batch_tokens: int,
    watch: Stopwatch,
) -> dict[Place, Any]:  # fmt: skip
    """What the model finds in each window that has tokens."""
    device = _device(model)
    narrow = autocast(device, model.precision)
    places: list[Place] = [(i, w) for i, ws in enumerate(windows) for w in ws if w[0] < w[1]]
    found: dict[Place, Any] = {}
    for batch in by_length([stop - first for _, (first, stop) in places], batch_tokens):
        some = [places[k] for k in batch]
        inputs = pad([encodings[i].window(*window) for i, window in some]).to(device)
        watch.lap("batch")
        with narrow:
            scores = widened(model(inputs))
        watch.lap("head")
        found |= zip(some, model.decode(scores, inputs.mask), strict=True)
        watch.lap("decode")
    return found


def _refined(model: TaskModel, records: list[Record], watch: Stopwatch) -> list[Record]:
    with autocast(_device(model), model.precision):
        found = model.refine(records)
    if found is not records:  # most models leave it at the first look
        watch.lap("link")
    return found


def _explained(record: Record, windows: Sequence[Window]) -> Record:
    return dataclasses.replace(record, extra=record.extra | {"windows": len(windows)})


def configure(
    model: TaskModel, *, threshold: float | None = None, base: str | None = None, precision: str = "float32"
) -> None:
    """Let a model predict what has at least a probability, link against another knowledge base, compute in 16 bits.

    Raises:
        IEError: it (or a part of it) has several thresholds, or does not link; the base cannot be opened; it
            cannot have this precision here.
    """
    if threshold is not None:
        model.set_threshold(threshold)
    if base is not None:
        model.attach(base)
    model.precision = choose(precision, _device(model), fixed=hasattr(model.encoder, "path"))  # see zoo.exported


def _device(model: TaskModel) -> torch.device:
    return next(model.parameters()).device
