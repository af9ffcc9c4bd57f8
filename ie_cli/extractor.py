"""The library's side of `ie predict`: the same model, the same results, records instead of lines.

import ie_cli

extract = ie_cli.load("runs/mine")
for entity in extract("张伟在北京大学读书").entities:
    print(entity.start, entity.end, entity.type, entity.text, entity.score)
for record in extract.predict(texts):  # any iterable, read as it is needed
    ...
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ie_cli.predicting import configure, predict
from ie_cli.records import Record, check, from_json
from ie_cli.zoo import folder, manifest

Text = str | Record | dict[str, Any]  # a record as an object, or as the JSON that `ie` reads


class Extractor:
    """A model ready for prediction. One thread at a time may use it.

    Args:
        model: folder or name of a shipped model; None is the default one.
        threshold: least probability of what is predicted; None is the model's own.
        kb: folder of a knowledge base to link against; None is that of the training.
        precision: of the forward pass, a name in `ie_cli.nn.precision.PRECISIONS`.

    Attributes:
        task: module of ie_cli.tasks.
        labels: the names of what it can find.
    """

    def __init__(
        self, model: str | Path | None = None, *, threshold: float | None = None, kb: str | None = None,
        precision: str = "float32",
    ):  # fmt: skip
        self._model = folder.load(model or manifest.DEFAULT)
        configure(self._model, threshold=threshold, base=kb, precision=precision)
        self.task: str = self._model.task
        self.labels: list[str] = self._model.codec.labels.names

    def __call__(self, text: Text) -> Record:
        """The record of one text."""
        return next(self.predict([text]))

    def predict(self, texts: Iterable[Text]) -> Iterator[Record]:
        """The record of each text, in order, a block read ahead.

        Raises:
            ValueError: a dict is not a record, or what is given breaks its rules; the line says why.
            TypeError: one text is given instead of several, or something that is none.
        """
        if isinstance(texts, (str, Record, dict)):
            raise TypeError("predict() takes several texts; put the one in a list, or call the extractor with it")
        return predict(self._model, map(_record, texts))


def _record(text: Text) -> Record:
    if isinstance(text, dict):
        return from_json(text)
    record = Record(text) if isinstance(text, str) else text
    if not isinstance(record, Record):
        raise TypeError(f"a text is a string, a Record or a dict, not {type(text).__name__}")
    check(record)
    return record
