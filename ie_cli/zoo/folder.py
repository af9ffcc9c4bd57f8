"""A model folder: model.json (what it is), weights, and what its tokenizer needs. Nothing is pickled."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import safetensors
from torch import nn

from ie_cli import config
from ie_cli.errors import IEError
from ie_cli.nn.device import best_device
from ie_cli.registry import load as load_module
from ie_cli.tasks._model import TaskModel
from ie_cli.writing import whole_folder
from ie_cli.zoo import encoders, manifest, tensors
from ie_cli.zoo.encoders import EncoderSettings, TextEncoder
from ie_cli.zoo.manifest import WEIGHTS

ENCODER = "encoder.onnx"  # in the place of the encoder's weights, see `ie_cli.zoo.exported`


def build(task: str, encoder: TextEncoder, labels: Any, settings: Any) -> TaskModel:
    """A new model of a task on an encoder; it remembers both, so that `save` needs nothing else."""
    model = load_module("ie_cli.tasks", task).Model(encoder.module, encoder.tokenizer, labels, settings)
    model.text_encoder = encoder
    return model


def save(model: TaskModel, folder: Path, *, bits: int = 32, note: dict[str, Any] | None = None) -> None:
    """Write a model folder; the old one under this name, if any, is replaced when the new one is whole.

    Args:
        bits: of a weight on disk: 32, 16 or 8, see `tensors.stored`.
        note: how the model was made and what it scored, for people.
    """
    content = {
        "task": model.task,
        "labels": asdict(model.codec.labels),
        "settings": asdict(model.codec.settings),
        "encoder": asdict(model.text_encoder.settings),
        "note": note or {},
    }
    with whole_folder(folder) as part:
        tensors.write(tensors.stored(model.state_dict(), bits), part / WEIGHTS)
        encoders.save(model.text_encoder, part)
        if exported := getattr(model.encoder, "path", None):
            shutil.copyfile(exported, part / ENCODER)
        manifest.write(part, content)


def load(place: str | Path) -> TaskModel:
    """Open a model folder, or a model that ships with the package by name, ready for prediction.

    Raises:
        IEError: no such model, made by a newer version, or damaged; the line says which.
    """
    folder = manifest.find(place)
    content = manifest.read(folder)
    manifest.check_files(folder, content)
    module = load_module("ie_cli.tasks", content["task"], what="task")
    with config.naming(folder / manifest.MANIFEST):
        labels, settings, encoder = (
            config.build(kind, content[key], key)
            for key, kind in (("labels", module.Labels), ("settings", module.Settings), ("encoder", EncoderSettings))
        )
    try:
        text_encoder = encoders.open_encoder(folder, encoder)
        with config.naming(folder / manifest.MANIFEST):
            model = build(content["task"], text_encoder, labels, settings)
        if (folder / ENCODER).exists():
            model.encoder = load_module("ie_cli.zoo", "exported").OnnxEncoder(folder / ENCODER, model.encoder)
        model.load_state_dict(tensors.read(folder / WEIGHTS))
    except (safetensors.SafetensorError, FileNotFoundError, json.JSONDecodeError, TypeError, RuntimeError) as error:
        raise IEError(
            f"{folder}: damaged model folder ({str(error).splitlines()[0]}); copy or train it again"
        ) from None
    model.note = content.get("note", {})
    return model.eval().requires_grad_(False).to(best_device())


def parameters(model: nn.Module) -> int:
    """Number of weights."""
    return sum(p.numel() for p in model.parameters())
