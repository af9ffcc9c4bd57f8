"""The settings of a task's model: read, and which values they may have. A name means the same in every task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ie_cli import config
from ie_cli.errors import IEError
from ie_cli.nn.pointer import HEADS
from ie_cli.registry import load

RANGES: dict[str, Callable[[Any], bool]] = {
    "head_size": lambda x: x >= 2 and x % 2 == 0,  # rotary positions turn pairs of components
    "dropout": lambda x: 0 <= x < 1,
    "crf_rate": lambda x: x > 0,
    "window_overlap": lambda x: x >= 0,
    **dict.fromkeys(("max_spans", "max_subjects", "max_candidates"), lambda x: x >= 1),
    **dict.fromkeys(("description_length", "vector_size"), lambda x: x >= 1),
    **dict.fromkeys(("negatives", "ranked_mentions", "output_candidates"), lambda x: x >= 0),
    **dict.fromkeys(("min_link", "same_trigger_threshold"), lambda x: 0 <= x <= 1),
    **dict.fromkeys(("start_threshold", "end_threshold"), lambda x: 0 < x < 1),
}
CHOICES = {"head": tuple(HEADS)}


def build(task: str, given: dict[str, Any], where: str = "model") -> Any:
    """The `Settings` of a task, filled from plain data and checked.

    Args:
        where: dotted path of `given` in the whole configuration, for messages.

    Raises:
        IEError: no such task, or a setting that is unknown, of another type, or has a value that `check` refuses.
    """
    settings = config.build(load("ie_cli.tasks", task).Settings, given, where)
    check(settings, where)
    return settings


def check(settings: Any, where: str = "model") -> None:
    """Refuse values that a model cannot have: of those in `RANGES` and `CHOICES`, and of its threshold.

    Raises:
        IEError: the first that does not fit. A threshold lies between 0 and 1, or is the task's own default.
    """
    config.check(settings, _own(RANGES, settings), _own(CHOICES, settings), where)
    threshold = getattr(settings, "threshold", None)
    if threshold is not None and not (0 < threshold < 1 or threshold == type(settings).threshold):
        raise IEError(f"the setting '{where}.threshold' cannot be {threshold}: it lies between 0 and 1")


def _own(table: dict[str, Any], settings: Any) -> dict[str, Any]:
    """What a table says of the settings that this task has."""
    return {name: entry for name, entry in table.items() if hasattr(settings, name)}
