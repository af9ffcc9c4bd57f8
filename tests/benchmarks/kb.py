"""Time, disk and memory of knowledge bases of generated entities, in the form of CCKS2019.

    python tests/benchmarks/kb.py 400000
    python tests/benchmarks/kb.py 400000 5000000 --folder /tmp/kb --keep

A row for each number of entities. Building and use are processes of their own. Entities have about 900
bytes, as those of CCKS2019; names have 2 to 8 characters that are as unevenly spread as in Chinese, one
entity in four shares the name of another, and one in three has an alias. A text is 24 characters of
names and filling. Seconds are processor time, so that other programs hardly disturb them, but for
opening; memory is the peak of the resident set (VmHWM) for building and the set in use (VmRSS) after
opening, after all texts, and after reading the descriptions of all that was found in them.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

CHARACTERS, TEXTS = 4000, 20000
COLUMNS = {
    "entities": "d", "names": "d", "build_s": ".1f", "build_MB": ".0f", "update_s": ".1f", "disk_MB": ".0f",
    "open_s": ".4f", "open_MB": ".0f", "texts_per_s": ".0f", "names_per_text": ".1f", "ids_per_text": ".1f",
    "longest_per_s": ".0f", "texts_MB": ".0f", "entities_per_s": ".0f", "entities_MB": ".0f",
}  # fmt: skip


def resident(field: str) -> float:
    """VmHWM (peak) or VmRSS (now) of this process in megabytes."""
    line = next(row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith(field))
    return int(line.split()[1]) / 1024


# --- Generated data ------------------------------------------------------------------------------


def characters(dice: random.Random) -> Iterator[str]:
    """Characters without end, the n-th commonest as often as 1 / n."""
    weights = list(itertools.accumulate(1 / n for n in range(3, CHARACTERS + 3)))
    while True:
        yield from (chr(0x4E00 + i) for i in dice.choices(range(CHARACTERS), cum_weights=weights, k=10000))


def names(count: int, seed: int) -> Iterator[str]:
    """Names of which one in four was there before."""
    dice, known = random.Random(seed), []
    text = characters(dice)
    for _ in range(count):
        if known and dice.random() < 0.25:
            yield dice.choice(known)
            continue
        name = "".join(itertools.islice(text, dice.choice((2, 3, 3, 4, 4, 4, 5, 6, 8))))
        if len(known) < 100_000:
            known.append(name)
        yield name


def write_entities(path: Path, first: int, count: int, seed: int = 1) -> None:
    """A base of this many entities, the ids from `first` on."""
    dice = random.Random(seed)
    text = characters(dice)
    abstract = "".join(itertools.islice(text, 5000))
    with path.open("w", encoding="utf-8") as out:
        for number, name in enumerate(names(count, seed), first):
            alias = ["".join(itertools.islice(text, 3))] if number % 3 == 0 else []
            about, fact = (dice.randrange(4000) for _ in range(2))
            data = {
                "摘要": abstract[about : about + 220],
                "外文名": f"Name {number}",
                "来源": abstract[fact : fact + 9],
            }
            row = {
                "alias": alias, "subject_id": str(10001 + number), "subject": name, "type": ["Thing"],
                "data": [{"predicate": what, "object": value} for what, value in data.items()],
            }  # fmt: skip
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def texts(count: int) -> list[str]:
    """Texts of names and filling."""
    dice = random.Random(2)
    filling, some = characters(dice), list(names(min(count, 100_000), 1))
    parts = lambda: "".join(dice.choice(some) + "".join(itertools.islice(filling, 5)) for _ in range(3))  # noqa: E731
    return [parts()[:24] for _ in range(min(TEXTS, 10 * count))]


# --- Measuring, each in a process of its own -----------------------------------------------------


def build(source: Path, folder: Path, earlier: Path | None) -> dict[str, float]:
    """Build from a file, or add it to a base."""
    from ie_cli import kb
    from ie_cli.errors import Report
    from ie_cli.kb import sources

    start = time.process_time()
    kb.build(sources.read(str(source), Report()), folder, earlier=None if earlier is None else kb.open(earlier))
    seconds = time.process_time() - start
    if earlier is not None:
        return {"update_s": seconds}
    disk = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    return {"build_s": seconds, "build_MB": resident("VmHWM"), "disk_MB": disk}


def use(folder: Path, count: int) -> dict[str, float]:
    """Open, find candidates in texts, and read what was found."""
    from ie_cli import kb
    from ie_cli.matching import leftmost_longest

    some = texts(count)
    start = time.perf_counter()
    base = kb.open(folder)
    row = {"open_s": time.perf_counter() - start, "open_MB": resident("VmRSS"), "names": base.manifest["names"]}
    found, different = Counter(), set()
    start = time.process_time()
    for text in some:
        base.matches(text)
    row["texts_per_s"] = len(some) / (time.process_time() - start)
    row["texts_MB"] = resident("VmRSS")
    start = time.process_time()
    for text in some:
        leftmost_longest(base.matches(text))
    row["longest_per_s"] = len(some) / (time.process_time() - start)
    for match in itertools.chain.from_iterable(map(base.matches, some)):
        found.update(names=1, ids=len(match.ids))
        different.update(match.ids)
    row["names_per_text"], row["ids_per_text"] = (found[what] / len(some) for what in ("names", "ids"))
    start = time.process_time()
    for ident in different:
        base.entity(ident)
    row["entities_per_s"] = len(different) / (time.process_time() - start)
    return row | {"entities": len(base), "entities_MB": resident("VmRSS")}


def apart(*words: object) -> dict[str, float]:
    """What a step of this script gives in a fresh process."""
    done = subprocess.run([sys.executable, __file__, *map(str, words)], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def row(count: int, folder: Path, update: bool) -> dict[str, float]:
    """All figures for one number of entities."""
    source, more, base = folder / "entities.jsonl", folder / "more.jsonl", folder / f"base-{count}"
    write_entities(source, 0, count)
    write_entities(more, count - count // 200, count // 100, seed=3)  # half of them are there already
    out = apart("--step", "build", source, base) | apart("--step", "use", base, count)
    if update:
        out |= apart("--step", "update", more, base)
    source.unlink()
    return out


def main() -> None:
    """Print the rows, or do one step of one."""
    if sys.argv[1:2] == ["--step"]:
        step, first, second = sys.argv[2:5]
        steps = {
            "build": lambda: build(Path(first), Path(second), None),
            "update": lambda: build(Path(first), Path(second), Path(second)),
            "use": lambda: use(Path(first), int(second)),
        }
        print(json.dumps(steps[step]()))
        return
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("counts", type=int, nargs="+", metavar="ENTITIES")
    parser.add_argument("--folder", type=Path, help="where the files are made; a temporary folder by default")
    parser.add_argument("--keep", action="store_true", help="leave the bases there")
    parser.add_argument("--no-update", action="store_true", help="do not measure the update with a hundredth")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=args.folder))
    try:
        print("\t".join(COLUMNS))
        for count in args.counts:
            found = row(count, folder, not args.no_update)
            cells = [format(found[name], how) if name in found else "-" for name, how in COLUMNS.items()]
            print("\t".join(cells), flush=True)
    finally:
        if not args.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
