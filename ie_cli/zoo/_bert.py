"""BERT and its tokenizer from a folder, without transformers; most Chinese encoders have this architecture."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from ie_cli import config
from ie_cli.nn.bert import CONFIG, USUAL, Bert, Shape
from ie_cli.text.tokenizer_file import ABOUT, WORDS, TokenizerFile


def opens(folder: Path) -> bool:
    """Whether the folder holds a BERT that `open` knows."""
    if not all((folder / name).is_file() for name in (CONFIG, WORDS, ABOUT)):
        return False
    about = _about(folder)
    return about.get("model_type") == Shape.model_type and all(about.get(k, v) == v for k, v in USUAL.items())


def open(folder: Path) -> tuple[TokenizerFile, Bert]:
    """The tokenizer and the encoder, whose weights are new."""
    known = {field.name for field in dataclasses.fields(Shape)}
    shape = {name: value for name, value in _about(folder).items() if name in known}
    return TokenizerFile(folder), Bert(config.build(Shape, shape, str(folder / CONFIG)))


def _about(folder: Path) -> dict:
    return json.loads((folder / CONFIG).read_text(encoding="utf-8"))
