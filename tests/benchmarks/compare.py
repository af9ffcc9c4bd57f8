"""Encoders, heads or training methods against each other: each on each data set, with each seed, the same way.

    python tests/benchmarks/compare.py tests/benchmarks/encoders.yaml --data DIR --folder RUNS --seeds 1 2 3
    python tests/benchmarks/compare.py tests/benchmarks/methods.yaml --data DIR --folder RUNS --show

A plan has `train`, the words of `ie train` for all; `rows`, a name and its further words each, the first the one
that the others are compared with; and `sets`, a name with the part of the record and the rule that are scored.
$NAMES in the words are read from the environment.
DIR has NAME.train.jsonl and NAME.test.jsonl of each set (`ie convert`); `records` takes the first of the former.
A tenth of them chooses the epoch: the test part is read once, at the end.

What is finished in RUNS is not done again, so a table can grow for days; `--rows` and `--sets` share it among
processes. p is that of `ie eval A B`, with the counts of a text summed over the seeds. CPU is that of `ie train`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import runs

from ie_cli import config, threads
from ie_cli.analysis import bootstrap, comparison
from ie_cli.errors import Report
from ie_cli.records import Record, read
from ie_cli.scoring import Score, counts_for, score_all

KINDS = {"entities": "ner", "relations": "relations", "events": "events"}


@dataclass(frozen=True)
class Set:
    """What is scored of a data set."""

    part: str = "entities"
    rule: str | None = None


@dataclass(frozen=True)
class Plan:
    """What is compared on what."""

    rows: dict[str, list[str]]
    sets: dict[str, Set]
    train: list[str]
    records: int


@dataclass(frozen=True)
class Cell:
    """One row on one set with one seed."""

    row: str
    set: str
    seed: int

    def folder(self, runs: Path) -> Path:
        return runs / self.set / f"{self.row}-{self.seed}"


@dataclass(frozen=True)
class Result:
    """What a run came to: `cpu` in seconds, None if it was interrupted; `speed` in texts a CPU second."""

    score: Score
    cpu: float | None
    speed: float


def plan(path: str) -> Plan:
    data = config.read(path)
    sets = {name: config.build(Set, about or {}, f"sets.{name}") for name, about in data["sets"].items()}
    rows = {name: _expanded(row) for name, row in data["rows"].items()}
    return Plan(rows, sets, _expanded(data["train"]), data["records"])


def _expanded(words: list) -> list[str]:
    return [os.path.expandvars(str(word)) for word in words]


# --- One run -------------------------------------------------------------------------------------


def do(cell: Cell, asked: Plan, data: Path, folder: Path) -> None:
    """Train, predict the test part, and keep both beside the run."""
    run = cell.folder(folder)
    if (run / "result.json").is_file():
        return
    print(f"{cell.set}: {cell.row}, seed {cell.seed}", flush=True)
    some = folder / f"{cell.set}.first{asked.records}.jsonl"
    if not some.is_file():
        with (data / f"{cell.set}.train.jsonl").open("rb") as all_of, some.open("wb") as out:
            out.writelines(islice(all_of, asked.records))
    cpu = runs.train(run, [some, *asked.train, *asked.rows[cell.row], "--seed", cell.seed])
    speed = predict(run, data / f"{cell.set}.test.jsonl")
    (run / "result.json").write_text(json.dumps({"cpu": cpu, "speed": speed}))


def predict(run: Path, test: Path) -> float:
    """Write RUN/test.jsonl; returns texts a CPU second, of the first 100 texts, without the start."""
    from ie_cli.predicting import predict
    from ie_cli.records import write
    from ie_cli.zoo.folder import load

    model, texts = load(run), [Record(record.text) for record in records(test)]
    list(predict(model, texts[:8]))
    began = time.process_time()
    first = list(predict(model, texts[:100]))
    speed = len(first) / (time.process_time() - began)
    with (run / "test.jsonl").open("wb") as out:
        write(predict(model, texts), out)
    return speed


def result(cell: Cell, asked: Plan, data: Path, folder: Path) -> Result | None:
    run, about = cell.folder(folder), asked.sets[cell.set]
    if not (run / "result.json").is_file():
        return None
    gold, found = records(data / f"{cell.set}.test.jsonl"), records(run / "test.jsonl")
    score = score_all(counts_for(KINDS[about.part], about.rule), gold, found)
    return Result(score, **json.loads((run / "result.json").read_text()))


def records(path: Path) -> list[Record]:
    with path.open("rb") as lines:
        return list(read(lines, str(path), Report()))


# --- The tables ----------------------------------------------------------------------------------

Found = dict[str, dict[str, dict[int, Result]]]  # row, set, seed


def show(asked: Plan, found: Found) -> Iterator[str]:
    """Markdown: F1 of each row on each set; and, against the first row, the difference, p and the time."""
    yield f"| | {' | '.join(asked.sets)} | mean | texts/s |"
    yield "| --- " * (len(asked.sets) + 3) + "|"
    for row, sets in found.items():
        cells = [runs.spread([r.score.micro.f1 for r in seeds.values()]) if seeds else "" for seeds in sets.values()]
        yield f"| {row} | {' | '.join(cells)} | {_mean(sets)} | {_speed(sets)} |"
    first, *others = found
    for row in others:
        for name, seeds in found[row].items():
            common = sorted(set(seeds) & set(found[first][name]))
            if common:
                yield f"{name}, {row} - {first}, seeds {common}: " + _against(
                    [found[first][name][seed] for seed in common], [seeds[seed] for seed in common]
                )


def _against(a: Sequence[Result], b: Sequence[Result]) -> str:
    """The difference of the F1 of all seeds together, its p, and the ratio of CPU time."""
    rows = sum(np.hstack([bootstrap.counts(x.score), bootstrap.counts(y.score)]) for x, y in zip(a, b, strict=True))
    place, settings = bootstrap.RATES.index("f1"), bootstrap.Resampling()
    value = 100 * comparison.difference(rows.sum(axis=0))[place]
    p = comparison.randomization(rows, settings)[place]
    timed = [(x.cpu, y.cpu) for x, y in zip(a, b, strict=True) if x.cpu and y.cpu]
    ratio = f"{statistics.mean(y / x for x, y in timed):.2f}" if timed else "not measured"
    return f"{value:+.2f}, p {p:.4f}, CPU time {ratio}"


def _mean(sets: dict[str, dict[int, Result]]) -> str:
    """Over the sets, of a row that has them all."""
    if not all(sets.values()):
        return ""
    return f"{100 * statistics.mean(statistics.mean(r.score.micro.f1 for r in s.values()) for s in sets.values()):.2f}"


def _speed(sets: dict[str, dict[int, Result]]) -> str:
    """On the first set."""
    speeds = [result.speed for result in next(iter(sets.values())).values()]
    return f"{statistics.median(speeds):.0f}" if speeds else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plan", help="YAML: what is compared, on what")
    parser.add_argument("--data", type=Path, required=True, help="folder of NAME.train.jsonl and NAME.test.jsonl")
    parser.add_argument("--folder", type=Path, required=True, help="for the runs; finished ones are used")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--rows", nargs="+", help="train only these")
    parser.add_argument("--sets", nargs="+", help="train only on these")
    parser.add_argument("--show", action="store_true", help="train nothing: the table of what there is")
    options = parser.parse_args()
    threads.limit(1)
    asked = plan(options.plan)
    options.folder.mkdir(parents=True, exist_ok=True)
    cells = [Cell(row, name, seed) for seed in options.seeds for row in asked.rows for name in asked.sets]
    for cell in cells:
        wanted = cell.row in (options.rows or asked.rows) and cell.set in (options.sets or asked.sets)
        if wanted and not options.show:
            do(cell, asked, options.data, options.folder)
    found: Found = {row: {name: {} for name in asked.sets} for row in asked.rows}
    for cell in cells:
        if one := result(cell, asked, options.data, options.folder):
            found[cell.row][cell.set][cell.seed] = one
    print("\n".join(show(asked, found)))


if __name__ == "__main__":
    main()
