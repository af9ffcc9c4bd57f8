"""Events as named entities, a baseline (LIC2020's: kexue.fm/archives/7321): BIO tags of (type, role) with a CRF.

    {"text": "周二李四辞职", "events": [{"type": "组织关系-辞/离职", "trigger": {"start": 4, "end": 6, "text": "辞职"},
     "arguments": [{"role": "离职者", "start": 2, "end": 4, "text": "李四"}]}]}

Tags are flat: of overlapping spans the longest is learned and the others counted as lost. They do not
say which spans are one event. Here every trigger makes one, and an argument goes to the nearest
trigger of its type; without a trigger all arguments of a type are one event. The published baseline
tags no triggers, which `tag_triggers: false` repeats.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from ie_cli.records import Entity, Event, Record
from ie_cli.tasks import _events, ner_crf
from ie_cli.tasks._codec import Item, gap
from ie_cli.tasks._entities import TokenSpan
from ie_cli.tasks._events import Labels as Labels
from ie_cli.tasks._events import Node, place
from ie_cli.text.encoding import Encoding
from ie_cli.text.windows import Window


@dataclass
class Settings(ner_crf.Settings):
    """Those of `ner_crf`, and:

    Attributes:
        tag_triggers: tag triggers, too.
    """

    tag_triggers: bool = True


class Codec(ner_crf.Codec):
    """Events as entities whose types are the names of the labels, and back."""

    nested: ClassVar[bool] = False

    def items(self, record: Record, lost: Counter[str]) -> Iterator[Item]:
        spans = {
            (span.start, span.end, self._names.get(key), span.text)
            for event in record.events or ()
            for key, span in _events.parts(event)
            if key[1] is not None or self.settings.tag_triggers
        }
        entities = [Entity(*span) for span in sorted(spans, key=lambda s: (s[0] is None, *map(str, s)))]
        return super().items(Record(record.text, entities=entities), lost)

    def assemble(
        self, record: Record, encoding: Encoding, windows: Sequence[Window], spans: Sequence[Sequence[TokenSpan]]
    ) -> Record:
        """The record with the events of its windows, in order of place."""
        entities = super().assemble(Record(record.text), encoding, windows, spans).entities
        nodes = [Node(self._index[e.type], e.start, e.end, e.score) for e in entities]
        return replace(record, events=sorted(self._grouped(record.text, nodes), key=place))

    @cached_property
    def _names(self) -> dict[tuple, str]:
        return {(role.event, role.role, role.value): role.name for role in self.labels.roles}

    def _grouped(self, text: str, nodes: Sequence[Node]) -> Iterator[Event]:
        roles = self.labels.roles
        for kind in dict.fromkeys(roles[node.label].event for node in nodes):
            mine = [node for node in nodes if roles[node.label].event == kind]
            triggers = [node for node in mine if roles[node.label].role is None]
            members: dict[Node | None, list[Node]] = {trigger: [trigger] for trigger in triggers}
            for node in mine:
                if node not in members:
                    members.setdefault(_nearest(node, triggers), []).append(node)
            for found in members.values():
                yield _events.event(roles, text, found, min(node.score for node in found))


def _nearest(node: Node, triggers: Sequence[Node]) -> Node | None:
    place = (node.start, node.end)
    return min(triggers, key=lambda t: (gap((t.start, t.end), place), t.start), default=None)


class Model(ner_crf.Model):
    """The model of `ner_crf` with an entity type for each role; its arguments are the same."""

    kind = "events"
    codec_class = Codec
