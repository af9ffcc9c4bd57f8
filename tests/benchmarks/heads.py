"""Time and memory of span heads, our way against the dense score tensor and the gather-based sparse loss.

    python tests/benchmarks/heads.py --quick
    python tests/benchmarks/heads.py --out results.jsonl --plot curves.png      # the plot: pip install -e .[bench]

Prints a row as each point is done; with `--out` an interrupted run goes on where it stopped. Each point
is a fresh process. On a CPU time is the processor time of one thread, the least of several runs, so
that other programs hardly disturb it, and memory how far the peak of the resident set (VmHWM of
/proc, set back before) lies above what was there before the first run. On a GPU: wall time between
synchronisations, and torch.cuda.max_memory_allocated likewise.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

TYPES, LENGTHS = [10, 49, 217, 282, 500], [64, 128, 256, 512]
QUICK = [(10, 64), (49, 128), (282, 128)]
ALL = ("ours", "dense", "gather")
WAYS = {"loss": ALL, "head": ALL, "decode": ALL[:2], "step": ALL, "relation": ALL, "event": ALL[:2]}
TITLES = {
    "loss": "loss and gradients from the parts of the scores",
    "head": "head and loss, forward and backward",
    "decode": "decode, trained-like scores",
    "step": "training step: 4-layer encoder of width 312, head, AdamW",
    "relation": "GPLinker relation step: subjects and objects, head and tail links of each predicate",
    "event": "GPLinker event step: 282 roles, head links, tail links, summed",
}


def resident(field: str) -> int:
    """VmHWM (peak) or VmRSS (now) of this process in bytes."""
    line = next(row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith(field))
    return int(line.split()[1]) * 1024


def measure(point: dict) -> dict:
    """Seconds and bytes of one point, in this process."""
    import cases
    import torch

    torch.set_num_threads(point["threads"])
    gpu = point["device"] != "cpu"
    clock = time.perf_counter if gpu or point["threads"] > 1 else time.process_time
    make = cases.WORK[point["what"]]
    make(point["way"], 2, 8, 2, point["device"])()  # loads libraries
    torch.manual_seed(0)
    work = make(point["way"], point["types"], point["length"], point["batch"], point["device"])
    if gpu:
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
    else:
        Path("/proc/self/clear_refs").write_text("5")
        before = resident("VmRSS")
    found = cases.digest(work())
    peak = (torch.cuda.max_memory_allocated() if gpu else resident("VmHWM")) - before
    times: list[float] = []
    while len(times) < 2 or (sum(times) < point["seconds"] and len(times) < 200):
        began = clock()
        work()
        if gpu:
            torch.cuda.synchronize()
        times.append(clock() - began)
    return {"seconds": min(times), "bytes": peak, "found": found}


def side_by_side(point: dict) -> dict:
    """Seconds of an event step and of an entity step of 10 types, run in turn: their ratio is what matters."""
    import cases
    import torch

    torch.set_num_threads(point["threads"])
    clock = time.perf_counter if point["device"] != "cpu" or point["threads"] > 1 else time.process_time
    rest = point["length"], point["batch"], point["device"]
    works = {"seconds": cases.event_work("ours", point["types"], *rest), "entities": cases.step_work("ours", 10, *rest)}
    times: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(6):
        for name, work in works.items():
            began = clock()
            work()
            if point["device"] != "cpu":
                torch.cuda.synchronize()
            if turn:
                times[name].append(clock() - began)
    return {name: min(row) for name, row in times.items()}


def in_new_process(point: dict) -> dict:
    """`measure` in a fresh process; what went wrong as "error"."""
    threads = {"OMP_NUM_THREADS": str(point["threads"]), "OMP_WAIT_POLICY": "PASSIVE"}
    command = [sys.executable, __file__, "--point", json.dumps(point)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | threads)
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]}
    return json.loads(done.stdout.splitlines()[-1])


def fits(point: dict, gigabytes: float) -> bool:
    from cases import COPIES

    cells = point["batch"] * point["types"] * point["length"] ** 2
    copies = COPIES.get(point["way"], 0) / (4 if point["what"] == "decode" else 1)
    return cells * 4 * copies < gigabytes * 1e9


class Results:
    """Points that were measured, kept in a file of JSON lines where there is one."""

    def __init__(self, path: Path | None, options: argparse.Namespace):
        self.path, self.options = path, options
        lines = path.read_text().splitlines() if path and path.exists() else []
        self.rows = {key(row): row for row in map(json.loads, lines)}

    def get(self, what: str, way: str, types: int, length: int) -> dict:
        """The row of a point, measured now if it is not there yet."""
        options = self.options
        point = {"what": what, "way": way, "types": types, "length": length, "batch": options.batch}
        point |= {"device": options.device, "threads": options.threads}
        if key(point) not in self.rows:
            if not fits(point, options.memory):
                return {"error": f"more than {options.memory:g} GB"}
            row = point | in_new_process(point | {"seconds": options.seconds})
            self.rows[key(point)] = row
            if self.path:
                with self.path.open("a") as file:
                    file.write(json.dumps(row) + "\n")
        return self.rows[key(point)]


def key(row: dict) -> tuple:
    return tuple(row[name] for name in ("what", "way", "types", "length", "batch", "device", "threads"))


def cost(row: dict) -> str:
    if "error" in row:
        return f"{row['error'][:28]:>28}"
    return f"{row['seconds'] * 1e3:>12.1f} ms {row['bytes'] / 1e6:>9.0f} MB"


def ratio(row: dict, ours: dict) -> str:
    if "error" in row or "error" in ours:
        return " " * 24
    text = f"{row['seconds'] / ours['seconds']:>8.1f}x {row['bytes'] / max(ours['bytes'], 1e6):>7.1f}x less"
    return text + ("" if row["found"] == ours["found"] else " OTHER SPANS")


def table(what: str, points: list[tuple[int, int]], results: Results) -> None:
    ways = WAYS[what]
    print(f"\n{TITLES[what]}, B={results.options.batch}")
    print("   C    L " + "".join(f"{way:>28}" + (f"{'time, memory':>24}" if way != "ours" else "") for way in ways))
    for types, length in points:
        print(f"{types:>4} {length:>4} ", end="", flush=True)
        ours = results.get(what, "ours", types, length)
        print(cost(ours), end="", flush=True)
        for way in ways[1:]:
            row = results.get(what, way, types, length)
            print(cost(row) + ratio(row, ours), end="", flush=True)
        print(flush=True)


def events(lengths: list[int], results: Results) -> None:
    """The event model's step against that of an entity model on the same encoder."""
    from cases import ROLES

    table("event", [(ROLES, length) for length in lengths], results)
    for length in lengths:
        row = results.get("event", "in turn", ROLES, length)
        if "error" not in row:
            print(f"L={length}: {row['seconds'] / row['entities']:.3f} times the step of a 10-type entity head")


