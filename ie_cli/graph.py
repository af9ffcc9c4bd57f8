"""Which nodes belong together: the maximal cliques of a small graph, each of them one event.

A node is whatever the caller tells apart: GPLinker's are (label, start, end), so one span in two
roles of one event is two nodes, linked or not like any other two (their link is a cell on the
diagonal). The published code keys its graph by the span alone and repeats such arguments.

The cliques are those of networkx's `find_cliques`: Bron & Kerbosch (1973) with the pivots of Tomita, Tanaka &
Takahashi (2006, doi.org/10.1016/j.tcs.2006.06.015).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, islice
from typing import NamedTuple, TypeVar

import networkx as nx

MAX_NODES = 64  # the largest graph of one event type in FewFC, DuEE and DuEE-fin has 32 nodes
MAX_CLIQUES = 128  # and the most events are 18

Node = TypeVar("Node")


class Cliques(NamedTuple):
    """The maximal cliques among the nodes that were kept, and how many nodes the bound dropped."""

    found: list[tuple[Node, ...]]
    dropped: int


def cliques(
    nodes: Sequence[Node],
    linked: Callable[[Node, Node], bool],
    *,
    max_nodes: int = MAX_NODES,
    max_cliques: int = MAX_CLIQUES,
) -> Cliques:
    """All maximal cliques, exactly; a node without links is a clique of one.

    A model that has learnt nothing may link almost anything, and 60 nodes can have 3 ** 20 maximal
    cliques. So only the first nodes count: at most `max_nodes`, and no more than can be taken
    before there are more than `max_cliques` cliques. With the default bounds no graph takes more
    than a fraction of a second, and the graphs of the real data are far below them.

    Args:
        nodes: different nodes, the best first; the bound drops them from the end.
        linked: whether two nodes are in one event; asked once for each pair of the first nodes,
            the earlier node first.

    Returns:
        Each clique in the order of `nodes`, and the cliques in the order of their first nodes, so
        that the result depends on nothing but the arguments.
    """
    graph = _graph(nodes[:max_nodes], linked)
    kept = _fitting(graph, max_cliques)
    places = sorted(sorted(clique) for clique in _maximal(graph, kept))
    return Cliques([tuple(nodes[i] for i in clique) for clique in places], len(nodes) - kept)


def _graph(nodes: Sequence[Node], linked: Callable[[Node, Node], bool]) -> nx.Graph:
    """The graph over the places of the nodes: integers sort, and hash alike in every run."""
    graph = nx.Graph()
    graph.add_nodes_from(range(len(nodes)))
    graph.add_edges_from((i, j) for i, j in combinations(range(len(nodes)), 2) if linked(nodes[i], nodes[j]))
    return graph


def _maximal(graph: nx.Graph, count: int) -> Iterator[list[int]]:
    """The maximal cliques of the first `count` nodes, in no particular order."""
    return nx.find_cliques(graph.subgraph(range(count)).copy())


def _fitting(graph: nx.Graph, limit: int) -> int:
    """How many of the first nodes have at most `limit` maximal cliques; one node at least fits.

    More nodes never have fewer maximal cliques (each of the smaller graph is inside a different
    one of the larger), so the boundary can be found by halving.
    """
    fits, beyond = 0, len(graph) + 1
    count = len(graph)  # nearly always the answer
    while beyond - fits > 1:
        if sum(1 for _ in islice(_maximal(graph, count), limit + 1)) <= limit:
            fits = count
        else:
            beyond = count
        count = (fits + beyond) // 2
    return fits
