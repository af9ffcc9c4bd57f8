"""Which models share an encoder, with their settings: checked, and completed from the labels there are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ie_cli.errors import IEError
from ie_cli.registry import load, unknown
from ie_cli.tasks import DEFAULTS, NEEDS, _settings
from ie_cli.tasks._multi import KINDS, Labels


@dataclass
class Settings:
    """Which models share the encoder.

    Attributes:
        parts: their tasks, at most one for entities, one for relations and one for events; empty takes the
            usual ones for what the training records are annotated for.
        settings: of each part, as a recipe of its own has them under `model`.
        weights: factor of each part's loss; 1 where none is named.
        window_overlap: tokens that neighbouring windows of a long text share, for all parts.
    """

    parts: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, Any] = field(default_factory=dict)
    window_overlap: int = 64


def complete(settings: Settings, labels: Labels) -> dict[str, str]:
    """Fill in parts, all their settings and weights, and forget the labels that no part reads.

    Returns:
        What is made -> the task that makes it, entities first.

    Raises:
        IEError: a part that cannot be one or has nothing to learn, a setting of no part, or one that cannot be.
    """
    made = _parts(settings, labels)
    settings.parts = list(made.values())
    settings.settings, settings.weights = _filled(settings), _weights(settings)
    for name in KINDS.keys() - made.keys():
        setattr(labels, name, None)
    return made


def _parts(settings: Settings, labels: Labels) -> dict[str, str]:
    tasks = settings.parts or [DEFAULTS[name] for name in KINDS if getattr(labels, name) is not None]
    found: dict[str, str] = {}
    for task in tasks:
        name = _makes(task)
        if name in found:
            raise IEError(f"model.parts: {found[name]} and {task} both make {name}; choose one")
        if getattr(labels, name) is None:
            raise IEError(f"model.parts: the training records hold no {name} for {task} to learn; leave it out")
        found[name] = task
    return {name: found[name] for name in KINDS if name in found}


def _makes(task: str) -> str:
    """What of a record a part makes."""
    if task == "multi":
        raise IEError("model.parts: multi cannot be a part of itself")
    kind = load("ie_cli.tasks", task, what="part").Model.kind
    if kind not in NEEDS:
        raise IEError(
            f"model.parts: {task} encodes descriptions besides the texts, so it cannot be one; train it alone"
        )
    return NEEDS[kind]


def _filled(settings: Settings) -> dict[str, Any]:
    """The settings of each part as plain data, whole."""
    _check(settings.settings, settings.parts, "model.settings")
    found = {}
    for task in settings.parts:
        where, given = f"model.settings.{task}", settings.settings.get(task, {})
        own = _settings.build(task, given, where)
        if given.get("window_overlap", settings.window_overlap) != settings.window_overlap:
            raise IEError(f"{where}.window_overlap: all parts read the same windows; set model.window_overlap")
        own.window_overlap = settings.window_overlap
        found[task] = asdict(own)
    return found


def _weights(settings: Settings) -> dict[str, float]:
    _check(settings.weights, settings.parts, "model.weights")
    return {task: _weight(task, settings.weights.get(task, 1)) for task in settings.parts}


def _weight(task: str, given: Any) -> float:
    try:
        weight = math.nan if isinstance(given, bool) else float(given)  # YAML reads 1e-1 as a string
    except (TypeError, ValueError):
        weight = math.nan
    if not 0 <= weight < math.inf:
        raise IEError(f"the setting 'model.weights.{task}' must be a number from 0 on, found {given!r}")
    return weight


def _check(given: dict[str, Any], parts: Sequence[str], where: str) -> None:
    for task in given:
        if task not in parts:
            raise IEError(unknown(f"part in {where}", task, parts))
