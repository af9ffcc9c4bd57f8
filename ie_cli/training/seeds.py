"""The same recipe with several seeds: a run each in DIR/seed-1, …, and how far their scores spread."""

from __future__ import annotations

import copy
import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ie_cli import metrics
from ie_cli.errors import IEError, UsageError
from ie_cli.training import checkpoint, data, environment, parallel, run, run_folder
from ie_cli.training.recipe import Recipe
from ie_cli.writing import replacing
from ie_cli.zoo import encoders

NAME = "seeds.json"


@dataclass(frozen=True)
class SeedBegins:
    """A seed whose run is about to start in `folder`."""

    seed: int
    folder: Path


@dataclass(frozen=True)
class Result:
    """The best epoch of a seed and its dev F1."""

    seed: int
    epoch: int
    dev_f1: float


@dataclass(frozen=True)
class Spread:
    """All seeds: mean of their dev F1, and its sample standard deviation (n - 1); 0 for one seed."""

    results: list[Result]
    mean: float
    deviation: float

    @classmethod
    def of(cls, results: list[Result]) -> Spread:
        scores = [result.dev_f1 for result in results]
        return cls(results, statistics.fmean(scores), statistics.stdev(scores) if len(scores) > 1 else 0.0)

    @property
    def best(self) -> Result:
        """The seed with the highest score, the first of equal ones."""
        return max(self.results, key=lambda result: result.dev_f1)


def parse(text: str, first: int) -> list[int]:
    """Seeds from "3" (so many, from `first` on) or "1,7,9" (these; "7," is one).

    Raises:
        IEError: neither.
    """
    try:
        seeds = [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        seeds = []
    if "," not in text and seeds:
        seeds = list(range(first, first + seeds[0]))
    if not seeds or len(set(seeds)) < len(seeds):
        raise UsageError(f"--seeds takes a number of seeds, or different seeds as 1,2,3; found '{text}'")
    return seeds


def run_all(
    settings: Recipe, out: Path, seeds: Sequence[int], *, resume: bool = False, overwrite: bool = False, **options: Any
) -> Iterator[run.Event | SeedBegins | Spread]:
    """Train with each seed, and keep the results in `out`/seeds.json.

    Args:
        resume: skip the seeds that are finished there, and go on with one that was stopped.
        overwrite: remove the runs of all of them, as soon as the first can begin.
        options: of `run.run`.
    """
    if settings.data.unscored:
        raise IEError("several seeds are compared by their dev score, but with data.dev_share=0 there is none")
    if (out / metrics.NAME).exists():
        raise IEError(f"{out}: holds a run of one seed; name another -o")
    done = _read(out / NAME) if resume else {}
    for seed in seeds:
        own = copy.deepcopy(settings)
        own.train.seed = seed
        place = folder(out, seed)
        if seed in done:
            _refuse_another(own, place)
            continue
        yield SeedBegins(seed, place)
        resumed = resume and (place / checkpoint.NAME).is_file()
        for event in run.run(own, place, resume=resumed, overwrite=overwrite, **options):
            if overwrite and isinstance(event, run.Started):
                _clear(out, seeds)
                overwrite = False
            yield event
        if parallel.rank() == 0:
            done[seed] = _best(seed, place)
            _write(out / NAME, Spread.of(list(done.values())))
    if parallel.rank() == 0:
        yield Spread.of([done[seed] for seed in seeds])


def folder(out: Path, seed: int) -> Path:
    """Where a seed's run lies."""
    return out / f"seed-{seed}"


def _clear(out: Path, seeds: Sequence[int]) -> None:
    """Remove earlier runs of these seeds and what they came to, and only those; the first process does."""
    if parallel.rank() > 0:
        return
    (out / NAME).unlink(missing_ok=True)
    for seed in seeds:
        run_folder.clear(folder(out, seed))


def _refuse_another(settings: Recipe, place: Path) -> None:
    """Raise an `IEError` where a finished run is of other data or settings: their mean would say nothing."""
    asked = asdict(settings)
    if start := encoders.start_of(settings.encoder):  # the recipe has the name of the encoder that was found there
        asked["encoder"] |= {"name": encoders.AUTO, "begin": str(start)}
    hashes = {"train": data.digest(settings.data.train), "dev": data.digest(settings.data.dev or settings.data.train)}
    differ = environment.asked_otherwise(place, place / run_folder.RECIPE, hashes, asked)
    if differ:
        raise IEError(f"{place}: is finished with another {', '.join(differ)}; start anew with --overwrite")


def _best(seed: int, place: Path) -> Result:
    best = [row for row in metrics.read(place) if row["best"]][-1]
    return Result(seed, best["epoch"], best["dev"]["micro"]["f1"])


def _read(path: Path) -> dict[int, Result]:
    if not path.is_file():
        return {}
    rows = json.loads(path.read_text(encoding="utf-8"))["results"]
    return {row["seed"]: Result(**row) for row in rows}


def _write(path: Path, spread: Spread) -> None:
    with replacing(path) as part:
        part.write_text(json.dumps(asdict(spread), indent=2) + "\n", encoding="utf-8")
