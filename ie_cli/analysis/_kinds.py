"""How a wrong item can be close to a right one, by kind; `error_analysis` says what the classes mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ie_cli.analysis import items
from ie_cli.analysis.items import Item
from ie_cli.records import Record
from ie_cli.scoring.relations import SIGNATURES

Likeness = Callable[[Item, Item], float]  # of a gold and a predicted item: 0 is not of this class, more is closer


class Kind(NamedTuple):
    """What an item of a kind is, and the classes of error that are a pair, in the order they are looked for.

    Args:
        rule: what a right item has equal, for the signature.
        names: what items and their types are called.
    """

    rule: str
    names: tuple[str, str]
    items: Callable[[Record], list[Item]]
    near: dict[str, Likeness]


def item_kinds(scorer: str, rule: str | None) -> list[Kind]:
    """The kinds of item for a scorer; several where the gold decides about the rule.

    For events and links the items are the same under every rule.
    """
    if scorer != "relations":
        return [{"ner": _ENTITIES, "events": _ARGUMENTS, "links": _LINKS}[scorer]]
    rules = [rule] if rule else ["strict", "text"]
    return [Kind(SIGNATURES[name], ("relations", "predicates"), items.relations(name), _TRIPLES) for name in rules]


def jaccard(gold: Item, pred: Item) -> float:
    """Characters in common over those of either (Jaccard); strings without a place never overlap."""
    if gold.place[0] is None or pred.place[0] is None:
        return 0.0
    common = min(gold.place[1], pred.place[1]) - max(gold.place[0], pred.place[0])
    return max(common, 0) / (max(gold.place[1], pred.place[1]) - min(gold.place[0], pred.place[0]))


def _same_place(gold: Item, pred: Item) -> float:
    return gold.place == pred.place


def _jaccard_of_type(gold: Item, pred: Item) -> float:
    return jaccard(gold, pred) if gold.type == pred.type else 0.0


def _same(*names: str) -> Likeness:
    """Whether parts of two triples are the same."""
    return lambda gold, pred: all(getattr(gold.key, name) == getattr(pred.key, name) for name in names)


def _same_event(gold: Item, pred: Item) -> float:
    return gold.place == pred.place and gold.key[0] == pred.key[0]


def _same_id(gold: Item, pred: Item) -> float:
    return jaccard(gold, pred) if gold.key[1] == pred.key[1] else 0.0


_ENTITIES = Kind(
    "exact(start,end,type)",
    ("entities", "types"),
    items.entities,
    {"wrong type": _same_place, "wrong boundary": _jaccard_of_type, "wrong both": jaccard},
)
_ARGUMENTS = Kind(
    "argument(type,role,start,end)",
    ("arguments", "roles"),
    items.arguments,
    {"wrong role": _same_event, "wrong event type": _same_place, "wrong boundary": _jaccard_of_type},
)
_LINKS = Kind(
    "end_to_end(start,end,kb_id)",
    ("links", "kinds of link"),
    items.links,
    {"wrong id": _same_place, "wrong boundary": _same_id},
)
_TRIPLES = {
    "wrong slots": _same("predicate", "subject", "object"),
    "wrong predicate": _same("subject", "object"),
    "wrong object": _same("predicate", "subject"),
    "wrong subject": _same("predicate", "object"),
}
