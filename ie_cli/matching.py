"""Strings found in a text: where one may begin and end, and which of those that overlap are kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

M = TypeVar("M", bound=tuple)

_RUN = re.compile("[A-Za-z]{2,}|[0-9]{2,}")


def inside_runs(text: str) -> set[int]:
    """The places within a run of Latin letters or of digits, where no word begins or ends."""
    return {at for run in _RUN.finditer(text) for at in range(run.start() + 1, run.end())}


def leftmost_longest(matches: Iterable[M]) -> list[M]:
    """Of matches that overlap the one that begins first, and of these the longest.

    Args:
        matches: (start, end, …) in the order of the text, shorter ones first.
    """
    kept: list[M] = []
    for match in matches:
        if kept and match[0] == kept[-1][0]:
            kept[-1] = match
        elif not kept or match[0] >= kept[-1][1]:
            kept.append(match)
    return kept
