"""Any BERT-like `AutoModel` with its tokenizer; to import this takes seconds."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    BertTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging

from ie_cli.errors import IEError
from ie_cli.nn.positions import hierarchical
from ie_cli.zoo import catalogue

SAFE = {"trust_remote_code": False}  # said aloud: the default asks on a terminal

logging.set_verbosity_error()
logging.disable_progress_bar()


def load(place: str, positions: int | None) -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
    """The tokenizer and the encoder with its weights.

    Args:
        place: a folder or a hub id.
        positions: how long a text may become, None for as long as it is.

    Raises:
        OSError, ValueError, ImportError: there is none, or it is no encoder.
        IEError: it cannot be given so many positions.
    """
    tokenizer = _tokenizer(place)
    inner = AutoModel.from_pretrained(place, dtype="float32", **SAFE, **_no_pooler(place))
    if positions:
        _lengthen(inner, positions)
    return tokenizer, inner


def open(folder: Path) -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
    """The tokenizer and the encoder of a folder; the weights are new."""
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, **SAFE)
    shape = AutoConfig.from_pretrained(folder, local_files_only=True, **SAFE)
    return tokenizer, AutoModel.from_config(shape, **_no_pooler(folder, shape))


def _tokenizer(place: str) -> PreTrainedTokenizerBase:
    """The encoder's own tokenizer; RoFormer's needs one more package to cut words, its vocabulary does not."""
    if AutoConfig.from_pretrained(place, **SAFE).model_type == "roformer":
        return BertTokenizer.from_pretrained(place)
    return AutoTokenizer.from_pretrained(place, **SAFE)


def _no_pooler(place: str | Path, shape=None) -> dict[str, bool]:
    """Leave out BERT's pooler, which no task here reads, where the architecture lets one."""
    shape = shape or AutoConfig.from_pretrained(place, **SAFE)
    return {"add_pooling_layer": False} if shape.model_type in catalogue.WITH_POOLER else {}


def _lengthen(inner: PreTrainedModel, length: int) -> None:
    """Give a BERT-like encoder position embeddings for longer texts, in place.

    Raises:
        IEError: its positions are no table of embeddings, or enough, or too few to be decomposed.
    """
    embeddings = getattr(inner, "embeddings", None)
    table = getattr(embeddings, "position_embeddings", None)
    if not isinstance(table, nn.Embedding) or inner.config.model_type in catalogue.POSITIONS_AFTER_PADDING:
        raise IEError(f"encoder.options.positions: {inner.config.model_type} has no table of absolute positions")
    size = len(table.weight)
    if not size < length <= size**2:
        raise IEError(f"encoder.options.positions must lie between {size + 1} and {size**2}, not at {length}")
    embeddings.position_embeddings = nn.Embedding.from_pretrained(
        hierarchical(table.weight.detach(), length), freeze=False
    )
    embeddings.register_buffer("position_ids", torch.arange(length)[None], persistent=False)
    if hasattr(embeddings, "token_type_ids"):
        embeddings.register_buffer("token_type_ids", torch.zeros(1, length, dtype=torch.long), persistent=False)
    inner.config.max_position_embeddings = length
