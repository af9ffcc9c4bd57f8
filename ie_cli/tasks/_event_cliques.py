"""Which spans of one type are one event, where a model misses some of the links and is not sure of others.

By the published rule (kexue.fm/archives/8926) two spans are linked if that is more likely than not, and every
maximal clique is an event. With links that are all right nothing else is needed. But an event of n spans has
n (n - 1) / 2 links, and each one that is missed breaks it into two cliques with most spans in common. So:

- `can_share_event` keeps two spans apart only for a reason: the link is unlikely, or less likely than not between
  spans that seldom are in one event, of one role or overlapping each other.
- `choose_events` makes no second event of the same trigger and spans, unless it is sure of every link.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

from ie_cli.overlaps import overlap
from ie_cli.tasks._events import Node

Pair = tuple[int, int]


class Limits(NamedTuple):
    """Probabilities of links; see the settings of `event_gplinker`."""

    threshold: float
    min_link: float
    same_trigger_threshold: float


def can_share_event(one: Node, other: Node, probability: float, limits: Limits) -> bool:
    """Whether two spans of a type can be in one event."""
    rivals = one.label == other.label or overlap((one.start, one.end), (other.start, other.end))
    return probability > (limits.threshold if rivals else min(limits.min_link, limits.threshold))


def choose_events(
    found: Collection[set[int]], links: Mapping[Pair, float], triggers: Collection[int], sure: float
) -> Iterator[set[int]]:
    """The events among maximal cliques; every span is in one of them at least.

    The cliques with the most links, weighed by their probability, come first. One is an event if it has a
    trigger that no earlier event has, or if all its links are sure. Spans that are in no event then
    are events without a trigger: what remains of their cliques.

    Args:
        found: sets of places.
        links: (i, j), i < j -> probability; pairs that are not there do not count.
        triggers: places of triggers.
        sure: a link is sure if its probability is higher.
    """
    ordered = sorted(found, key=lambda one: (-sum(_links(one, links)), sorted(one)))
    seen: set[int] = set()
    for clique in ordered:
        if (clique - seen).intersection(triggers) or all(link > sure for link in _links(clique, links)):
            seen |= clique
            yield clique
    for clique in ordered:
        if rest := clique - seen:
            seen |= rest
            yield rest


def _links(places: Collection[int], links: Mapping[Pair, float]) -> list[float]:
    return [links[pair] for pair in combinations(sorted(places), 2) if pair in links]
