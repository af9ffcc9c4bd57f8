"""Rules for events that compare sets: the different items of a record, each right or wrong as a whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple

from ie_cli.locate import given
from ie_cli.records import Event, Span
from ie_cli.scoring._counts import GOLD, PRED, Sheet
from ie_cli.scoring._event_rows import Row, label

WHOLE = "whole records"  # the part that holds the accuracy of `subject`


class Item(NamedTuple):
    """What is compared. A span without offsets is its string, and equals no span that has a place."""

    label: str
    type: str
    key: Hashable
    placed: bool


def events(gold_events: list[Event], pred_events: list[Event], sheet: Sheet) -> Iterable[Row]:
    """Whole events: the type, the trigger if there is one, and the set of arguments."""
    return _compare(_whole, gold_events, pred_events, sheet)


def triggered(gold_events: list[Event], pred_events: list[Event], sheet: Sheet) -> Iterable[Row]:
    """Whole events, without those that have no trigger."""
    gold_events, pred_events = ([event for event in side if event.trigger] for side in (gold_events, pred_events))
    return events(gold_events, pred_events, sheet)


def arguments(gold_events: list[Event], pred_events: list[Event], sheet: Sheet) -> Iterable[Row]:
    """Arguments of all events: type, role and place."""
    return _compare(_arguments, gold_events, pred_events, sheet)


def triggers(gold_events: list[Event], pred_events: list[Event], sheet: Sheet) -> Iterable[Row]:
    """Triggers: type and place."""
    return _compare(_trigger, gold_events, pred_events, sheet)


def subjects(gold_events: list[Event], pred_events: list[Event], sheet: Sheet) -> Iterable[Row]:
    """Pairs of event type and argument string, and in the part `WHOLE` the records where all of them are right."""
    gold, pred = ({item for event in side for item in _subjects(event)} for side in (gold_events, pred_events))
    sheet.parts[WHOLE].add_gold()
    sheet.parts[WHOLE].add_pred(gold == pred)
    return _compare(_subjects, gold_events, pred_events, sheet)


# --- Items ---------------------------------------------------------------------------------------


def _whole(event: Event) -> Iterable[Item]:
    spans = [(argument.role, argument) for argument in event.arguments]
    if event.trigger:
        spans.append((None, event.trigger))  # no role of this name can exist
    key = frozenset((role, _place(span)) for role, span in spans)
    yield Item(event.type, event.type, key, all(_placed(span) for _, span in spans))


def _arguments(event: Event) -> Iterable[Item]:
    for argument in event.arguments:
        yield Item(label(event.type, argument.role), event.type, (argument.role, _place(argument)), _placed(argument))


def _trigger(event: Event) -> Iterable[Item]:
    if event.trigger:
        yield Item(event.type, event.type, _place(event.trigger), _placed(event.trigger))


def _subjects(event: Event) -> Iterable[Item]:
    for argument in event.arguments:
        yield Item(event.type, event.type, given(argument), True)


def _place(span: Span) -> Hashable:
    return (span.start, span.end) if _placed(span) else given(span)


def _placed(span: Span) -> bool:
    return span.start is not None


# --- Comparing -----------------------------------------------------------------------------------


def _compare(
    items: Callable[[Event], Iterable[Item]], gold_events: list[Event], pred_events: list[Event], sheet: Sheet
) -> Iterable[Row]:
    gold, pred = (_distinct(items, events, side, sheet) for side, events in ((GOLD, gold_events), (PRED, pred_events)))
    for name in gold.keys() | pred.keys():
        here, there = gold[name], pred[name]
        kind = next(iter(here or there)).type
        yield Row(name, kind, len(here), [item in here for item in there])


def _distinct(
    items: Callable[[Event], Iterable[Item]], events: list[Event], side: int, sheet: Sheet
) -> dict[str, set[Item]]:
    """The different items by their labels; those that repeat one or have no place are counted in the sheet."""
    out: dict[str, set[Item]] = defaultdict(set)
    for item in (item for event in events for item in items(event)):
        sheet.repeats[side] += item in out[item.label]
        sheet.values[side] += item not in out[item.label] and not item.placed
        out[item.label].add(item)
    return out
