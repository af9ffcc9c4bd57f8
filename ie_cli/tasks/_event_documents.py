"""Events from the graphs of windows: one graph a text and type, its cliques, and pieces put together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from ie_cli.graph import cliques
from ie_cli.tasks._event_cliques import Limits, can_share_event, choose_events
from ie_cli.tasks._events import Node, Role


class Graph(NamedTuple):
    """The spans found in a window or text, and for each two of one type that stood in one window, their link.

    Attributes:
        links: (i, j), i < j -> probability that the two are in one event; pairs that no window holds
            are not there.
    """

    nodes: list[Node]
    links: dict[tuple[int, int], float]


def merge_graphs(graphs: Iterable[Graph]) -> Graph:
    """The graphs of a text's windows as one; of what several windows have the likeliest counts."""
    best: dict[tuple[int, int, int], Node] = {}
    links: dict[tuple, float] = {}
    for graph in graphs:
        for node in graph.nodes:
            best[node[:3]] = max(node, best.get(node[:3], node), key=lambda n: n.score)
        for (i, j), score in graph.links.items():
            key = tuple(sorted((graph.nodes[i][:3], graph.nodes[j][:3])))
            links[key] = max(score, links.get(key, 0.0))
    nodes = sorted(best.values(), key=lambda n: (-n.score, n[:3]))
    place = {node[:3]: i for i, node in enumerate(nodes)}
    return Graph(nodes, {tuple(sorted(place[key] for key in pair)): score for pair, score in links.items()})


class Group(NamedTuple):
    """Spans that make an event, and the least probability of the spans and of the likeliest link of each."""

    nodes: list[Node]
    score: float


def group_events(graph: Graph, roles: Sequence[Role], text: str, limits: Limits) -> tuple[list[Group], int]:
    """The events of a text, and how many spans the bound on a graph's size dropped (see `ie_cli.graph`).

    What a window can see whole is a maximal clique among the spans of one type; `join_pieces` puts together
    what no window sees whole, and `choose_events` leaves out what is an event again but for a span that may not
    belong to it. Of a type that never had a trigger in training all cliques are events.
    """
    by_type: dict[str, list[int]] = defaultdict(list)
    for i, node in enumerate(graph.nodes):
        by_type[roles[node.label].event].append(i)
    found: list[Group] = []
    dropped = 0
    for type_, places in by_type.items():
        result = cliques(
            places, lambda i, j: can_share_event(graph.nodes[i], graph.nodes[j], graph.links.get((i, j), 0.0), limits)
        )
        dropped += result.dropped
        events: Iterable[set[int]] = join_pieces(list(map(set, result.found)), graph, text)
        if any(role.event == type_ and role.role is None for role in roles):
            triggers = [i for i in places if roles[graph.nodes[i].label].role is None]
            events = choose_events(events, graph.links, triggers, limits.same_trigger_threshold)
        found += [_group(graph, one, text) for one in events]
    return found, dropped


def _group(graph: Graph, places: set[int], text: str) -> Group:
    """The event of some spans. A string that stands in one role in several windows is kept where it is likeliest."""
    kept: list[int] = []
    for i in sorted(places):  # the likeliest come first
        if not any(_repeats(graph, j, i, text) for j in kept):
            kept.append(i)
    nodes = [graph.nodes[i] for i in kept]
    likeliest: dict[int, float] = {}
    for pair in combinations(kept, 2):
        for i in pair:
            likeliest[i] = max(likeliest.get(i, 0.0), graph.links.get(pair, 0.0))
    return Group(nodes, min([node.score for node in nodes] + [link for link in likeliest.values() if link]))


def _repeats(graph: Graph, i: int, j: int, text: str) -> bool:
    """Whether two spans, which no window has seen together, are the same string in the same role."""
    one, other = graph.nodes[i], graph.nodes[j]
    same = one.label == other.label and text[one.start : one.end] == text[other.start : other.end]
    return same and (i, j) not in graph.links


def join_pieces(found: list[set[int]], graph: Graph, text: str) -> list[set[int]]:
    """Events of one type, of which pieces in different windows that agree are one; see `_agree`."""
    found = sorted(found, key=lambda one: (-len(one), sorted(one)))
    whole: list[set[int]] = []
    for piece in found:
        home = next((one for one in whole if _agree(one, piece, graph, text)), None)
        if home is None:
            whole.append(set(piece))
        else:
            home |= piece
    return whole


def _agree(one: set[int], other: set[int], graph: Graph, text: str) -> bool:
    """Whether two pieces can be one event.

    They share a span or the string of an argument, in no role do both have strings of which the other
    lacks some, and no window has seen spans of both without linking them.
    """
    apart = ((min(i, j), max(i, j)) for i in one - other for j in other - one)
    if any(pair in graph.links for pair in apart):
        return False
    mine, theirs = _strings(one, graph, text), _strings(other, graph, text)
    shared = mine.keys() & theirs.keys()
    return any(mine[label] & theirs[label] for label in shared) and all(
        mine[label] <= theirs[label] or theirs[label] <= mine[label] for label in shared
    )


def _strings(places: Iterable[int], graph: Graph, text: str) -> dict[int, set[str]]:
    """The strings of each role."""
    found: dict[int, set[str]] = defaultdict(set)
    for node in (graph.nodes[i] for i in places):
        found[node.label].add(text[node.start : node.end])
    return found
