"""How long things are, in memory that grows with the different lengths only."""

from __future__ import annotations

from collections import Counter


class Lengths:
    """Lengths in some unit."""

    def __init__(self):
        self._counts: Counter[int] = Counter()

    def add(self, length: int) -> None:
        self._counts[length] += 1

    def above(self, limit: int) -> int:
        """How many are longer than this."""
        return sum(n for length, n in self._counts.items() if length > limit)

    def at(self, share: float) -> int:
        """The least length that such a share of all does not exceed."""
        room = self._counts.total() * share
        for length in sorted(self._counts):
            room -= self._counts[length]
            if room <= 1e-9:
                return length
        return 0

    def rows(self) -> dict[str, int | float]:
        """Mean, median, the lengths that 95 and 99 of 100 do not exceed, and the longest."""
        if not self._counts:
            return {}
        mean = sum(length * n for length, n in self._counts.items()) / self._counts.total()
        shares = {"median": 0.5, "95%": 0.95, "99%": 0.99, "longest": 1.0}
        return {"mean": round(mean, 1)} | {name: self.at(share) for name, share in shares.items()}
