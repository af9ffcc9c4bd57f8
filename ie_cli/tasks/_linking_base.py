"""The knowledge base of a model of links: opened when it is needed, and known again by a digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ie_cli import kb
from ie_cli.errors import IEError
from ie_cli.kb import Entry, KnowledgeBase, Match
from ie_cli.kb.entry import key
from ie_cli.tasks._linking_labels import NOTHING_OWN, Labels, OwnCounts


class LinkingBase:
    """A base by its folder; what a training record has put into it can be left out, see `OwnCounts.text`.

    Args:
        folder: where it was in training.
        digest: what it was then; "" if this is the training.
        labels: the counts that tell what a name means in other records, too.

    Raises:
        IEError: no folder is named.
    """

    def __init__(self, folder: str | None, digest: str, labels: Labels):
        if not folder:
            raise IEError("link_pair needs a knowledge base: --set model.kb=DIR; `ie kb build` makes one")
        self.folder, self.digest, self.labels = Path(folder), digest, labels
        self._opened: KnowledgeBase | None = None

    @property
    def kb(self) -> KnowledgeBase:
        """The base, opened at the first call.

        Raises:
            IEError: it is gone, of another version, or not the one that the model was trained with.
        """
        if self._opened is None:
            try:
                opened = kb.open(self.folder)
            except IEError as error:
                option = "--kb DIR" if self.digest else "--set model.kb=DIR"
                raise IEError(f"the model's knowledge base: {error}; or name one with {option}") from None
            if self.digest not in ("", opened.digest()):
                raise IEError(
                    f"{self.folder}: the knowledge base has changed since the model was trained with it; "
                    "to use it as it is, name it with --kb DIR, or train the model again"
                )
            self._opened = opened
        return self._opened

    def identify(self) -> tuple[str, str]:
        """The whole path of the base, and its digest."""
        return str(self.folder.resolve()), self.kb.digest()

    def attach(self, base: KnowledgeBase) -> None:
        """Use another base from now on."""
        self._opened, self.folder = base, base.folder

    # --- Without a record --------------------------------------------------------------------------

    def candidates(self, name: str, own: OwnCounts = NOTHING_OWN) -> list[str]:
        """Ids of the entities that are called so."""
        return self._elsewhere(key(name), self.kb.candidates(name), own)

    def matches(self, text: str, own: OwnCounts = NOTHING_OWN) -> list[Match]:
        """The names in a text."""
        found = self.kb.matches(text)
        if own.text is None:
            return found
        kept = (m._replace(ids=self._elsewhere(key(text[m.start : m.end]), m.ids, own)) for m in found)
        return [match for match in kept if match.ids]

    def _elsewhere(self, name: str, ids: list[str], own: OwnCounts) -> list[str]:
        """Those of the ids that a name has not from the record alone."""
        if own.text is None:
            return ids
        others = self.labels.meaning(name, own)
        return [ident for ident in ids if (name, ident) not in own.meant or others[ident]]

    def entity(self, ident: str, without: str | None = None) -> Entry:
        """An entity, without the lines of its description that are a text."""
        entry = self.kb.entity(ident)
        if without is None or without not in entry.about:
            return entry
        return replace(entry, about="\n".join(line for line in entry.about.split("\n") if line != without))


def names(text: str, matches: Sequence[Match]) -> list[str]:
    """The matched strings as names are compared."""
    return [key(text[match.start : match.end]) for match in matches]
