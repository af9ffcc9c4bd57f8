"""Several predictions for one gold: `ie eval GOLD A B …`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ie_cli.analysis import comparison
from ie_cli.analysis.bootstrap import Resampling
from ie_cli.analysis.comparison import Difference
from ie_cli.commands import _eval_scorer
from ie_cli.commands._eval_measure import ScorerChoice, Sources, measure
from ie_cli.commands._eval_report import Shown, notes, score_json
from ie_cli.commands._table import RATES, TALLIED, grid, rate, tally_row
from ie_cli.commands._terminal import visible
from ie_cli.errors import IEError, Report, UsageError
from ie_cli.scoring import Score


@dataclass(frozen=True)
class Comparison:
    """The scores by the names of the files, and of each but the first its difference from the first."""

    scores: Mapping[str, Score]
    differences: Mapping[str, Mapping[str, Difference]]
    shown: Shown
    settings: Resampling

    @property
    def signature(self) -> str:
        """What the differences were made by."""
        uncorrected = "|not corrected for several comparisons" if len(self.differences) > 1 else ""
        return f"difference|micro|{comparison.sign(self.settings)}{uncorrected}"

    def text(self) -> str:
        """A table of the systems, one of F1 by type, one of the differences, and the signatures."""
        tables = [_systems(self.scores), *([_types(self.scores)] if self.shown.by_type else []), _differences(self)]
        signed = [f"{visible(name)}: {score.sign(self.shown.average)}" for name, score in self.scores.items()]
        return "\n".join(tables) + "".join(f"{line}\n" for line in [*signed, self.signature])

    def json(self) -> str:
        """The same as one JSON object."""
        differences = {
            name: {rate: difference._asdict() for rate, difference in by_rate.items()}
            for name, by_rate in self.differences.items()
        }
        data = {
            "systems": {name: score_json(score, self.shown) for name, score in self.scores.items()},
            "first": next(iter(self.scores)),
            "differences": differences,
            "signature": self.signature,
        }
        return json.dumps(data, ensure_ascii=False) + "\n"

    def notes(self) -> Iterator[str]:
        """What is to be known of each score."""
        for name, score in self.scores.items():
            yield from (f"{name}: {note}" for note in notes(score))


def compare(
    gold: str, preds: list[str], choice: ScorerChoice, shown: Shown, settings: Resampling, report: Report
) -> Comparison:
    """Score each file of predictions and compare it with the first.

    Raises:
        IEError: as `measure` has it, the files are not of one kind, or several tasks are asked for.
    """
    if choice.task == _eval_scorer.ALL:
        raise UsageError("several PRED are compared in one task; name it with --task")
    if len(set(preds)) < len(preds):
        twice = next(name for name in preds if preds.count(name) > 1)
        raise UsageError(f"{twice}: is named twice; a file has no difference from itself")
    first, *others = preds
    scores = {first: measure(Sources(gold, first), choice, report)}
    # problems of the gold are told once, though it is read again for each of the others
    scores |= {name: measure(Sources(gold, name), choice, report, gold_report=Report()) for name in others}
    for name in others:
        if scores[name].kind != scores[first].kind:
            kinds = f"{first} was scored as {scores[first].kind}, {name} as {scores[name].kind}"
            raise IEError(f"{kinds}; say what is meant with --task")
    differences = {name: comparison.compare(scores[first], scores[name], settings) for name in others}
    return Comparison(scores, differences, shown, settings)


def _short(names: Iterable[str]) -> list[str]:
    """The names without their folders, where they still differ."""
    names = list(names)
    short = [Path(name).name for name in names]
    return list(map(visible, names if len(set(short)) < len(short) else short))


def _systems(scores: Mapping[str, Score]) -> str:
    rows = [tally_row(name, score.total) for name, score in zip(_short(scores), scores.values(), strict=True)]
    return grid(["system", *TALLIED], rows)


def _types(scores: Mapping[str, Score]) -> str:
    """F1 of each type under each system, and how often the type is in the gold."""
    names = sorted({name for score in scores.values() for name in score.types})
    rows = [
        [visible(name or "(no type)"), *(_f1(score, name) for score in scores.values()), _gold(scores, name)]
        for name in names
    ]
    return grid(["F1 by type", *_short(scores), "gold"], rows)


def _f1(score: Score, type_: str) -> str:
    return rate(score.types[type_].rates().f1) if type_ in score.types else rate(0)


def _gold(scores: Mapping[str, Score], type_: str) -> str:
    return str(max(score.types[type_].n_gold for score in scores.values() if type_ in score.types))


def _differences(compared: Comparison) -> str:
    first, *others = _short(compared.scores)
    pairs = zip(others, compared.differences.values(), strict=True)
    sections = [_section(f"{name} - {first}", differences) for name, differences in pairs]
    return grid(["difference", "value", "low", "high", "p"], *sections)


def _section(names: str, by_rate: Mapping[str, Difference]) -> list[list[str]]:
    rates = zip(RATES, by_rate.values(), strict=True)
    return [[f"{title}: {names}", *_figures(difference)] for title, difference in rates]


def _figures(difference: Difference) -> list[str]:
    return [*(f"{value:+.4f}" for value in difference[:3]), f"{difference.p:.4f}"]
