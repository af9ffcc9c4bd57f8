"""How often each label stands in each split: those seen once, and those that training never sees."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from ie_cli.checking.findings import DEV, EXAMPLES, TRAIN, Example, Finding, Section


class Labels:
    """The labels of one kind.

    Args:
        title: of the section: "entity types", "predicates", …
    """

    def __init__(self, title: str):
        self.title = title
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._first: dict[tuple[str, str], Example] = {}  # by split and label

    def add(self, name: str | None, split: str, where: str, shown: str) -> None:
        """Count one; None is a label that is missing."""
        name = "(none)" if name is None else name
        self.counts[split][name] += 1
        if (split, name) not in self._first:
            self._first[split, name] = Example(where, f"{name}: {shown}")

    def sections(self) -> Iterator[Section]:
        names = [name for name, _ in sum(self.counts.values(), Counter()).most_common()]
        if names:
            columns = {split: {name: counts[name] for name in names} for split, counts in self.counts.items()}
            yield Section(self.title, columns, {split: counts.total() for split, counts in self.counts.items()})

    def findings(self) -> Iterator[Finding]:
        train, dev = (self.counts.get(split, Counter()) for split in (TRAIN, DEV))
        once = [name for name, n in train.items() if n == 1]
        if once:
            advice = "annotate more of them, merge them into a wider label, or leave them out: one case teaches nothing"
            yield self._finding("seen_once", f"{self.title} seen once in train", once, TRAIN, advice)
        unseen = [name for name in dev if name not in train]
        if unseen:
            advice = "a model can only give labels of train: split anew (leave out --dev) or correct their names"
            yield self._finding("only_in_dev", f"{self.title} only in dev", unseen, DEV, advice)

    def _finding(self, kind: str, what: str, names: list[str], split: str, advice: str) -> Finding:
        examples = [self._first[split, name] for name in names[:EXAMPLES]]
        return Finding(kind, what, len(names), len(self.counts[split]), advice, examples)
