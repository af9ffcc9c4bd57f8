"""`ie train`: records in, a model folder out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ie_cli import threads
from ie_cli.commands._train_drive import drive
from ie_cli.commands._train_progress import tell
from ie_cli.commands._train_recipe import fill
from ie_cli.errors import Report

if TYPE_CHECKING:
    from ie_cli.training.recipe import Recipe


def run(
    source: list[str] = typer.Argument(None, metavar="TRAIN.jsonl…|RECIPE.yaml", help="Records, or a recipe."),
    out: Path = typer.Option(..., "--output", "-o", metavar="DIR", help="Folder of the run; the model is DIR/best."),
    dev: list[str] = typer.Option(None, "--dev", help="Records to choose the best epoch on. Default: 10% split off."),
    encoder: str = typer.Option(
        None,
        "--encoder",
        "-e",
        help="As `ie models` lists them, a folder, a hub id, or a trained model. Default: by the data.",
    ),
    task: str = typer.Option(None, "--task", help="Model to train. Default: what the records are annotated for."),
    epochs: int = typer.Option(None, "--epochs", min=1, help="Passes over the training records. Default: by the data."),
    seed: int = typer.Option(None, "--seed", help="Seed of weights, dropout and order."),
    seeds: str = typer.Option(
        None, "--seeds", metavar="N|LIST", help="Train with N seeds, or with those of a list (1,2,3)."
    ),
    assign: list[str] = typer.Option(None, "--set", metavar="KEY=VALUE", help="Any setting of the recipe."),
    resume: bool = typer.Option(False, "--resume", help="Go on after the last finished epoch of DIR, as it began."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace an earlier run in DIR."),
    cache: str = typer.Option(None, "--cache", metavar="DIR", help="For tokenised data. Default: $HF_DATASETS_CACHE."),
    processes: int = typer.Option(1, "--processes", min=1, help="Processes that tokenise."),
    thread_count: int = typer.Option(None, "--threads", min=1, help="Threads of torch. Default: all cores."),
) -> None:
    """Train a model on records, or as a recipe says.

    Task and labels come from the records. Encoder, batch, rates and epochs go by the data where
    nothing says them: less than 5,000 texts are learned in small batches, by the encoder ie-small-zh
    with features of words, more by char-bilstm. DIR gets recipe.yaml (everything that decided the
    result), run.json (data, versions, machine), metrics.jsonl (a line an epoch), best/ (the model)
    and last/. Flags win over --set, and --set over the recipe. Several seeds get a run each in
    DIR/seed-1, …, and seeds.json. Started by `torchrun`, it trains on several devices. With
    --set data.dev_share=0 nothing is split off: all texts are learned, and the last epoch is kept.

        ie train train.jsonl --dev dev.jsonl -o runs/ner

        ie train data/configs/ner-char.yaml train.jsonl -o runs/ner --set train.lr=1e-3

        ie train mine.jsonl -o runs/mine -e runs/ner

        ie train -o runs/ner --resume

        ie train train.jsonl --dev dev.jsonl -o runs/ner --seeds 3

        ie train 'parts/*.jsonl.xz' -o runs/ner --processes 4 --cache /scratch/tokens
    """
    threads.limit(thread_count)
    from ie_cli.training.recipe import Recipe

    flags = {"data.dev": dev or None, "encoder.name": encoder, "task": task, "train.epochs": epochs, "train.seed": seed}
    resumed = out if resume and seeds is None else None
    settings = fill(Recipe, source or [], assign or [], flags, "data.train", resumed)
    options = {"resume": resume, "overwrite": overwrite and not resume, "cache": cache, "processes": processes}

    def events(report: Report) -> Iterator:
        return _events(settings, out, seeds, options | {"report": report})

    drive(events, tell, out)


def _events(settings: Recipe, out: Path, seeds: str | None, options: dict[str, Any]) -> Iterator:
    """Train with one seed or with several."""
    from ie_cli.training import parallel
    from ie_cli.training import run as training
    from ie_cli.training import seeds as several

    if seeds is None:
        yield from training.run(settings, out, **options)
    else:
        yield from several.run_all(settings, out, several.parse(seeds, settings.train.seed), **options)
    parallel.stop()
