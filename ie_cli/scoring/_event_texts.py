"""Rules for events that compare the strings of arguments, as the contests do: places do not count."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import networkx as nx

from ie_cli.locate import given
from ie_cli.records import Argument, Event
from ie_cli.scoring._counts import Sheet
from ie_cli.scoring._event_rows import Row, label

Role = tuple[str, str]  # event type and role


# --- DuEE of LIC2021 -----------------------------------------------------------------------------


def duee(gold_events: list[Event], pred_events: list[Event], _: Sheet) -> Iterable[Row]:
    """The arguments of one type and role are assigned to each other so that they are most alike in all."""
    gold, pred = _by_role(gold_events), _by_role(pred_events)
    for kind, role in sorted(gold.keys() | pred.keys()):
        golds, preds = gold[kind, role], pred[kind, role]
        credits = best_assignment([[likeness(one, other) for one in golds] for other in preds])
        yield Row(label(kind, role), kind, len(golds), credits)


def likeness(gold: Argument, pred: Argument) -> float:
    """F1 of the characters of a prediction, in lower case, with the gold string or the alias most like it."""
    aliases = gold.extra.get("alias")
    others = aliases if isinstance(aliases, list) else []
    ways = [given(gold), *(other for other in others if isinstance(other, str))]
    return max(char_f1(way.lower(), given(pred).lower()) for way in ways)


def char_f1(one: str, other: str) -> float:
    """Twice the characters that two strings share, each as often as it occurs in both, over all of theirs."""
    shared = (Counter(one) & Counter(other)).total()
    return 2 * shared / (len(one) + len(other)) if shared else 0.0


def best_assignment(weights: list[list[float]]) -> list[float]:
    """What the rows get, in ascending order, when each takes another column or none and the sum is the greatest.

    With n columns it is enough to look at the n best rows of each: one of them is always free.
    """
    columns = list(zip(*weights, strict=True))
    graph = nx.Graph()
    for column, of_rows in enumerate(columns, len(weights)):
        best = sorted(range(len(weights)), key=of_rows.__getitem__, reverse=True)[: len(columns)]
        graph.add_weighted_edges_from((row, column, of_rows[row]) for row in best if of_rows[row] > 0)
    taken = [graph.edges[edge]["weight"] for edge in nx.max_weight_matching(graph)]
    return sorted([0.0] * (len(weights) - len(taken)) + taken)


def _by_role(events: list[Event]) -> dict[Role, list[Argument]]:
    out: dict[Role, list[Argument]] = defaultdict(list)
    for event in events:
        for argument in event.arguments:
            out[event.type, argument.role].append(argument)
    return out


# --- LIC2020, as its baseline measures -----------------------------------------------------------


def lic2020(gold_events: list[Event], pred_events: list[Event], _: Sheet) -> Iterable[Row]:
    """One string for a type and role, worth the characters it has in sequence with the gold string."""
    gold, pred = _one_string_each(gold_events), _one_string_each(pred_events)
    for kind, role in sorted(gold.keys() | pred.keys()):
        one, other = gold.get((kind, role)), pred.get((kind, role))
        credits = [] if other is None else [0.0 if one is None else sequence_f1(one, other)]
        yield Row(label(kind, role), kind, int(one is not None), credits)


def _one_string_each(events: list[Event]) -> dict[Role, str]:
    """Each string keeps its last role, and each role the last string that is left to it."""
    roles = {given(argument): (event.type, argument.role) for event in events for argument in event.arguments}
    return {role: text for text, role in roles.items()}


def sequence_f1(one: str, other: str) -> float:
    """Twice the length of the longest common subsequence of two strings over the length of both."""
    return 2 * _common(one, other) / (len(one) + len(other)) if one and other else 0.0


def _common(one: str, other: str) -> int:
    """Length of the longest common subsequence, a row of the table at a time."""
    row = [0] * (len(other) + 1)
    for a in one:
        above = row
        row = [0]
        for i, b in enumerate(other):
            row.append(above[i] + 1 if a == b else max(above[i + 1], row[i]))
    return row[-1]


# --- DuEE-fin of LIC2021 -------------------------------------------------------------------------

Arguments = Counter[tuple[str, str]]  # (role, string) and how often an event has it


def duee_fin(gold_events: list[Event], pred_events: list[Event], _: Sheet) -> Iterable[Row]:
    """Each gold event takes the prediction most like it, of those of its type that are left."""
    gold, pred = _by_type(gold_events), _by_type(pred_events)
    for kind in sorted(gold.keys() | pred.keys()):
        right = Counter(role for one, other in _matched(gold[kind], pred[kind]) for role, _ in (one & other).elements())
        golds, preds = (
            Counter(role for event in side for role, _ in event.elements()) for side in (gold[kind], pred[kind])
        )
        for role in sorted(golds.keys() | preds.keys()):
            credits = [1] * right[role] + [0] * (preds[role] - right[role])
            yield Row(label(kind, role), kind, golds[role], credits)


def _by_type(events: list[Event]) -> dict[str, list[Arguments]]:
    out: dict[str, list[Arguments]] = defaultdict(list)
    for event in events:
        out[event.type].append(Counter((argument.role, given(argument)) for argument in event.arguments))
    return out


def _matched(gold: list[Arguments], pred: list[Arguments]) -> Iterable[tuple[Arguments, Arguments]]:
    """The gold events, as they stand, with the predictions they take: the most arguments right, then the fewest wrong.

    A gold event takes nothing that has no argument right. Of several that are as good the first in sorted
    order is taken, so that the order of the predictions does not matter.
    """
    left = sorted(pred, key=lambda event: sorted(event.elements()))
    for one in gold:
        best = max(left, key=lambda other: ((one & other).total(), -other.total()), default=Counter())
        if one & best:
            left.remove(best)
            yield one, best
