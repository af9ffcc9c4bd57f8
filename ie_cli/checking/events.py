"""Events: types and roles, and events that lack a trigger, arguments or places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ie_cli.checking.findings import Figures, Finding, Section, excerpt
from ie_cli.checking.labels import Labels
from ie_cli.locate import is_choice
from ie_cli.records import Event, Placed, Record

NO_TRIGGER, NO_ARGUMENTS, NO_PLACE = "without a trigger", "without arguments", "with a span without a place"
SEVERAL = "beside another of their type"
ROWS = ("events", SEVERAL, NO_TRIGGER, NO_ARGUMENTS, NO_PLACE)
ADVICE = {
    NO_TRIGGER: "fine for event_gplinker, unless model.require_trigger is set: then such events are left out",
    NO_ARGUMENTS: "fine: their triggers are learned",
    NO_PLACE: "`ie convert jsonl FILE` finds places of strings; a string that is not in the text is not learned",
}


class Events:
    """Counts events, their types and their roles."""

    def __init__(self):
        self.types, self.roles = Labels("event types"), Labels("roles")
        self._figures, self._arguments = (
            Figures("events", *ROWS, advice=ADVICE),
            Figures("arguments", "arguments", "choices"),
        )

    def add(self, item: Placed, split: str) -> None:
        events = item.record.events or []
        types = Counter(event.type for event in events)
        for event in events:
            self._figures.counts[split]["events"] += 1
            self._figures.counts[split][SEVERAL] += types[event.type] > 1
            self._name(event, item, split)
            for kind in _odd(event):
                shown = ", ".join(_unplaced(event)) if kind == NO_PLACE else _shown(event, item.record)
                self._figures.note(kind, split, item.place, f"{event.type}: {shown}")

    def _name(self, event: Event, item: Placed, split: str) -> None:
        self.types.add(event.type, split, item.place, _shown(event, item.record))
        for argument in event.arguments:
            place = argument.start, argument.end
            shown = argument.text if argument.start is None else excerpt(item.record.text, *place)
            self.roles.add(f"{event.type}/{argument.role}", split, item.place, shown)
            self._arguments.counts[split]["arguments"] += 1
            self._arguments.counts[split]["choices"] += is_choice(argument)

    def sections(self) -> Iterator[Section]:
        yield from self._figures.sections()
        yield from self._arguments.sections()
        yield from self.types.sections()
        yield from self.roles.sections()

    def findings(self) -> Iterator[Finding]:
        yield from self._figures.findings()
        yield from self.types.findings()
        yield from self.roles.findings()


def _odd(event: Event) -> Iterator[str]:
    """What an event lacks."""
    if event.trigger is None:
        yield NO_TRIGGER
    if not event.arguments:
        yield NO_ARGUMENTS
    if any(_unplaced(event)):
        yield NO_PLACE


def _unplaced(event: Event) -> Iterator[str]:
    """The strings of an event that have no place. A choice (`enum`) has none of its own, so it lacks none."""
    if event.trigger is not None and event.trigger.start is None:
        yield event.trigger.text
    for argument in event.arguments:
        if argument.start is None and not is_choice(argument):
            yield f"{argument.role}={argument.text}"


def _shown(event: Event, record: Record) -> str:
    """The trigger in its text, or else the first arguments."""
    if event.trigger is not None and event.trigger.start is not None:
        return excerpt(record.text, event.trigger.start, event.trigger.end)
    return ", ".join(f"{a.role}={a.text}" for a in event.arguments[:3]) or excerpt(record.text, None, None)
