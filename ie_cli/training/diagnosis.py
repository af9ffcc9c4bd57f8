"""What can be seen of a run that goes wrong, each as one plain line that says what to try."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ie_cli.records import Record
from ie_cli.scoring import BETWEEN, counts_for
from ie_cli.training.loop import Epoch

PLATEAU = 3  # epochs without a single right prediction, or a fifth of a long run, whose epochs are short
EXPLODED = 5  # times as many predictions as there is gold
FEW = 50  # so many predictions are no explosion, however little gold there is


@dataclass(frozen=True)
class Notice:
    """A line for the person who trains."""

    text: str


class SharedTexts:
    """Counts the training records whose text is among the dev texts, as they pass."""

    def __init__(self, dev: Sequence[Record]):
        self.dev = {record.text for record in dev}
        self.shared: set[str] = set()

    def watch(self, train: Iterable[Record]) -> Iterator[Record]:
        """The same records."""
        for record in train:
            if record.text in self.dev:
                self.shared.add(record.text)
            yield record

    def notices(self) -> Iterator[Notice]:
        if self.shared:
            yield Notice(
                f"{len(self.shared)} of {len(self.dev)} dev texts are training texts, too: the dev score is too high; "
                "take them out of one side, or leave --dev out, which splits by text"
            )


class Unannotated:
    """Skips records not annotated for the task; missing annotation is not a negative example.

    Args:
        needs: "entities", "relations" or "events"; None lets all records pass.
    """

    def __init__(self, needs: str | None):
        self.needs, self.skipped, self.all = needs, 0, 0

    @property
    def kept(self) -> int:
        return self.all - self.skipped

    def watch(self, train: Iterable[Record]) -> Iterator[Record]:
        """The other records."""
        for record in train:
            self.all += 1
            if self.needs and getattr(record, self.needs) is None:
                self.skipped += 1
            else:
                yield record

    def notices(self) -> Iterator[Notice]:
        if self.skipped:
            yield Notice(
                f"{self.skipped} of {self.all} training records have no '{self.needs}' and are left out; where there "
                f'are none, write "{self.needs}": []. --task multi learns from records of several kinds'
            )


def unscored(kind: str, dev: Sequence[Record]) -> Iterator[Notice]:
    """A line for each kind of a model for which no dev record is annotated."""
    for name in kind.split(BETWEEN):
        counts = counts_for(name)
        if not any(counts.add(record, None) for record in dev):
            yield Notice(
                f"no dev record is annotated for {counts.part}, so the dev score says nothing of them; "
                "name records that are with --dev"
            )


def untaught(names: Sequence[str], dev: Iterable[str]) -> Iterator[Notice]:
    """A line for labels of the dev records that no training record has."""
    if unknown := sorted(set(dev) - set(names)):
        yield Notice(
            f"{len(unknown)} labels of the dev records are in no training record and cannot be found: "
            f"{', '.join(unknown[:5])}{', …' * (len(unknown) > 5)}; `ie check TRAIN --dev DEV` shows them"
        )


def short_windows(options: Mapping[str, Any], limit: int | None, length: int) -> Iterator[Notice]:
    """A line if an encoder was made to read longer texts (`limit` tokens) than the windows (`length`) are."""
    if options.get("positions") and limit is not None and length < limit:
        yield Notice(
            f"the encoder can read {limit} tokens with encoder.options.positions, but no window is longer than "
            f"train.max_length, {length}; try --set train.max_length={limit}"
        )


class EpochWatch:
    """Looks at each epoch of a run of so many; says a thing once when it begins."""

    def __init__(self, epochs: int):
        self.plateau = max(PLATEAU, epochs // 5)
        self.nothing = 0
        self.exploded = False

    def notices(self, epoch: Epoch) -> Iterator[Notice]:
        total = epoch.score.total
        self.nothing = 0 if total.tp else self.nothing + 1
        if self.nothing == self.plateau:
            yield Notice(_plateau(self.plateau, total.n_pred))
        before, self.exploded = self.exploded, total.n_pred > max(FEW, EXPLODED * total.n_gold)
        if self.exploded and not before:
            yield Notice(
                f"{total.n_pred} {epoch.score.items} are predicted where the gold has {total.n_gold}: too high a rate, "
                "or annotations that dev lacks; try a lower train.head_lr, and read both sides with `ie show`"
            )


def _plateau(epochs: int, predicted: int) -> str:
    """F1 is 0: a head that predicts nothing yet needs other help than one that predicts what is wrong."""
    if not predicted:
        return (
            f"dev F1 is 0 for {epochs} epochs and nothing is predicted: the head is on its all-negative plateau; "
            "try a higher train.head_lr, a smaller train.batch or more train.epochs"
        )
    return (
        f"dev F1 is 0 for {epochs} epochs although {predicted} are predicted: none is right; try a lower train.lr, "
        "and see with `ie show` whether training and dev records are annotated alike"
    )
