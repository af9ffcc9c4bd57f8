"""Events from links that are not all found: what keeps two spans apart, and what makes a second event."""

import random
from itertools import combinations

import pytest

from ie_cli.graph import cliques
from ie_cli.tasks._event_cliques import Limits, can_share_event, choose_events
from ie_cli.tasks._event_documents import Graph, group_events
from ie_cli.tasks._events import Node, Role

TEXT = "abcdefgh"
LIMITS = Limits(threshold=0.5, min_link=0.1, same_trigger_threshold=0.9)
TRIGGER, WHO, WHERE, WHEN, OTHER = range(5)
ROLES = [Role("type", role, None, 1) for role in (None, "who", "where", "when")] + [Role("bare", "who", None, 1)]


def node(label, start, length=1):
    return Node(label, start, start + length, 0.95)


def events(*nodes, usual=0.95, **links):
    """The strings of each event; nodes stand at a, b, c .. of the text, and `links` are like ab=0.2."""
    graph = Graph(list(nodes), dict.fromkeys(combinations(range(len(nodes)), 2), usual))
    graph.links.update({(TEXT.index(key[0]), TEXT.index(key[1])): p for key, p in links.items()})
    found, _ = group_events(graph, ROLES, TEXT, LIMITS)
    return sorted("".join(sorted(TEXT[n.start : n.end] for n in group.nodes)) for group in found)


@pytest.mark.parametrize(
    ("one", "other", "least"),
    [
        (node(WHO, 0), node(WHERE, 1), 0.1),
        (node(TRIGGER, 0), node(WHERE, 1), 0.1),
        (node(WHO, 0), node(WHO, 1), 0.5),
        (node(TRIGGER, 0), node(TRIGGER, 1), 0.5),
        (node(WHO, 0, 3), node(WHERE, 2), 0.5),
        (node(WHO, 0), node(WHERE, 0), 0.5),
    ],
)
def test_spans_of_one_role_or_place_need_a_likelier_link(one, other, least):
    assert can_share_event(one, other, least + 0.01, LIMITS) and can_share_event(other, one, least + 0.01, LIMITS)
    assert not can_share_event(one, other, least, LIMITS)


def test_no_link_needs_more_than_the_threshold():
    assert can_share_event(node(WHO, 0), node(WHERE, 1), 0.06, LIMITS._replace(threshold=0.05))


def test_one_weak_link_does_not_break_an_event():
    assert events(node(TRIGGER, 0), node(WHO, 1), node(WHERE, 2), node(WHEN, 3), bc=0.2) == ["abcd"]


def test_two_of_a_role_that_are_not_linked_are_two_events_if_all_other_links_are_sure():
    spans = node(TRIGGER, 0), node(WHO, 1), node(WHO, 2), node(WHERE, 3)
    assert events(*spans, bc=0.0) == ["abd", "acd"]


def test_else_the_less_likely_one_stands_alone():
    """With another event of a and d these would count twice, and most often c is none of its arguments."""
    spans = node(TRIGGER, 0), node(WHO, 1), node(WHO, 2), node(WHERE, 3)
    assert events(*spans, bc=0.0, ac=0.85) == ["abd", "c"]


def test_every_trigger_has_an_event_and_may_share_its_arguments():
    spans = node(TRIGGER, 0), node(TRIGGER, 1), node(WHO, 2), node(WHERE, 3)
    assert events(*spans, ab=0.0, bc=0.6, bd=0.05) == ["acd", "bc"]


def test_of_a_type_without_triggers_all_cliques_are_events():
    spans = [node(OTHER, i) for i in range(3)]
    assert events(*spans, bc=0.0, ac=0.6) == ["ab", "ac"]


def test_the_score_is_that_of_the_span_that_fits_least():
    graph = Graph([node(TRIGGER, 0), node(WHO, 1), node(WHERE, 2)], {(0, 1): 0.9, (0, 2): 0.8, (1, 2): 0.2})
    ((group,), _) = group_events(graph, ROLES, TEXT, LIMITS)
    assert group.score == 0.8


@pytest.mark.parametrize("seed", range(20))
def test_sure_links_give_the_maximal_cliques_and_any_links_lose_no_span(seed):
    draw = random.Random(seed)
    places = range(7)
    sure, any_ = (
        {pair: draw.choice(values) for pair in combinations(places, 2)} for values in ((0.0, 1.0), (0.2, 0.6, 0.95))
    )
    for links in (sure, any_):
        found = list(map(set, cliques(places, lambda i, j, links=links: links[i, j] > 0.5).found))
        kept = list(choose_events(found, links, {0, 3}, LIMITS.same_trigger_threshold))
        assert set().union(*kept) == set(places)
        assert {0, 3} <= set().union(*(one for one in kept if one in found))
        if links is sure:
            assert sorted(map(sorted, kept)) == sorted(map(sorted, found))
