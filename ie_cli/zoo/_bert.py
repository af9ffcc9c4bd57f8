"""BERT and its tokenizer from a folder, without transformers; most Chinese encoders have this architecture."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from ie_cli import config
from ie_cli.nn.bert import CONFIG, USUAL, Bert, Shape
from ie_cli.text.tokenizer_file import TOKENIZER, TOKENIZER_CONFIG, TokenizerFile


def open(folder: Path) -> tuple[TokenizerFile, Bert] | None:
    """The tokenizer and the encoder, whose weights are new; None where the folder holds anything else."""
    if not all((folder / name).is_file() for name in (CONFIG, TOKENIZER, TOKENIZER_CONFIG)):
        return None
    found = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    if not _is_bert(found):
        return None
    known = {field.name for field in dataclasses.fields(Shape)}
    shape = {name: value for name, value in found.items() if name in known}
    return TokenizerFile(folder), Bert(config.build(Shape, shape, str(folder / CONFIG)))


def _is_bert(found: dict[str, Any]) -> bool:
    """Whether a config.json says what `ie_cli.nn.bert` does."""
    return found.get("model_type") == Shape.model_type and all(found.get(k, v) == v for k, v in USUAL.items())
