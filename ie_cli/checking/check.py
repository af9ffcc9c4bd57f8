"""The whole check of a data set: every part of its records, in two passes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from ie_cli.checking.entities import Entities
from ie_cli.checking.events import Events
from ie_cli.checking.findings import TRAIN, Finding, Section
from ie_cli.checking.links import Links
from ie_cli.checking.relations import Relations
from ie_cli.checking.surfaces import Surfaces
from ie_cli.checking.texts import Texts
from ie_cli.records import Placed


class Part(Protocol):
    """One part of the check."""

    def add(self, item: Placed, split: str) -> None: ...

    def sections(self) -> Iterator[Section]: ...

    def findings(self) -> Iterator[Finding]: ...


class Check:
    """Counts over the splits of a data set; train comes before dev.

    Args:
        more: further parts, such as `tokens.Tokens`.

    Attributes:
        records: how many were added.
    """

    def __init__(self, more: Iterable[Part] = ()):
        self._parts: list[Part] = [Texts(), *more, Entities(), Relations(), Events(), Links()]
        self._surfaces = Surfaces()
        self.records = 0

    def add(self, item: Placed, split: str) -> None:
        """First pass: every record of every split."""
        self.records += 1
        for part in self._parts:
            part.add(item, split)
        if split == TRAIN:
            self._surfaces.add(item)

    def second_pass(self, item: Placed) -> None:
        """Second pass: every record of train, when all were added."""
        self._surfaces.second_pass(item)

    def sections(self) -> list[Section]:
        """The figures of all parts that the records have."""
        return [section for part in self._parts for section in part.sections()]

    def findings(self) -> list[Finding]:
        """What was found; what spoils training or its score comes first."""
        found = [finding for part in [*self._parts, self._surfaces] for finding in part.findings()]
        return sorted(found, key=lambda finding: not finding.spoils)
