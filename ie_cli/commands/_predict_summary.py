"""What `ie predict` says at the end: what was left out, fields that nothing has, and where the time went."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from ie_cli.commands._shell import left_out, say

if TYPE_CHECKING:
    from ie_cli.pipeline.job import Done


class RunSummary:
    """Sums up what came of the blocks."""

    def __init__(self, fields: tuple[str, ...] | None):
        self._unseen = set(fields or ())
        self._dropped: Counter[str] = Counter()
        self._seconds: Counter[str] = Counter()
        self._lines, self._began = 0, time.perf_counter()

    def add(self, done: Done) -> None:
        self._unseen -= done.keys
        self._dropped.update(done.dropped)
        self._seconds.update(done.seconds)
        self._lines += done.count

    def close(self, *, profile: bool) -> None:
        left_out(self._dropped)
        if self._unseen:
            say(f"note: no record has {', '.join(sorted(self._unseen))}")
        if profile:
            self._tell_times()

    def _tell_times(self) -> None:
        """Seconds of all workers by stage; waiting for input and starting up are in none of them."""
        passed, worked = time.perf_counter() - self._began, self._seconds.total()
        rate = self._lines / passed
        say(f"profile: {self._lines} lines in {passed:.1f} s, {rate:.0f} a second; all stages {worked:.1f} s")
        for stage, seconds in self._seconds.most_common():
            say(f"profile: {stage:9} {seconds:8.2f} s {seconds / worked:6.1%}")
