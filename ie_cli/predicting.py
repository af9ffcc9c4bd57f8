"""Records in, records with predictions out: in order, in constant memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import torch
from torch import nn

from ie_cli import kb
from ie_cli.errors import IEError
from ie_cli.nn.precision import autocast, choose, widened
from ie_cli.records import Record
from ie_cli.tasks.multi import members
from ie_cli.text.batch import pad
from ie_cli.text.order import by_length
from ie_cli.watch import Watch

LOOK_AHEAD = 512  # records that are sorted by length together
BATCH_TOKENS = 4096  # tokens in one forward pass, padding included


def predict(model: nn.Module, records: Iterable[Record], *, batch_tokens: int = BATCH_TOKENS) -> Iterator[Record]:
    """Predict records one by one as they are asked for, reading at most `LOOK_AHEAD` ahead."""
    records = iter(records)
    while chunk := list(islice(records, LOOK_AHEAD)):
        yield from predict_chunk(model, chunk, batch_tokens=batch_tokens)


@torch.inference_mode()
def predict_chunk(
    model: nn.Module, chunk: Sequence[Record], *,
    batch_tokens: int = BATCH_TOKENS, explain: bool = False, watch: Watch | None = None,
) -> list[Record]:  # fmt: skip
    """Predict some records together, batched by length.

    Args:
        explain: write the number of windows of each text as its key "windows".
        watch: told where the time goes.

    Raises:
        RuntimeError: as torch does, out of memory for one.
    """
    codec, watch, device = model.codec, watch or Watch(), _device(model)
    narrow = autocast(device, getattr(model, "precision", torch.float32))  # which `adjust` sets
    encodings = [codec.tokenizer(record.text) for record in chunk]
    found = [codec.windows(r.text, e, codec.window) for r, e in zip(chunk, encodings, strict=True)]
    watch.lap("tokenise")
    places = [(i, w) for i, ws in enumerate(found) for w in ws if w[0] < w[1]]
    spans: dict = {}
    for batch in by_length([stop - first for _, (first, stop) in places], batch_tokens):
        rows = [encodings[places[k][0]].window(*places[k][1]) for k in batch]
        inputs = pad(rows).to(device)
        watch.lap("batch")
        with narrow:
            scores = widened(model(inputs))
        watch.lap("head")
        spans |= zip((places[k] for k in batch), model.decode(scores, inputs.mask), strict=True)
        watch.lap("decode")
    done = [
        codec.assemble(record, encoding, ws, [spans.get((i, w), []) for w in ws])
        for i, (record, encoding, ws) in enumerate(zip(chunk, encodings, found, strict=True))
    ]
    watch.lap("assemble")
    if hasattr(model, "refine"):  # what comes behind the spans: links of mentions
        with narrow:
            done = model.refine(done)
        watch.lap("link")
    if explain:
        done = [dataclasses.replace(r, extra=r.extra | {"windows": len(ws)}) for r, ws in zip(done, found, strict=True)]
    return done


def adjust(
    model: nn.Module, *, threshold: float | None = None, base: str | None = None, precision: str = "float32"
) -> None:
    """Let a model predict what has at least a probability, link against another knowledge base, compute in 16 bits.

    Raises:
        IEError: it (or a part of it) has several thresholds, or does not link; the base cannot be opened; it
            cannot have this precision here.
    """
    for one in members(model) if threshold is not None else ():
        if not hasattr(one.codec.settings, "threshold"):
            raise IEError(f"--threshold: {one.task} has several thresholds; set them in training, with --set")
        one.codec.settings.threshold = threshold
    if base is not None:
        if not hasattr(model, "attach"):
            raise IEError(f"--kb: {model.task} does not link; `ie train --set model.kb=DIR` trains what does")
        model.attach(kb.open(base))
    model.precision = choose(precision, _device(model), fixed=hasattr(model.encoder, "path"))  # see zoo.exported


def _device(model: nn.Module) -> torch.device:
    return next(model.parameters()).device
