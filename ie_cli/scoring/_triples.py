"""Relations as the rules compare them, and how the triples of a record overlap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple

from ie_cli.records import Relation, Span
from ie_cli.scoring._aliases import Aliases

PARTS = ("normal", "seo", "epo")


class Triple(NamedTuple):
    """A relation with what a rule makes of its spans; slots in the order of their names."""

    predicate: str
    subject: Hashable
    object: Hashable
    slots: tuple[tuple[str, Hashable], ...]


def triple(relation: Relation, key: Callable[[Span], Hashable]) -> Triple:
    """The triple of a relation; spans with the same key count as equal."""
    slots = tuple((name, key(relation.slots[name])) for name in sorted(relation.slots))
    return Triple(relation.predicate, key(relation.subject), key(relation.object), slots)


def overlap_classes(triples: Iterable[Triple]) -> dict[Triple, str]:
    """The different triples of a record in their order, each with its class, one of `PARTS`.

    The classes of Zeng et al. (2018), for each triple and not for the sentence: "epo" if another
    triple joins the same two spans, in either order; else "seo" if one of its spans is in another
    triple; else "normal". Slots are not looked at.
    """
    different = list(dict.fromkeys(triples))
    pairs = [frozenset((item.subject, item.object)) for item in different]
    joined, used = Counter(pairs), Counter(end for pair in pairs for end in pair)
    return {
        item: "epo" if joined[pair] > 1 else "seo" if any(used[end] > 1 for end in pair) else "normal"
        for item, pair in zip(different, pairs, strict=True)
    }


def match(item: Triple, others: Iterable[Triple], aliases: Aliases | None) -> Triple | None:
    """The one of the others that a triple equals, if need be through aliases of its own spans."""
    if item in others:
        return item
    return None if aliases is None else next((other for other in others if _same(item, other, aliases)), None)


def is_reached(item: Triple, others: Iterable[Triple], aliases: Aliases | None) -> bool:
    """Whether one of the others equals a triple, if need be through aliases of the other's spans."""
    return item in others or (aliases is not None and any(_same(other, item, aliases) for other in others))


def _same(item: Triple, other: Triple, aliases: Aliases) -> bool:
    return (
        item.predicate == other.predicate
        and aliases.same(item.subject, other.subject)
        and aliases.same(item.object, other.object)
        and [name for name, _ in item.slots] == [name for name, _ in other.slots]
        and all(aliases.same(a, b) for (_, a), (_, b) in zip(item.slots, other.slots, strict=True))
    )


def without_synonyms(triples: Iterable[Triple], aliases: Aliases) -> list[Triple]:
    """The triples that do not equal an earlier one through aliases."""
    kept: dict[Triple, None] = {}
    for item in triples:
        if match(item, kept, aliases) is None:
            kept[item] = None
    return list(kept)