def plot(path: Path, results: Results) -> None:
    """Time and memory of loss and gradients over the number of types, one line a length and way."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    styles = {"ours": "-", "dense": "--", "gather": ":"}
    rows = [r for r in results.rows.values() if r["what"] == "loss" and "error" not in r]
    for axis, (name, unit) in zip(axes, (("seconds", 1e-3), ("bytes", 1e6)), strict=True):
        for colour, length in enumerate(sorted({r["length"] for r in rows})):
            for way, style in styles.items():
                line = sorted((r["types"], r[name] / unit) for r in rows if (r["way"], r["length"]) == (way, length))
                axis.plot(*zip(*line, strict=True) if line else ([], []), style, marker=".", color=f"C{colour}")
            axis.plot([], [], color=f"C{colour}", label=f"{length} tokens")
        for way, style in styles.items():
            axis.plot([], [], style, color="grey", label=way)
        axis.set(xscale="log", yscale="log", xlabel="types", ylabel={"seconds": "ms", "bytes": "MB"}[name])
        axis.set_title({"seconds": "time", "bytes": "extra peak memory"}[name])
        axis.grid(alpha=0.3)
    figure.suptitle(f"Loss and gradients of Efficient GlobalPointer, {results.options.batch} texts")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center", fontsize=8)
    figure.savefig(path, dpi=90)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few small points")
    parser.add_argument("--what", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--types", nargs="+", type=int, default=TYPES, metavar="C")
    parser.add_argument("--lengths", nargs="+", type=int, default=LENGTHS, metavar="L")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.5, help="of runs in each point")
    parser.add_argument("--memory", type=float, help="GB; what is expected to take more is skipped (CPU 10, GPU 60)")
    parser.add_argument("--device", help="cpu or cuda; what there is")
    parser.add_argument("--out", type=Path, help="JSON lines, one a point; points that are there are not run again")
    parser.add_argument("--plot", type=Path, help="PNG of the loss curves")
    parser.add_argument("--point", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.point:
        point = json.loads(options.point)
        print(json.dumps((side_by_side if point["way"] == "in turn" else measure)(point)))
        return
    if options.device is None:
        import torch

        options.device = "cuda" if torch.cuda.is_available() else "cpu"
    options.memory = options.memory or (10 if options.device == "cpu" else 60)
    results = Results(options.out, options)
    points = QUICK if options.quick else [(c, n) for c in options.types for n in options.lengths]
    try:
        for what in options.what:
            if what == "event":
                events([128] if options.quick else options.lengths, results)
            else:
                table(what, points, results)
    except KeyboardInterrupt:
        print("\ninterrupted")
    if options.plot:
        plot(options.plot, results)


if __name__ == "__main__":
    main()
