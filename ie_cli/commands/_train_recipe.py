"""The recipe of a run as a command is given it."""

from __future__ import annotations

from typing import Any

from ie_cli import config
from ie_cli.errors import IEError


def fill(source: list[str], assign: list[str], flags: dict[str, Any], files: str) -> dict[str, Any]:
    """The plain recipe from its file (if one is among the sources), then --set, then flags.

    Args:
        source: a recipe, other files, or both.
        flags: dotted names of settings and their values; None was not given.
        files: the setting that names the other files.
    """
    recipes = [name for name in source if name.endswith((".yaml", ".yml"))]
    if len(recipes) > 1:
        raise IEError(f"one recipe at a time: {', '.join(recipes)}")
    plain = config.read(recipes[0]) if recipes else {}
    for assignment in assign:
        config.override(plain, assignment)
    others = [name for name in source if name not in recipes]
    for key, value in (flags | {files: others or None}).items():
        if value is not None:
            config.put(plain, key, value)
    return plain
