"""run.json: the data, versions and machine that a run was made with."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

import ie_cli
from ie_cli import config
from ie_cli.nn.device import best_device
from ie_cli.training import parallel
from ie_cli.training.diagnosis import Notice
from ie_cli.writing import replacing

NAME = "run.json"
PACKAGES = ("transformers", "datasets", "safetensors")


def describe(data: dict[str, str]) -> dict[str, Any]:
    """The content of run.json.

    Args:
        data: hashes of the records of each side.
    """
    device = best_device()
    return {
        "ie": ie_cli.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,  # with its build, cpu or cu130, which the metadata need not have
        **{name: metadata.version(name) for name in PACKAGES},
        "platform": platform.platform(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "processes": parallel.count(),
        "threads": torch.get_num_threads(),
        "data": data,
    }


def write(folder: Path, content: dict[str, Any]) -> None:
    """Write run.json, under its name only when it is whole: a run that is resumed reads it."""
    with replacing(folder / NAME) as part:
        part.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def changes(folder: Path, recipe: Path, now: dict[str, Any], settings: dict[str, Any]) -> Iterator[Notice]:
    """What a resumed run has that it did not begin with, by the run.json and the recipe that it has left."""
    pairs = []
    if (folder / NAME).is_file():
        pairs.append((json.loads((folder / NAME).read_text(encoding="utf-8")), now))
    if recipe.is_file():
        pairs.append((config.read(str(recipe)), settings))
    differ = dict.fromkeys(name for before, after in pairs for name in _differences(before, after))
    if differ:
        yield Notice(f"resumed with another {', '.join(differ)}: the result may not be that of an undisturbed run")


def asked_otherwise(folder: Path, recipe: Path, data: dict[str, str], asked: dict[str, Any]) -> list[str]:
    """Names of what a run was made with other than is asked now: of data the contents count, not the files.

    None where the run's own files are gone.
    """
    if not (folder / NAME).is_file() or not recipe.is_file():
        return []
    before = json.loads((folder / NAME).read_text(encoding="utf-8"))["data"]
    given = asked | {"data": {name: value for name, value in asked["data"].items() if name not in data}}
    return [*_differences({"data": before}, {"data": data}), *_unlike(config.read(str(recipe)), given)]


def _differences(before: Any, after: Any) -> list[str]:
    """Dotted names of the values of nested tables that differ."""
    old, new = _flat(before), _flat(after)
    return [name for name in {**new, **old} if old.get(name) != new.get(name)]


def _unlike(before: Any, asked: Any) -> list[str]:
    """Dotted names of the values that are asked for and were others before; what is left open fits."""
    old, new = _flat(before), _flat(asked)
    return [name for name, value in new.items() if value not in (None, "auto", old.get(name))]


def _flat(table: Any, name: str = "") -> dict[str, Any]:
    """The values of nested tables by dotted name; an empty table has none."""
    if not isinstance(table, dict):
        return {name: table}
    return {key: value for part in table for key, value in _flat(table[part], f"{name}.{part}".lstrip(".")).items()}
