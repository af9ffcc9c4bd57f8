"""`ie export`: a model for ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import typer

from ie_cli import threads
from ie_cli.commands._shell import SpokenReport, inputs, say
from ie_cli.errors import IEError


def run(
    sample: list[str] = typer.Argument(..., metavar="SAMPLE…", help="Records (JSONL) on which both must agree."),
    model: str = typer.Option(None, "--model", "-m", help="Model folder or shipped model. Default: the shipped one."),
    out: Path = typer.Option(..., "--output", "-o", metavar="DIR", help="Folder to make, for `ie predict -m DIR`."),
    int8: bool = typer.Option(False, "--int8", help="8-bit weights: smaller, mostly faster, a little less exact."),
    least: float = typer.Option(None, "--agreement", min=0, max=1, help="Least F1 against the model's predictions."),
    most: int = typer.Option(500, "--limit", min=1, help="Texts of SAMPLE that are compared at most."),
    thread_count: int = typer.Option(None, "--threads", min=1, help="Threads of torch. Default: all cores."),
) -> None:
    """Write a model whose encoder runs in ONNX Runtime (pip install 'ie-cli[onnx]'), if its answers are the same.

    They are compared on SAMPLE: the F1 of its predictions against those of the model must be 0.999, with
    --int8 0.95; else nothing is written and the exit code is 1. It is 3 if lines of SAMPLE were skipped.

        ie export data/samples/news.jsonl -m runs/mine -o runs/mine-int8 --int8

        ie export dev.jsonl -m runs/mine -o runs/mine-int8 --int8 --agreement 0.99 --limit 2000 --threads 4

        ie predict -m runs/mine-int8 data/samples/news.jsonl
    """
    threads.limit(thread_count)
    spoken = SpokenReport()
    texts = _texts(inputs(sample), most, spoken)
    from ie_cli.zoo import exported, folder, manifest

    model = model or manifest.DEFAULT
    if (manifest.find(model) / folder.ENCODER).exists():
        raise IEError(f"{model}: runs in ONNX Runtime already; export the model that it was made from")
    comparison = exported.export(model, out, texts, int8=int8, least=least)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    compared = f"F1 {comparison.f1:.4f} against the model's {comparison.found} findings in {len(texts)} texts"
    say(f"{out}: {size / 1e6:.1f} MB; {compared}")
    spoken.exit_if_skipped()


def _texts(names: list[str], most: int, spoken: SpokenReport) -> list[str]:
    """The first texts of some files."""
    from itertools import islice

    from ie_cli.files import opened
    from ie_cli.records import read

    texts: list[str] = []
    for name in names:
        with opened(name) as stream:
            texts += [record.text for record in islice(read(stream, name, spoken.report), most - len(texts))]
    spoken.close()
    if not any(texts):
        raise IEError(f"{', '.join(names)}: no texts to compare on")
    return texts
