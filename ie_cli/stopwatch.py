"""Where the time goes: seconds by the name of what was done."""

from __future__ import annotations

import time
from collections import Counter


class Stopwatch:
    """Measures wall time; `lap` gives the time since the last lap to a name.

    Attributes:
        seconds: name -> seconds of wall time.
    """

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._last = time.perf_counter()

    def start(self) -> None:
        """Forget the time since the last lap."""
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] += now - self._last
        self._last = now
