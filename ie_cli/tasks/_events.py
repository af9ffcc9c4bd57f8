"""What the models of events share: labels, gold as spans in roles, and events that lie in several windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, NamedTuple

from ie_cli.errors import IEError
from ie_cli.locate import ENUM, is_choice
from ie_cli.records import Argument, Event, Record, Span
from ie_cli.tasks import _codec
from ie_cli.tasks._codec import LONGEST, Item

TRIGGER = "触发词"  # the role that stands for the trigger in the names of labels


@dataclass
class Role:
    """One role of one type of event.

    Attributes:
        role: null is the trigger.
        value: of a role with choices, the one that this stands for: its span is the trigger's.
        count: how often it occurs.
    """

    event: str
    role: str | None
    value: str | None
    count: int

    @property
    def name(self) -> str:
        return "/".join((self.event, self.role or TRIGGER, *([self.value] if self.value else [])))


@dataclass
class Labels:
    """What the training records say of events.

    Attributes:
        roles: every (type, role), sorted.
        links: how many pairs of spans stand in one event.
        cells: how many spans the texts have, as the base of rates.
        length: 99 of 100 texts are no longer than this, in characters.
    """

    roles: list[Role] = field(default_factory=list)
    links: int = 0
    cells: int = 1
    length: int = LONGEST

    @classmethod
    def of(cls, records: Iterable[Record]) -> Labels:
        """Count the roles of annotated records, in one pass."""
        return Statistics.labels_of(records)

    @property
    def names(self) -> list[str]:
        """Type and role of each label."""
        return [role.name for role in self.roles]


class Statistics(_codec.Statistics):
    """Counts roles."""

    def __init__(self):
        super().__init__()
        self._links = 0

    def count(self, record: Record) -> None:
        for event in record.events or ():
            keys = [key for key, _ in parts(event)]
            self.counts.update(keys)
            self._links += len(keys) * (len(keys) - 1) // 2

    def labels(self) -> Labels:
        if not self.counts:
            raise IEError("the training records hold no events with offsets; see `ie convert --list` for formats")
        keys = sorted(self.counts, key=lambda key: tuple(x or "" for x in key))
        roles = [Role(*key, self.counts[key]) for key in keys]
        return Labels(roles, self._links, self.texts.spans, self.texts.length)


def parts(event: Event) -> Iterator[tuple[tuple[str, str | None, str | None], Span]]:
    """(type, role, choice) and span of all that an event has a place for; a choice stands on the trigger."""
    if event.trigger is not None:
        yield (event.type, None, None), event.trigger
    for argument in event.arguments:
        if not is_choice(argument):
            yield (event.type, argument.role, None), argument
        elif event.trigger is not None:
            yield (event.type, argument.role, argument.text), event.trigger


class Node(NamedTuple):
    """A span in a role of a type, and its probability."""

    label: int
    start: int
    end: int
    score: float


@dataclass(frozen=True)
class Codec(_codec.Codec):
    """An event as an item with a cell for each of its spans; every span is learned where it stands."""

    whole: ClassVar[bool] = False

    def items(self, record: Record, lost: Counter[str]) -> Iterator[Item]:
        for event in record.events or ():
            if event.trigger is None and any(map(is_choice, event.arguments)):
                lost["a choice in an event without trigger"] += 1
            cells = []
            for key, span in parts(event):
                if key in self._index:
                    cells.append((self._index[key], span))
                else:
                    lost[f"role '{Role(*key, 0).name}' is not one of the model's"] += 1
            yield cells

    @cached_property
    def _index(self) -> dict[tuple, int]:
        return {(role.event, role.role, role.value): i for i, role in enumerate(self.labels.roles)}


def event(roles: Sequence[Role], text: str, nodes: Sequence[Node], score: float) -> Event:
    """The event of some spans; of several triggers the likeliest is kept."""
    arguments = [_argument(text, n, roles[n.label]) for n in nodes if roles[n.label].role is not None]
    arguments.sort(key=lambda a: (a.start is None, a.start, a.end, a.role, a.text))
    trigger = max(triggers(roles, nodes), key=lambda n: (n.score, -n.start), default=None)
    span = trigger and Span(trigger.start, trigger.end, None, text[trigger.start : trigger.end])
    return Event(roles[nodes[0].label].event, span, arguments, round(score, 4))


def triggers(roles: Sequence[Role], nodes: Sequence[Node]) -> list[Node]:
    """The nodes that stand for triggers."""
    return [node for node in nodes if roles[node.label].role is None]


def _argument(text: str, node: Node, role: Role) -> Argument:
    score = round(node.score, 4)
    if role.value is not None:
        return Argument(None, None, None, role.value, role=role.role, score=score, extra={ENUM: True})
    return Argument(node.start, node.end, None, text[node.start : node.end], role=role.role, score=score)


def place(event: Event) -> tuple:
    """Where an event stands, to sort by."""
    spans = [s for s in (event.trigger, *event.arguments) if s is not None and s.start is not None]
    first = min(((s.start, s.end) for s in spans), default=(0, 0))
    return first, event.type, [(a.role, a.text) for a in event.arguments]
