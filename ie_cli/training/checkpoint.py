"""A run that was stopped, on disk: weights and optimiser as safetensors, counters as JSON."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file

from ie_cli import metrics
from ie_cli.errors import IEError
from ie_cli.tasks._model import TaskModel
from ie_cli.training.step import State
from ie_cli.writing import replacing
from ie_cli.zoo.tensors import write as write_tensors

NAME = "state.safetensors"


def save(state: State, folder: Path, counters: dict[str, Any]) -> None:
    """Write one file, under its name only when it is whole; `counters` travel in its header."""
    tensors = {f"model.{name}": x for name, x in state.model.state_dict().items()}
    for i, moments in state.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{i}.{name}": x for name, x in moments.items()}
    for role, follower in state.followers.items():
        tensors |= {f"{role}.{name}": x for name, x in follower.model.state_dict().items()}
    own = {
        "epoch": state.epoch,
        "meaning": _meaning(state.model),
        "scaler": state.scaler.state_dict(),
        "steps": {role: follower.steps for role, follower in state.followers.items()},
    }
    header = {"counters": json.dumps(counters | own)}
    with replacing(folder / NAME) as part:
        write_tensors({name: x.contiguous().cpu() for name, x in tensors.items()}, part, header)


def restore(state: State, folder: Path) -> dict[str, Any]:
    """Put a checkpoint's values into `state` and return its counters.

    Raises:
        IEError: there is none, or it is of another model, of other labels or characters, or of other methods.
    """
    path = folder / NAME
    if not path.is_file():
        # A disk may have been full behind the first line of metrics, which keeps a new run from beginning.
        begun = (folder / metrics.NAME).exists()
        anew = "start anew with --overwrite, or another -o" if begun else "start it without --resume"
        raise IEError(f"{folder}: nothing to resume ({NAME} is missing); {anew}")
    try:
        with safe_open(path, "pt") as stream:
            counters = json.loads(stream.metadata()["counters"])
        _refuse_another_meaning(folder, counters.get("meaning"), _meaning(state.model))
        tensors = load_file(path)
        state.model.load_state_dict(_part(tensors, "model."))
        for role, follower in state.followers.items():
            follower.model.load_state_dict(_part(tensors, f"{role}."))
            follower.steps = counters["steps"][role]
        if state.scaler.is_enabled():
            state.scaler.load_state_dict(counters["scaler"])
        state.optimiser.load_state_dict(state.optimiser.state_dict() | {"state": _moments(tensors)})
    except (SafetensorError, RuntimeError, KeyError, ValueError) as error:
        reason = f"does not fit this recipe ({str(error).splitlines()[0]})"
        raise IEError(f"{path}: {reason}; start anew with --overwrite, or another -o") from None
    state.epoch = counters["epoch"]
    return counters


def _meaning(model: TaskModel) -> dict[str, Any]:
    """What the rows of the weights stand for, which their shapes do not tell: labels and known characters."""
    vocabulary = getattr(model.text_encoder.tokenizer, "vocabulary", None)
    return {
        "labels": model.codec.labels.names if model.codec else [],
        "vocabulary": hashlib.sha256(repr(vocabulary).encode()).hexdigest()[:16],
    }


def _refuse_another_meaning(folder: Path, before: dict[str, Any] | None, now: dict[str, Any]) -> None:
    """Raise an `IEError` where weights would go on as those of something else."""
    if before is None or before == now:  # checkpoints of earlier versions do not say
        return
    what = "texts have other characters"
    if before["labels"] != now["labels"]:
        changed = set(before["labels"]) ^ set(now["labels"])
        what = f"records have other labels ({', '.join(sorted(changed)[:5])})"
    raise IEError(f"{folder}: the training {what} than this run began with; start anew with --overwrite, or another -o")


def _part(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): x for name, x in tensors.items() if name.startswith(prefix)}


def _moments(tensors: dict[str, torch.Tensor]) -> dict[int, dict[str, torch.Tensor]]:
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for name, x in _part(tensors, "optimiser.").items():
        index, _, moment = name.partition(".")
        moments.setdefault(int(index), {})[moment] = x
    return moments
