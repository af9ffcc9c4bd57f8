"""Which values the settings of a model may have. A name means the same in every task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ie_cli import config
from ie_cli.errors import IEError

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


def check(settings: Any) -> None:
    """Refuse values that a model cannot have: of those in `RANGES`, and of its threshold.

    Raises:
        IEError: the first that does not fit. A threshold lies between 0 and 1, or is the task's own default.
    """
    config.check(settings, {name: fits for name, fits in RANGES.items() if hasattr(settings, name)}, {}, "model")
    threshold = getattr(settings, "threshold", None)
    if threshold is not None and not (0 < threshold < 1 or threshold == type(settings).threshold):
        raise IEError(f"the setting 'model.threshold' cannot be {threshold}: it lies between 0 and 1")
