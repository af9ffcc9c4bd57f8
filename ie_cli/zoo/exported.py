"""Models whose encoder runs in ONNX Runtime, also with 8-bit weights; heads and decoding stay as they are.

Such a model is a folder like any other, with `encoder.onnx` in the place of the encoder's weights.
It can be used, not trained.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ie_cli.errors import IEError
from ie_cli.predicting import predict
from ie_cli.records import Record
from ie_cli.scoring import counts_for, score_all
from ie_cli.text.batch import Inputs, pad
from ie_cli.zoo import folder

LEAST = {False: 0.999, True: 0.95}  # F1 of the spans against the model's own; by whether weights have 8 bits
FARTHEST = 1e-3  # a value of the encoder's output may differ by this much, unless weights have 8 bits


class Agreement(NamedTuple):
    """How near the exported model is to the model on some texts.

    Attributes:
        f1: of its predictions, with the model's as gold.
        gap: greatest difference of a value of the encoder's output.
        found: how much the model found.
    """

    f1: float
    gap: float
    found: int


class OnnxEncoder(nn.Module):
    """Stands in the place of an encoder: features, mask -> [B, L, width].

    Raises:
        IEError: ONNX Runtime is not installed, or the file is damaged.
    """

    def __init__(self, path: Path, like: nn.Module):
        super().__init__()
        self.path, self.width, self.limit = path, like.width, like.limit
        runtime = _library("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        try:
            self._session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its errors have no common class
            raise IEError(f"{path}: damaged ({str(error).splitlines()[0]}); export the model again") from None
        self._names = [given.name for given in self._session.get_inputs()]

    def forward(self, features: dict[str, Tensor], mask: Tensor) -> Tensor:
        return self.residual(features, mask)[0]

    def residual(self, features: dict[str, Tensor], mask: Tensor) -> tuple[Tensor, ...]:
        """The outputs of the encoder's `residual`, or its one output."""
        given = {"mask": mask, **features}
        outputs = self._session.run(None, {name: given[name].numpy() for name in self._names})
        return tuple(map(torch.from_numpy, outputs))


def export(
    source: str, out: Path, texts: Sequence[str], *, int8: bool = False, least: float | None = None
) -> Agreement:
    """Write a model's folder with the encoder for ONNX Runtime, if it does the same on the texts.

    Args:
        int8: 8-bit weights, and activations rounded as they come (dynamic quantisation).
        least: F1 against the model's own predictions to ask for; None is `LEAST`.

    Raises:
        IEError: the outputs differ by more, the model finds nothing in the texts, or a library is missing.
    """
    if out.exists():
        raise IEError(f"{out}: is there already; name another -o")
    texts = [text for text in texts if text]
    if not texts:
        raise IEError("the sample holds no texts")
    model, copy = folder.load(source), folder.load(source)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / folder.ENCODER
        _trace(model, texts, path)
        if int8:
            _quantise(path)
        copy.encoder = OnnxEncoder(path, model.encoder)
        found = agreement(model, copy, texts)
        _check(found, int8, LEAST[int8] if least is None else least)
        folder.save(copy, out, note=model.note | {"exported": {"int8": int8, "agreement": round(found.f1, 4)}})
    return found


def agreement(model: nn.Module, other: nn.Module, texts: Sequence[str]) -> Agreement:
    """Compare the predictions of two models with the same heads, and what their encoders give."""
    own, others = ([*predict(one, map(Record, texts))] for one in (model, other))
    tally = score_all(counts_for(model.kind), own, others).total
    inputs = _inputs(model, texts)
    with torch.inference_mode():
        values = [one.encoder(inputs.features, inputs.mask)[inputs.mask] for one in (model, other)]
    return Agreement(tally.rates().f1, float((values[0] - values[1]).abs().max()), int(tally.n_gold))


def _check(found: Agreement, int8: bool, least: float) -> None:
    if not found.found:
        raise IEError("the model finds nothing in the sample, so nothing can be compared; name texts of its kind")
    if found.f1 < least or (found.gap > FARTHEST and not int8):
        raise IEError(
            f"not exported: F1 against the model's {found.found} findings is {found.f1:.4f} (asked for: {least:g}), "
            f"values differ by up to {found.gap:.2g}" + ("; try without --int8" if int8 else "")
        )


class _Traced(nn.Module):
    """An encoder whose inputs have an order, as the exporter needs them."""

    def __init__(self, model: nn.Module, names: Sequence[str]):
        super().__init__()
        self.names, self.encoder = names, model.encoder
        self.run = model.encoder.residual if model.needs_residual else model.encoder

    def forward(self, mask: Tensor, *values: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        return self.run(dict(zip(self.names, values, strict=True)), mask)


def _trace(model: nn.Module, texts: Sequence[str], path: Path) -> None:
    """Write the encoder as it runs on some of the texts, for any number and length of texts.

    The exporter through TorchScript: that through `torch.export` fixes the sizes of an LSTM.
    """
    _library("onnx")
    inputs = _inputs(model, texts)
    names = list(inputs.features)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Traced(model, names).eval(), (inputs.mask, *inputs.features.values()), str(path), dynamo=False,
            input_names=["mask", *names], dynamic_axes={name: {0: "texts", 1: "tokens"} for name in ("mask", *names)},
        )  # fmt: skip


def _quantise(path: Path) -> None:
    """Dynamic quantisation in place (onnxruntime.ai/docs/performance/model-optimizations/quantization.html)."""
    quantisation = _library("onnxruntime.quantization")
    with _silent():
        quantisation.quantize_dynamic(path, path, weight_type=quantisation.QuantType.QInt8)


def _inputs(model: nn.Module, texts: Sequence[str]) -> Inputs:
    """The first windows of a few texts as a batch."""
    codec = model.codec
    some = [(text, codec.tokenizer(text)) for text in texts[:8]]
    return pad([encoding.window(*codec.windows(text, encoding, codec.window)[0]) for text, encoding in some])


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Without the advice that the quantiser logs."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _library(name: str) -> ModuleType:
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # the wheel of 1.31 reports to its makers
    try:
        return importlib.import_module(name)
    except ImportError:
        raise IEError(f"this needs {name.partition('.')[0]}: pip install 'ie-cli[onnx]'") from None
