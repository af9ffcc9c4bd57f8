"""The recipe of a run as a command is given it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from ie_cli import config
from ie_cli.errors import IEError, UsageError

Recipe = TypeVar("Recipe")


def fill(
    kind: type[Recipe], source: list[str], assign: list[str], flags: dict[str, Any], files: str, resumed: Path | None
) -> Recipe:
    """The recipe from its file (if one is among the sources), then --set, then flags.

    Args:
        kind: dataclass of the recipe.
        source: a recipe, other files, or both.
        flags: dotted names of settings and their values; None was not given.
        files: the setting that names the other files.
        resumed: folder of a run that goes on, as its own recipe says where there is no other.

    Raises:
        IEError: several recipes, no run to go on with, or a setting that is not known or of another type.
    """
    recipes = [name for name in source if name.endswith((".yaml", ".yml"))]
    others = [name for name in source if name not in recipes]
    if len(recipes) > 1:
        raise UsageError(f"one recipe at a time: {', '.join(recipes)}")
    if resumed is not None and not recipes:
        recipes = _kept(resumed)
        if not recipes and not others:
            raise IEError(f"{resumed}: no run to go on with; start it without --resume")
    plain = _read(kind, recipes[0]) if recipes else {}
    if _names_encoder(assign, flags) and plain.get("encoder"):
        plain["encoder"].pop("begin", None)  # that of the encoder in whose place another is asked for
    for assignment in assign:
        config.override(plain, assignment)
    for key, value in (flags | {files: others or None}).items():
        if value is not None:
            config.put(plain, key, value)
    return config.build(kind, plain)


def _names_encoder(assign: list[str], flags: dict[str, Any]) -> bool:
    return flags["encoder.name"] is not None or any(a.partition("=")[0].strip() == "encoder.name" for a in assign)


def _kept(folder: Path) -> list[str]:
    """The recipe that a run has left, if it came so far."""
    from ie_cli.training.run_folder import RECIPE  # late: it needs torch

    return [str(folder / RECIPE)] if (folder / RECIPE).is_file() else []


def _read(kind: type, path: str) -> dict[str, Any]:
    """The content of a recipe's file, checked by itself, so that what is wrong in it is told with its name."""
    plain = config.read(path)
    with config.naming(path):
        recipe = config.build(kind, plain)
        if task := getattr(recipe, "task", None):
            from ie_cli.tasks import _settings  # late: it needs torch

            _settings.build(task, recipe.model)
    return plain
