"""The page of `ie eval --report`, written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ie_cli.analysis.errors import Errors
from ie_cli.commands._shell import output

if TYPE_CHECKING:
    from ie_cli.commands._one import Sources, Told

KEPT = 60  # records with errors that the page shows


def write(path: Path, told: Told, errors: Errors, sources: Sources) -> None:
    """Write the page; the training curve is on it where the model is one of a run."""
    from ie_cli.report import curve, page

    names = {what: name for what, name in sources._asdict().items() if name is not None}
    if sources.model is not None:
        del names["pred"]
    made = page.render(
        told.score, told.signature, told.intervals, errors,
        names=names, notes=list(told.notes()), curve=curve.find(sources.model),
    )  # fmt: skip
    with output(path) as out:
        out.write(made.encode())
