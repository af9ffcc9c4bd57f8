"""Links: mentions, how many of them NIL, and names that stand for several entities."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ie_cli.checking.findings import Figures, Finding, Section, excerpt
from ie_cli.records import Placed
from ie_cli.scoring.links import has_links

NAMES = "names"
WITHOUT_LINK = "without a link"
ROWS = ("mentions", "NIL", WITHOUT_LINK)
ADVICE = {WITHOUT_LINK: 'link them, or say that they are NIL: "link": {"kb_id": null}'}


class Links:
    """Counts the mentions of records that have any link, and the ids of each name."""

    def __init__(self):
        self._figures = Figures("mentions", *ROWS, advice=ADVICE)
        self._ids: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))  # by split and name

    def add(self, item: Placed, split: str) -> None:
        if not has_links(item.record):
            return
        for entity in item.record.entities:
            self._figures.counts[split]["mentions"] += 1
            if entity.link is None:
                shown = excerpt(item.record.text, entity.start, entity.end)
                self._figures.note(WITHOUT_LINK, split, item.place, shown)
            elif entity.link.kb_id is None:
                self._figures.counts[split]["NIL"] += 1
            else:
                self._ids[split][entity.text].add(entity.link.kb_id)

    def sections(self) -> Iterator[Section]:
        yield from self._figures.sections()
        if self._ids:
            columns = {split: self._of_names(names) for split, names in self._ids.items()}
            yield Section("linked names", columns, {split: column[NAMES] for split, column in columns.items()})

    def _of_names(self, names: dict[str, set[str]]) -> dict[str, int]:
        ids = set().union(*names.values())
        several = sum(len(found) > 1 for found in names.values())
        return {NAMES: len(names), "that stand for several ids": several, "different ids": len(ids)}

    def findings(self) -> Iterator[Finding]:
        yield from self._figures.findings()
