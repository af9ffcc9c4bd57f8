"""The training curve of a run as points of an SVG: dev F1 and loss by epoch."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from ie_cli import metrics

WIDTH, HEIGHT, MARGIN = 640, 240, 40  # pixels


class Epoch(NamedTuple):
    """What a run wrote of an epoch: its number from 1, mean loss, and micro F1 on dev."""

    number: int
    loss: float
    f1: float


class Curve(NamedTuple):
    """What the page draws.

    Args:
        f1: points "x,y x,y …", from 0 at the bottom to 1.
        loss: the same, from 0 to the highest loss.
        dots: x, y and epoch of each F1, for a tooltip.
    """

    epochs: list[Epoch]
    f1: str
    loss: str
    dots: list[tuple[float, float, Epoch]]

    @property
    def best(self) -> Epoch:
        return max(self.epochs, key=lambda epoch: epoch.f1)


def find(model: Path | None) -> Curve | None:
    """The curve of the run that a model's folder belongs to; None where there is none."""
    if model is None:
        return None
    for folder in (model.resolve(), model.resolve().parent):
        if (folder / metrics.NAME).is_file():
            return draw(read(folder))
    return None


def read(folder: Path) -> list[Epoch]:
    """The epochs of a run; a line without the figures is left out."""
    found = map(_epoch, metrics.read(folder))
    return [epoch for epoch in found if epoch is not None]


def draw(epochs: list[Epoch]) -> Curve | None:
    """The points of a curve; None of fewer than two epochs."""
    if len(epochs) < 2:
        return None
    first, last = epochs[0].number, epochs[-1].number
    highest = max(epoch.loss for epoch in epochs) or 1.0

    def x(epoch: Epoch) -> float:
        return round(MARGIN + (WIDTH - 2 * MARGIN) * (epoch.number - first) / max(last - first, 1), 1)

    def y(share: float) -> float:
        return round(HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * share, 1)

    dots = [(x(epoch), y(epoch.f1), epoch) for epoch in epochs]
    loss = " ".join(f"{x(epoch)},{y(epoch.loss / highest)}" for epoch in epochs)
    return Curve(epochs, " ".join(f"{x},{y}" for x, y, _ in dots), loss, dots)


def _epoch(row: dict[str, Any]) -> Epoch | None:
    try:
        return Epoch(int(row["epoch"]), float(row["loss"]), float(row["dev"]["micro"]["f1"]))
    except (ValueError, KeyError, TypeError):
        return None
