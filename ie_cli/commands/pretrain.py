"""`ie pretrain`: raw text in, an encoder out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import typer

from ie_cli import threads
from ie_cli.commands._train_drive import drive
from ie_cli.commands._train_progress import tell_pretraining
from ie_cli.commands._train_recipe import fill
from ie_cli.errors import Report, UsageError


def run(
    source: list[str] = typer.Argument(None, metavar="TEXT…|RECIPE.yaml", help="Texts, or a recipe."),
    out: Path = typer.Option(..., "--output", "-o", metavar="DIR", help="Folder of the run; name it as an encoder."),
    encoder: str = typer.Option(
        None, "--encoder", "-e", help="What goes on or, a built-in, starts anew: as for `ie train`."
    ),
    teacher: str = typer.Option(None, "--teacher", help="Encoder to distil from; it must read the same tokens."),
    layers: str = typer.Option(None, "--layers", metavar="N,N,…", help="Keep only these layers, from 0."),
    steps: int = typer.Option(None, "--steps", min=1, help="Updates. Default: one pass over the texts."),
    seed: int = typer.Option(None, "--seed", help="Seed of new weights, masks, dropout and order."),
    assign: list[str] = typer.Option(None, "--set", metavar="KEY=VALUE", help="Any setting of the recipe."),
    resume: bool = typer.Option(False, "--resume", help="Go on after the last checkpoint of DIR, as it began."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace an earlier run in DIR."),
    cache: str = typer.Option(None, "--cache", metavar="DIR", help="For tokenised data. Default: $HF_DATASETS_CACHE."),
    processes: int = typer.Option(1, "--processes", min=1, help="Processes that tokenise."),
    thread_count: int = typer.Option(None, "--threads", min=1, help="Threads of torch. Default: all cores."),
) -> None:
    """Pre-train an encoder on raw text, or adapt one to the texts of a domain.

    TEXT has a paragraph a line and blank lines between documents (.gz, .bz2, .xz, .zst are read as they are);
    of .jsonl files the texts of the records are read. Whole words are masked and must be guessed. DIR gets
    recipe.yaml, run.json, metrics.jsonl (a line a checkpoint) and encoder/, for `ie train -e DIR`.

        ie pretrain texts.txt.xz -e roberta-wwm-ext -o runs/adapted --steps 2000

        ie pretrain texts.txt.xz -e BIG --layers 0,4,8,11 --teacher BIG -o runs/small

        ie pretrain texts.txt.xz -e BIG --teacher BIG -o runs/narrow --set student.feed_forward=1536

        ie pretrain 'texts/*.xz' -e char-bilstm -o runs/scratch --processes 4 --cache /scratch/tokens

        ie pretrain train.jsonl -e char-bilstm -o runs/scratch --set masking.unit=ngram
    """
    threads.limit(thread_count)
    flags = {"encoder.name": encoder, "teacher.name": teacher, "steps": steps, "train.seed": seed}
    flags |= {"student.layers": _numbers(layers)}
    options = {"resume": resume, "overwrite": overwrite and not resume, "cache": cache, "processes": processes}

    def events(report: Report) -> Iterator:
        from ie_cli.pretraining import run as pretraining
        from ie_cli.pretraining.settings import Recipe
        from ie_cli.training import parallel

        recipe = fill(Recipe, source or [], assign or [], flags, "texts.files", out if resume else None)
        yield from pretraining.run(recipe, out, report=report, **options)
        parallel.stop()

    drive(events, tell_pretraining, out)


def _numbers(text: str | None) -> list[int] | None:
    try:
        return None if text is None else [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise UsageError(f"--layers takes numbers with commas between them, found '{text}'") from None
