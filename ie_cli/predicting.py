"""Records in, records with predictions out: in order, in constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import torch
from torch import nn

from ie_cli.records import Record
from ie_cli.text.batch import pad
from ie_cli.text.order import by_length

LOOK_AHEAD = 512  # records that are sorted by length together
BATCH_TOKENS = 4096  # tokens in one forward pass, padding included


def predict(model: nn.Module, records: Iterable[Record], *, batch_tokens: int = BATCH_TOKENS) -> Iterator[Record]:
    """Predict records one by one as they are asked for, reading at most `LOOK_AHEAD` ahead."""
    records = iter(records)
    while chunk := list(islice(records, LOOK_AHEAD)):
        yield from predict_chunk(model, chunk, batch_tokens=batch_tokens)


@torch.inference_mode()
def predict_chunk(model: nn.Module, chunk: Sequence[Record], *, batch_tokens: int = BATCH_TOKENS) -> list[Record]:
    """Predict some records together, batched by length.

    Raises:
        RuntimeError: as torch does, out of memory for one.
    """
    codec = model.codec
    encodings = [codec.tokenizer(record.text) for record in chunk]
    found = [codec.windows(r.text, e, codec.window) for r, e in zip(chunk, encodings, strict=True)]
    places = [(i, w) for i, ws in enumerate(found) for w in ws if w[0] < w[1]]
    spans: dict = {}
    for batch in by_length([stop - first for _, (first, stop) in places], batch_tokens):
        rows = [encodings[places[k][0]].window(*places[k][1]) for k in batch]
        inputs = pad(rows).to(next(model.parameters()).device)
        for k, row in zip(batch, model.decode(model(inputs), inputs.mask), strict=True):
            spans[places[k]] = row
    return [
        codec.assemble(record, encoding, ws, [spans.get((i, w), []) for w in ws])
        for i, (record, encoding, ws) in enumerate(zip(chunk, encodings, found, strict=True))
    ]
