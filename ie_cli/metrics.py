"""metrics.jsonl in the folder of a run: a line for each epoch, or for each checkpoint of a pre-training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ie_cli.writing import replacing

NAME = "metrics.jsonl"


def append(folder: Path, line: dict[str, Any]) -> None:
    """Append a line."""
    with (folder / NAME).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line, ensure_ascii=False) + "\n")


def read(folder: Path) -> list[dict[str, Any]]:
    """The lines of a run; the first that is cut off ends them."""
    rows: list[dict[str, Any]] = []
    for line in (folder / NAME).read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except ValueError:
            break
    return rows


def rewind(folder: Path, done: int, count: str = "epoch") -> None:
    """Keep the lines of what is done; a later one was written by a run that was killed before its checkpoint was.

    Args:
        done: epochs, or whatever a line counts under the key `count`.
    """
    path = folder / NAME
    if not path.exists():
        return
    kept = [row for row in read(folder) if row[count] <= done]
    with replacing(path) as part:
        part.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept), encoding="utf-8")
