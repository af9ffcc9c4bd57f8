"""Links: mentions with the entity of the knowledge base that they mean, a set per record.

end_to_end  Start, end and id are equal, as CCKS2019 has it. NIL is an id like any other.
known       The same without NIL: such mentions are left out on both sides, as their authors' figures
            for CCKS2019 have it.
typed_nil   As end_to_end, but of NIL the type has to be equal, too (CCKS2020).
mention     Start and end are equal; a predicted entity counts whether it has a link or not.
accuracy    Of the gold mentions: the id is equal where start and end are. R is the accuracy in which a
            mention that was not found or not linked is wrong, P the accuracy among the others; the two
            are one where the mentions were given.

A gold record whose entities have no link at all is not annotated; one without entities is. The rule of
None is end_to_end. `types` are those of the entities ("" where they have none), of the gold one where a
prediction is right. A mention without offsets is compared by its text.

`parts`, of all rules: "known" and "NIL" by the gold link, of wrong predictions by their own. Of accuracy
also, where predicted entities say what they were chosen from ({"candidates": [{"kb_id": …, "score": …}]},
NIL not counted): the mentions by the number of their candidates, "2+ candidates" for all that are
ambiguous; and "recall@k", known gold mentions (R; P: of those that have candidates) whose entity is
among the first k by score.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from dataclasses import replace

from ie_cli.records import Entity, Record, place_or_text
from ie_cli.scoring._candidates import CandidateTallies
from ie_cli.scoring._counts import GOLD, PRED, CountsBase, Sheet
from ie_cli.scoring._score import Score

RULES = {
    "end_to_end": "start, end and id are equal; NIL is an id (CCKS2019)",
    "known": "start, end and id are equal; without NIL on either side",
    "typed_nil": "start, end and id are equal, of NIL its type, too (CCKS2020)",
    "mention": "start and end are equal, whatever the link",
    "accuracy": "the id is equal, on gold mentions; one that is missing is wrong in R and left out of P",
}
SIGNATURES = {
    "end_to_end": "end_to_end(start,end,kb_id)",
    "known": "known(start,end,kb_id)",
    "typed_nil": "typed_nil(start,end,kb_id,nil_type)",
    "mention": "mention(start,end)",
    "accuracy": "accuracy(kb_id of start,end)",
}
KNOWN, NIL = "known", "NIL"
Items = dict[Hashable, Entity]  # by what a rule compares


def has_links(record: Record) -> bool:
    """Whether any entity of a record has a link."""
    return any(entity.link is not None for entity in record.entities or ())


class Counts(CountsBase):
    """Tallies of links."""

    kind, part, rules = "links", "links", RULES

    def __init__(self, rule: str | None = None):
        super().__init__(rule)
        self._rule = rule or "end_to_end"
        self._sheet, self._by_candidates = Sheet((KNOWN, NIL)), CandidateTallies()
        self._sheets = {self._rule: self._sheet}
        self._without_link, self._nil = [0, 0], [0, 0]
        self._elsewhere = self._unanswered = 0

    def score(self) -> Score:
        """The score of what was added so far."""
        values = "+value(text)" if any(self._sheet.values) else ""
        items = "mentions" if self._rule == "mention" else "links"
        remarks = {what: n for what, n in self._remarks().items() if n}
        made = self._score(self._sheet, SIGNATURES[self._rule] + values, items=items, remarks=remarks)
        return replace(made, parts=made.parts | self._by_candidates.parts())

    def _remarks(self) -> dict[str, int]:
        return {
            "gold entities without a link, left out": self._without_link[GOLD],
            "predicted entities without a link, left out": self._without_link[PRED],
            "gold NIL, left out": self._nil[GOLD],
            "predicted NIL, left out": self._nil[PRED],
            "predicted links that are not on gold mentions, left out": self._elsewhere,
            "gold mentions without a predicted link, wrong in R": self._unanswered,
        }

    def _annotated(self, gold: Record) -> list[Entity] | None:
        return gold.entities if has_links(gold) or not gold.entities else None

    def _predicted(self, pred: Record) -> list[Entity] | None:
        return pred.entities

    def _count(self, gold: Record, gold_items: list[Entity], pred_items: list[Entity]) -> None:
        self._digest(gold.text, sorted({_canonical(entity) for entity in gold_items if entity.link is not None}))
        wanted, answers = self._items(gold_items, GOLD), self._items(pred_items, PRED)
        if self._rule == "accuracy":
            answers = self._on_mentions(wanted, answers)
            self._by_candidates.add(wanted, answers, pred_items)
        for key, entity in answers.items():
            self._sheet.add_pred(*_classes(wanted.get(key, entity)), key in wanted)
        for key, entity in wanted.items():
            self._sheet.add_gold(*_classes(entity), key in answers)

    def _items(self, entities: list[Entity], side: int) -> Items:
        """The entities that the rule counts; of equal ones the first."""
        any_mention = side == PRED and self._rule == "mention"
        some = [entity for entity in entities if entity.link is not None or any_mention]
        self._without_link[side] += len(entities) - len(some)
        counted = [entity for entity in some if self._rule != "known" or entity.link.kb_id is not None]
        self._nil[side] += len(some) - len(counted)
        items: Items = {}
        for entity in counted:
            items.setdefault(KEYS[self._rule](entity), entity)
        self._sheet.repeats[side] += len(counted) - len(items)
        self._sheet.values[side] += sum(entity.start is None for entity in items.values())
        return items

    def _on_mentions(self, wanted: Items, answers: Items) -> Items:
        """The answers to the mentions that the gold has."""
        mentions = set(map(place_or_text, wanted.values()))
        kept = {key: entity for key, entity in answers.items() if place_or_text(entity) in mentions}
        answered = set(map(place_or_text, kept.values()))
        self._elsewhere += len(answers) - len(kept)
        self._unanswered += sum(place_or_text(entity) not in answered for entity in wanted.values())
        return kept


def _kb_id(entity: Entity) -> Hashable:
    return place_or_text(entity), entity.link.kb_id


# What makes two mentions equal.
KEYS: dict[str, Callable[[Entity], Hashable]] = {
    "end_to_end": _kb_id,
    "known": _kb_id,
    "typed_nil": lambda entity: (_kb_id(entity), entity.link.nil_type if entity.link.kb_id is None else None),
    "mention": place_or_text,
    "accuracy": _kb_id,
}


def _classes(entity: Entity) -> tuple[str, str | None]:
    """The type and the part in which an entity counts."""
    part = None if entity.link is None else NIL if entity.link.kb_id is None else KNOWN
    return entity.type or "", part


def _canonical(entity: Entity) -> str:
    """A link for the digest: all that any rule compares, so that the digest is the same under all."""
    return json.dumps([place_or_text(entity), entity.link.kb_id, entity.link.nil_type])
