"""ie: a command-line toolkit for Chinese information extraction, and a library of one function.

>>> import ie_cli
>>> ie_cli.load()("浙商银行企业信贷部叶老桂博士").entities[0].text
'浙商银行'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from ie_cli.extractor import Extractor

__version__ = "0.1.0"


def load(
    model: str | Path | None = None, *, threshold: float | None = None, kb: str | None = None,
    precision: str = "float32",
) -> Extractor:  # fmt: skip
    """Open a model folder, or a shipped model by name, for prediction in Python; see `ie_cli.extractor`.

    Raises:
        IEError: no such model or base, damaged, or without what is to be set; no such precision here.
    """
    from ie_cli.extractor import Extractor  # late: it needs torch

    return Extractor(model, threshold=threshold, kb=kb, precision=precision)
