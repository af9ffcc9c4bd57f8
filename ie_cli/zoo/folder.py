"""A model folder: model.json (what it is), weights, and what its tokenizer needs. Nothing is pickled."""

from __future__ import annotations

import json
import shutil
from importlib import resources
from pathlib import Path
from typing import Any

import safetensors
from safetensors.torch import load_file, save_file
from torch import nn

import ie_cli
from ie_cli import config
from ie_cli.errors import IEError
from ie_cli.registry import load as load_module
from ie_cli.registry import names
from ie_cli.zoo import encoders
from ie_cli.zoo.encoders import EncoderSettings, TextEncoder

FORMAT = 1  # raised when an older `ie` could no longer read the folder
MANIFEST, WEIGHTS = "model.json", "model.safetensors"
DEFAULT = "cluener"  # the model that `ie predict` uses when none is named


def build(task: str, encoder: TextEncoder, labels: Any, settings: Any) -> nn.Module:
    """A new model of a task on an encoder; it remembers both, so that `save` needs nothing else."""
    module = load_module("ie_cli.tasks", task)
    model = module.Model(encoder.module, encoder.tokenizer, labels, settings)
    model.task, model.text_encoder = task, encoder
    return model


def save(model: nn.Module, folder: Path, *, half: bool = False, note: dict[str, Any] | None = None) -> None:
    """Write a model folder; the old one under this name, if any, is replaced when the new one is whole.

    Args:
        half: store the weights in 16 bits.
        note: how the model was made and what it scored, for people.
    """
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    weights = {
        name: (x.half() if half and x.is_floating_point() else x).contiguous() for name, x in model.state_dict().items()
    }
    save_file(weights, part / WEIGHTS)
    encoders.save(model.text_encoder, part)
    manifest = {
        "format": FORMAT,
        "ie": ie_cli.__version__,
        "task": model.task,
        "labels": config.plain(model.codec.labels),
        "settings": config.plain(model.codec.settings),
        "encoder": config.plain(model.text_encoder.settings),
        "note": note or {},
    }
    (part / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)


def load(place: str | Path) -> nn.Module:
    """Open a model folder, or a model that ships with the package by name, ready for prediction.

    Raises:
        IEError: no such model, made by a newer version, or damaged; the line says which.
    """
    folder = find(place)
    manifest = _manifest(folder)
    module = load_module("ie_cli.tasks", manifest["task"], what="task")
    settings = config.build(EncoderSettings, manifest["encoder"], f"{folder / MANIFEST}: encoder")
    try:
        encoder = encoders.open_encoder(folder, settings)
        labels = config.build(module.Labels, manifest["labels"], "labels")
        model = build(
            manifest["task"], encoder, labels, config.build(module.Settings, manifest["settings"], "settings")
        )
        model.load_state_dict({name: x.float() for name, x in load_file(folder / WEIGHTS).items()})
    except (safetensors.SafetensorError, FileNotFoundError, json.JSONDecodeError, TypeError, RuntimeError) as error:
        raise IEError(
            f"{folder}: damaged model folder ({str(error).splitlines()[0]}); copy or train it again"
        ) from None
    model.note = manifest.get("note", {})
    return model.eval().requires_grad_(False)


def find(place: str | Path) -> Path:
    """The folder of a model: a path, or the name of a shipped model."""
    folder = Path(place)
    for candidate in (folder, folder / "best"):  # `ie train -o RUN` keeps its model in RUN/best
        if (candidate / MANIFEST).is_file():
            return candidate
    if str(place) in shipped():
        return shipped()[str(place)]
    if folder.is_dir():
        inside = [child.name for child in sorted(folder.iterdir()) if (child / MANIFEST).is_file()]
        hint = f"; it holds the models {', '.join(inside)}" if inside else ""
        raise IEError(f"{folder}: not a model folder ({MANIFEST} is missing){hint}")
    known = ", ".join(shipped()) or "none"
    raise IEError(f"no model '{place}': no such folder, and not a shipped model ({known}). `ie train` makes one")


def shipped() -> dict[str, Path]:
    """The models that came with the package: name -> folder."""
    root = Path(str(resources.files("ie_cli"))) / "shipped"
    return {p.parent.name: p.parent for p in sorted(root.glob(f"*/{MANIFEST}"))}


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        version = manifest["format"]
        if version > FORMAT:
            raise IEError(
                f"{folder}: made by ie {manifest.get('ie', '?')} in model format {version}; "
                f"this ie {ie_cli.__version__} reads up to {FORMAT}. Upgrade ie"
            )
        missing = {"task", "labels", "settings", "encoder"} - manifest.keys()
        if missing:
            raise KeyError(missing.pop())
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise IEError(f"{folder / MANIFEST}: damaged ({error}); copy or train the model again") from None
    if manifest["task"] not in names("ie_cli.tasks"):
        raise IEError(f"{folder}: its task '{manifest['task']}' is not one of this ie {ie_cli.__version__}. Upgrade ie")
    return manifest


def parameters(model: nn.Module) -> int:
    """Number of weights."""
    return sum(p.numel() for p in model.parameters())
