import random
from itertools import combinations

import pytest

from ie_cli.graph import MAX_CLIQUES, MAX_NODES, Cliques, cliques


def among(edges):
    """The question whether two nodes are linked, for undirected edges."""
    edges = list(edges)
    known = {*edges, *((b, a) for a, b in edges)}
    return lambda a, b: (a, b) in known


def brute_force(nodes, linked) -> set[frozenset]:
    """Of all subsets in which everything is linked, those that are inside no other."""
    subsets = (frozenset(subset) for size in range(1, len(nodes) + 1) for subset in combinations(nodes, size))
    whole = [subset for subset in subsets if all(linked(a, b) for a, b in combinations(sorted(subset), 2))]
    return {subset for subset in whole if not any(subset < other for other in whole)}


@pytest.mark.parametrize(
    ("nodes", "edges", "expected"),
    [
        ("", [], []),
        ("a", [], ["a"]),
        ("ab", [], ["a", "b"]),  # no links: cliques of one
        ("abc", ["ab"], ["ab", "c"]),
        ("abc", ["ab", "bc"], ["ab", "bc"]),  # b is in both events
        ("abc", ["ab", "bc", "ac"], ["abc"]),
        ("cba", ["ab", "bc", "ac"], ["cba"]),  # the order of the nodes, not of their names
        ("abcd", ["ab", "ac", "bc", "bd", "cd"], ["abc", "bcd"]),
    ],
)
def test_cliques_by_hand(nodes, edges, expected):
    found = cliques(list(nodes), among(tuple(edge) for edge in edges))
    assert found == Cliques([tuple(clique) for clique in expected], 0)


def test_random_graphs_agree_with_brute_force():
    rng = random.Random(0)
    for _ in range(400):
        nodes = rng.sample(range(100), rng.randrange(9))
        density = rng.random()
        linked = among(pair for pair in combinations(nodes, 2) if rng.random() < density)
        found = cliques(nodes, linked)
        assert found.dropped == 0
        assert {frozenset(clique) for clique in found.found} == brute_force(nodes, linked)
        assert len(found.found) == len(set(found.found))


def test_the_order_follows_from_the_nodes_alone():
    rng = random.Random(1)
    names = [f"{i:x}" for i in range(20)]  # strings: another hash in every run
    edges = [pair for pair in combinations(range(20), 2) if rng.random() < 0.6]
    found = cliques(names, among((names[a], names[b]) for a, b in edges)).found
    places = [[names.index(name) for name in clique] for clique in found]
    assert places == sorted(map(sorted, places))


def test_one_span_in_two_roles_is_two_nodes():
    nodes = [("trigger", 4, 6), ("subject", 0, 2), ("owner", 0, 2)]
    assert cliques(nodes, lambda a, b: True).found == [tuple(nodes)]
    apart = among([(nodes[0], nodes[1]), (nodes[0], nodes[2])])  # no cell on the diagonal: two events
    assert cliques(nodes, apart).found == [(nodes[0], nodes[1]), (nodes[0], nodes[2])]


@pytest.mark.parametrize("count", [60, 3000])
@pytest.mark.parametrize(
    "linked",
    [
        lambda a, b: a // 3 != b // 3,  # of 60 nodes: 3 ** 20 cliques, as many as there can be
        lambda a, b: a // 2 != b // 2,
        lambda a, b: abs(a - b) > 1,
        lambda a, b: a * b % 11 > 1,
        lambda a, b: True,
    ],
)
def test_dense_graphs_end_within_the_bound(linked, count):
    found = cliques(range(count), linked)
    assert 0 < len(found.found) <= MAX_CLIQUES
    kept = count - found.dropped
    assert set().union(*found.found) == set(range(kept))
    # As many as possible: with one node more, and no bound on the nodes, there are too many cliques.
    more = cliques(range(kept + 1), linked, max_nodes=kept + 1)
    assert kept == min(count, MAX_NODES) or more.dropped == 1


def test_what_is_kept_is_exact():
    linked = among([(0, 1), (0, 2), (1, 3), (2, 3)])
    assert cliques(range(5), linked, max_nodes=4) == Cliques([(0, 1), (0, 2), (1, 3), (2, 3)], 1)
    assert cliques(range(5), linked, max_cliques=4) == Cliques([(0, 1), (0, 2), (1, 3), (2, 3)], 1)
    assert cliques(range(5), linked, max_cliques=3) == Cliques([(0, 1), (0, 2)], 2)
    assert cliques(range(5), linked, max_cliques=1) == Cliques([(0, 1)], 3)


def test_only_pairs_of_the_first_nodes_are_asked_for_and_once():
    asked = []
    cliques(range(1000), lambda a, b: asked.append((a, b)), max_nodes=5)
    assert asked == list(combinations(range(5), 2))
