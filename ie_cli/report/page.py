"""What is on the page, and the page from its template; the template escapes every value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jinja2

from ie_cli.analysis.bootstrap import Interval
from ie_cli.analysis.error_analysis import RIGHT, SPURIOUS, Errors
from ie_cli.report.curve import HEIGHT, MARGIN, WIDTH, Curve
from ie_cli.report.marks import Mark, sides
from ie_cli.scoring import Score

TEMPLATE = "page.html.jinja"
MOST_TYPES = 20  # in the confusion picture


class Confusion(NamedTuple):
    """The confusion picture: rows of gold types, columns of predicted ones.

    Args:
        left_out: types that have no row of their own, the rare ones.
    """

    types: list[str | None]
    cells: list[list[int]]
    left_out: int


def render(
    score: Score, signature: str, intervals: Mapping[str, Interval], errors: Errors, *,
    names: Mapping[str, str], notes: list[str], curve: Curve | None,
) -> str:  # fmt: skip
    """The page as a string.

    Args:
        signature: of the score and the intervals.
        names: where the records are from: {"gold": "dev.jsonl", …}.
        notes: what the reader of the figures should know.
    """
    where = jinja2.PackageLoader("ie_cli.report", "")
    page = jinja2.Environment(
        loader=where, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page.filters.update(rate="{:.4f}".format, percent="{:.1%}".format, hue=hues(errors).__getitem__)
    page.tests["mark"] = lambda piece: isinstance(piece, Mark)
    return page.get_template(TEMPLATE).render(
        score=score, signature=signature, intervals=intervals, errors=errors, names=names, notes=notes, curve=curve,
        shares=_shares(errors), confusion=confusion(errors), texts=_texts(errors),
        size={"width": WIDTH, "height": HEIGHT, "margin": MARGIN},
    )  # fmt: skip


def confusion(errors: Errors) -> Confusion:
    """The picture for the types with the most items; None stands for no item: spurious above, missed on the right."""
    sizes: dict[str, int] = {}
    for types, n in errors.confusion.items():
        for name in {*types} - {None}:
            sizes[name] = sizes.get(name, 0) + n
    common = sorted(sizes, key=lambda name: (-sizes[name], name))[:MOST_TYPES]
    types = [*sorted(common), None]
    cells = [[errors.confusion[gold, pred] for pred in types] for gold in types]
    return Confusion(types, cells, len(sizes) - len(common))


def hues(errors: Errors) -> dict[str, int]:
    """A colour for each type, in degrees, as far from each other as so many can be."""
    names = sorted({name for types in errors.confusion for name in types if name is not None})
    return {name: 360 * i // len(names) for i, name in enumerate(names)}


def _shares(errors: Errors) -> list[dict[str, Any]]:
    """Each class of error with its number and its share of the gold or, where there is no gold, of the predictions."""
    of = {name: errors.n_pred if name == SPURIOUS else errors.n_gold for name in errors.counts}
    return [{"name": name, "n": n, "share": n / of[name] if of[name] else 0.0} for name, n in errors.counts.items()]


def _texts(errors: Errors) -> list[dict[str, Any]]:
    """Records with errors, then some without."""
    out = []
    for seen in [*errors.kept[True], *errors.kept[False]]:
        gold, pred = sides(seen)
        wrong = [case for case in seen.cases if case.name != RIGHT]
        out.append({"id": seen.record.id, "gold": gold, "pred": pred, "wrong": wrong})
    return out
