"""Well-known Chinese encoders by friendly name. The licence is what the hub's model card states."""

from __future__ import annotations

from typing import NamedTuple

WITH_POOLER = {"bert", "roberta", "xlm-roberta", "ernie"}
POSITIONS_AFTER_PADDING = {"roberta", "xlm-roberta", "camembert"}


class Known(NamedTuple):
    """A hub id, millions of parameters, and the licence."""

    hub_id: str
    parameters: int
    licence: str


ENCODERS: dict[str, Known] = {}


def hub_id(name: str) -> str:
    """The hub id of a friendly name; any other name is returned as it is."""
    return ENCODERS[name].hub_id if name in ENCODERS else name
