"""`ie models`: what can be predicted with and trained on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ie_cli.commands._shell import output, terminal

NONE = "-"
TITLES = {
    "model": "Models (ie predict -m NAME)",
    "encoder": "Encoders (ie train -e NAME)",
}
SHOWN = {
    "model": ("name", "source", "size", "dev_f1", "types"),
    "encoder": ("name", "source", "size", "licence", "here"),
}
HEADINGS = {"dev_f1": "dev F1"}  # of columns that are not called as their fields


class Row(NamedTuple):
    """One model or encoder, as text.

    Attributes:
        kind: "model" or "encoder".
        source: the task and the encoder of a model; where an encoder comes from.
        size: megabytes of a model's folder; millions of weights of an encoder.
        here: whether it can be used without a download.
    """

    kind: str
    name: str
    source: str
    size: str
    licence: str = NONE
    here: str = "yes"
    dev_f1: str = NONE
    types: str = NONE


def run() -> None:
    """List the models that ship with ie, and encoders to train on.

    A licence is what the model card on huggingface.co states. An encoder that is not on this machine
    is downloaded when `ie train` first names it; any other hub id or local folder works as well.
    Where stdout is no terminal, the list is one tab-separated table.

        ie models

        ie models | cut -f 2,3
    """
    rows = [*_models(), *_encoders()]
    if terminal(sys.stdout):
        _draw(rows)
    else:
        with output(None) as out:
            out.write("".join("\t".join(row) + "\n" for row in [Row._fields, *rows]).encode())


def _models() -> Iterator[Row]:
    from ie_cli.zoo import manifest

    for name, folder in manifest.shipped().items():
        content = manifest.read(folder)
        types = content["labels"].get("names", [])
        dev_f1 = content.get("note", {}).get("dev_f1")
        yield Row(
            "model", name, f"{content['task']} on {content['encoder']['name']}", f"{_bytes(folder) / 1e6:.1f} MB",
            dev_f1=NONE if dev_f1 is None else f"{dev_f1:.4f}", types=", ".join(types) or NONE,
        )  # fmt: skip


def _encoders() -> Iterator[Row]:
    from ie_cli.zoo import catalogue, encoders

    for name in encoders.BUILT_IN:
        yield Row("encoder", name, "built in", NONE)
    for name, folder in catalogue.shipped().items():
        card = catalogue.card(folder)
        yield Row("encoder", name, "shipped", f"{card['parameters']} M", card["license"])
    for name, entry in catalogue.ENCODERS.items():
        here = "yes" if _cached(entry.hub_id) else "no"
        yield Row("encoder", name, entry.hub_id, f"{entry.parameters} M", entry.licence, here)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _cached(hub_id: str) -> bool:
    """Whether weights of a hub id are in the local cache; nothing is asked of the network."""
    from huggingface_hub import try_to_load_from_cache

    weights = ("model.safetensors", "pytorch_model.bin")
    return any(isinstance(try_to_load_from_cache(hub_id, name), str) for name in weights)


def _draw(rows: list[Row]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ie_cli.commands._terminal import visible

    for kind, title in TITLES.items():
        grid = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        for column in SHOWN[kind]:
            grid.add_column(
                HEADINGS.get(column, column),
                justify="right" if column in ("size", "dev_f1") else "left",
                overflow="fold",  # a name is for copying, so never an ellipsis in it
                no_wrap=column in ("name", "size"),
            )
        for row in rows:
            if row.kind == kind:
                grid.add_row(*(Text(visible(getattr(row, column))) for column in SHOWN[kind]))
        if grid.row_count:
            Console().print(grid)
