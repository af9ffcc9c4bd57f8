"""The catalogue of encoders: those that came with the package, folders, and well-known ones of the hub by name.

The licence is what the hub's model card states.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import yaml

CARD = "encoder.json"  # says what a built-in is that `ie pretrain` has made; a pretrained one has a config.json
ENCODER_FOLDER = "encoder"  # where an encoder is in a run of `ie pretrain`, and in a model folder

WITH_POOLER = {"albert", "bert", "camembert", "ernie", "roberta", "xlm-roberta"}
POSITIONS_AFTER_PADDING = {"roberta", "xlm-roberta", "camembert"}


class HubEncoder(NamedTuple):
    """A hub id, millions of parameters, and the licence."""

    hub_id: str
    parameters: int
    licence: str


ENCODERS = {
    "bert-base-chinese": HubEncoder("google-bert/bert-base-chinese", 102, "apache-2.0"),
    "roberta-wwm-ext": HubEncoder("hfl/chinese-roberta-wwm-ext", 102, "apache-2.0"),
    "roberta-wwm-ext-large": HubEncoder("hfl/chinese-roberta-wwm-ext-large", 325, "apache-2.0"),
    "macbert-base": HubEncoder("hfl/chinese-macbert-base", 102, "apache-2.0"),
    "lert-small": HubEncoder("hfl/chinese-lert-small", 15, "apache-2.0"),
    "lert-base": HubEncoder("hfl/chinese-lert-base", 102, "apache-2.0"),
    "rbt3": HubEncoder("hfl/rbt3", 38, "apache-2.0"),
    "electra-180g-small": HubEncoder("hfl/chinese-electra-180g-small-discriminator", 12, "apache-2.0"),
    "ernie-3.0-base": HubEncoder("nghuyong/ernie-3.0-base-zh", 118, "not stated"),
    "roformer-char-base": HubEncoder("junnyu/roformer_chinese_char_base", 95, "not stated"),
    "deberta-v2-97m": HubEncoder("IDEA-CCNL/Erlangshen-DeBERTa-v2-97M-Chinese", 97, "apache-2.0"),
    "mmbert-small": HubEncoder("jhu-clsp/mmBERT-small", 140, "mit"),
}


def resolve(name: str) -> str:
    """What a name stands for: a folder that holds an encoder, or a hub id; any other name is returned as it is."""
    if name in shipped():
        return str(shipped()[name])
    if name in ENCODERS:
        return ENCODERS[name].hub_id
    inner = Path(name) / ENCODER_FOLDER
    return str(inner) if _is_encoder(inner) and not _is_encoder(Path(name)) else name


def is_known(name: str) -> bool:
    """Whether a name stands for an encoder of the catalogue, whatever folders there are."""
    return name in ENCODERS or name in shipped()


def shipped() -> dict[str, Path]:
    """The encoders that came with the package: name -> folder."""
    root = Path(str(resources.files("ie_cli"))) / "shipped"
    return {path.name: path for path in sorted(root.glob("*")) if _is_encoder(path)}


def card(folder: Path) -> dict[str, Any]:
    """What the model card of a shipped encoder says at its head, as YAML between two lines `---`."""
    head = (folder / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    return yaml.safe_load(head)


def _is_encoder(folder: Path) -> bool:
    return (folder / CARD).is_file() or (folder / "config.json").is_file()
