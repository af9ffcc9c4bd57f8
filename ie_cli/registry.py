"""A folder is a registry: each module in it is a format, a task or a scorer under its own name.

A new format or task is a new file and nothing else. A new scorer is also entered in the table of parts (`KINDS`)
from which `ie eval` picks.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType

from ie_cli.errors import UsageError


def names(package: str) -> list[str]:
    """Names of the modules in a package such as `ie_cli.formats`, without importing them."""
    found = importlib.import_module(package)
    return sorted(m.name for m in pkgutil.iter_modules(found.__path__) if not m.name.startswith("_"))


def load(package: str, name: str, *, what: str | None = None) -> ModuleType:
    """Import one module of a package by its name; an unknown name is a `UsageError` with a suggestion."""
    known = names(package)
    if name not in known:
        raise UsageError(unknown(what or package.rsplit(".", 1)[-1].rstrip("s"), name, known))
    return importlib.import_module(f"{package}.{name}")


def unknown(what: str, name: str, known: Iterable[str], *, prefix: str = "") -> str:
    """One line for a name that does not exist: the nearest one if any is near, and all of them.

    Args:
        prefix: stands before every name in the line; being common to all, it says nothing of what is near.
    """
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean '{prefix}{near[0]}'?" if near else ""
    return f"unknown {what} '{prefix}{name}'.{hint} Known: {', '.join(f'{prefix}{one}' for one in known)}"
