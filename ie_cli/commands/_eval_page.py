"""The page of `ie eval --report`, written."""

from __future__ import annotations

from pathlib import Path

from ie_cli.analysis.error_analysis import Errors
from ie_cli.commands._eval_measure import Sources
from ie_cli.commands._eval_report import ScoreReport
from ie_cli.commands._shell import output
from ie_cli.files import encoded

KEPT = 60  # records with errors that the page shows


def write(path: Path, scored: ScoreReport, errors: Errors, sources: Sources) -> None:
    """Write the page; the training curve is on it where the model is one of a run."""
    from ie_cli.report import curve, page
    from ie_cli.zoo import manifest

    names = {what: name for what, name in sources._asdict().items() if name is not None}
    if sources.model is not None:
        del names["pred"]
    folder = None if sources.model is None else manifest.find(sources.model)
    page_text = page.render(
        scored.score, scored.signature, scored.intervals, errors,
        names=names, notes=list(scored.notes()), curve=curve.find(folder),
    )  # fmt: skip
    with output(path) as out:
        out.write(encoded(page_text))
