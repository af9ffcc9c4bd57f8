"""Relations: predicates and slots, how the triples of a text overlap, and ends that are odd."""

from __future__ import annotations

from collections.abc import Iterator

from ie_cli.checking.findings import Figures, Finding, Section
from ie_cli.checking.labels import Labels
from ie_cli.records import Placed, Relation, span_key
from ie_cli.scoring._triples import PARTS, overlap_classes, triple
from ie_cli.scoring.relations import KEYS

NO_PLACE, NO_ENTITY = "with a span without a place", "with a span that is no entity"
SELF, REPEATED = "whose subject and object are one span", "repeated"
ROWS = ("relations", *PARTS, "with slots", NO_PLACE, NO_ENTITY, SELF, REPEATED)
ADVICE = {
    NO_PLACE: "`ie convert jsonl FILE` finds places of strings; without them a relation is not learned",
    NO_ENTITY: "complete the entities, if the same file is to train a model of entities as well",
    SELF: "look at them: a thing that is related to itself is mostly a slip",
    REPEATED: "harmless: they count once",
}


class Relations:
    """Counts relations by predicate, slot and class of overlap."""

    def __init__(self):
        self.predicates, self.slots = Labels("predicates"), Labels("slots")
        self._figures = Figures("relations", *ROWS, advice=ADVICE)

    def add(self, item: Placed, split: str) -> None:
        relations, counts = item.record.relations or [], self._figures.counts[split]
        different = overlap_classes(triple(relation, KEYS["strict"]) for relation in relations)
        counts.update(different.values())
        seen = set()
        entities = None if item.record.entities is None else {span_key(entity) for entity in item.record.entities}
        for relation in relations:
            counts["relations"] += 1
            counts["with slots"] += bool(relation.slots)
            self._name(relation, item, split)
            key = triple(relation, KEYS["strict"])
            for kind in [*_odd(relation, entities), *([REPEATED] if key in seen else [])]:
                self._figures.note(kind, split, item.place, f"{relation.predicate}: {_shown(relation)}")
            seen.add(key)

    def _name(self, relation: Relation, item: Placed, split: str) -> None:
        self.predicates.add(relation.predicate, split, item.place, _shown(relation))
        for name in relation.slots:
            self.slots.add(f"{relation.predicate}/{name}", split, item.place, _shown(relation))

    def sections(self) -> Iterator[Section]:
        yield from self._figures.sections()
        yield from self.predicates.sections()
        yield from self.slots.sections()

    def findings(self) -> Iterator[Finding]:
        yield from self._figures.findings()
        yield from self.predicates.findings()
        yield from self.slots.findings()


def _odd(relation: Relation, entities: set[tuple] | None) -> Iterator[str]:
    """What is odd about one relation; `entities` are the keys of the record's spans, if it has any."""
    spans = [relation.subject, relation.object, *relation.slots.values()]
    if any(span.start is None for span in spans):
        yield NO_PLACE
    if entities is not None and any(span_key(span) not in entities for span in spans):
        yield NO_ENTITY
    if span_key(relation.subject) == span_key(relation.object):
        yield SELF


def _shown(relation: Relation) -> str:
    return f"{relation.subject.text} → {relation.object.text}"
