"""The way between records and tokens for a model of links."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, NamedTuple

from ie_cli.lost_causes import UNKNOWN_ID, UNKNOWN_NAME
from ie_cli.matching import leftmost_longest
from ie_cli.records import Entity, Record
from ie_cli.tasks import _entities
from ie_cli.tasks._codec import Item, Tokens
from ie_cli.tasks._entities import TokenSpan
from ie_cli.tasks._linking_base import LinkingBase, names
from ie_cli.tasks._linking_labels import MENTION, NIL, NOTHING_OWN, OwnCounts, meanings
from ie_cli.text.encoding import Encoding
from ie_cli.text.windows import Window, holds, owner


class Mention(NamedTuple):
    """Tokens of a mention in its window and its string; in training also what it means."""

    first: int
    last: int
    name: str
    kb_id: str = NIL
    nil_type: str | None = None


class Context(NamedTuple):
    """A window of a text and the mentions in it.

    Attributes:
        text: the whole text.
        starts: first character of each token of the window.
        own: what the record is to be linked without.
    """

    text: str
    starts: list[int]
    mentions: list[Mention]
    own: OwnCounts


class Wanted(NamedTuple):
    """A window in which entities of a record are to be linked.

    Attributes:
        record, entities: which, by their places.
        features: of the window's tokens.
    """

    record: int
    entities: list[int]
    features: dict[str, list[int]]
    context: Context


@dataclass(frozen=True)
class Codec(_entities.Codec):
    """Mentions as entities; what is to be linked in an example is JSON under "links".

    Attributes (beyond those of the base class):
        base: the knowledge base.
    """

    base: LinkingBase = field(kw_only=True)
    strings: ClassVar[tuple[str, ...]] = ("links",)

    # --- Training --------------------------------------------------------------------------------

    def items(self, record: Record, lost: Counter[str]) -> Iterator[Item]:
        lost.update(filter(None, map(self._unknown, record.entities or ())))
        typed = [replace(entity, type=entity.type or MENTION) for entity in record.entities or ()]
        return super().items(replace(record, entities=typed), lost)

    def _unknown(self, entity: Entity) -> str | None:
        """Why what a mention means cannot be learned."""
        ident = entity.link and entity.link.kb_id
        if ident is None or ident in self.base.kb.candidates(entity.text):
            return None
        return UNKNOWN_NAME if ident in self.base.kb else UNKNOWN_ID

    def encode(self, record: Record) -> Encoding:
        return self.tokenizer(record.text, self._own(record))

    def _own(self, record: Record) -> OwnCounts:
        found = leftmost_longest(self.base.kb.matches(record.text))
        matched = Counter(names(record.text, found))
        return OwnCounts(meanings(record), matched, record.text if self.settings.leave_one_out else None)

    def notes(self, record: Record, encoding: Encoding, window: Window) -> dict[str, str]:
        mentions = [
            Mention(*(n - window[0] for n in tokens), e.text, e.link.kb_id or NIL, e.link.nil_type)
            for e in record.entities or ()
            if e.link is not None and (tokens := covered(encoding, e)) and holds(window, *tokens)
        ]
        content = {
            "text": record.text,
            "starts": encoding.starts[slice(*window)],
            "mentions": mentions,
            "meant": [[*pair, count] for pair, count in meanings(record).items()],
        }
        return {"links": json.dumps(content, ensure_ascii=False)}

    def context(self, links: str) -> Context:
        """What `notes` wrote."""
        content = json.loads(links)
        text, meant = content["text"], {(name, ident): count for name, ident, count in content["meant"]}
        own = OwnCounts(meant, {}, text if self.settings.leave_one_out else None)
        return Context(text, content["starts"], [Mention(*m) for m in content["mentions"]], own)

    # --- Prediction ------------------------------------------------------------------------------

    def assemble(
        self, record: Record, encoding: Encoding, windows: Sequence[Window], spans: Sequence[Sequence[TokenSpan]]
    ) -> Record:
        """The record with the mentions of its windows, still without links; those that are given stay."""
        if self.settings.given_mentions and _given(record):
            return record
        made = super().assemble(record, encoding, windows, spans)
        return replace(made, entities=[replace(e, type=None) if e.type == MENTION else e for e in made.entities])

    def wanted(self, number: int, record: Record) -> Iterator[Wanted]:
        """The windows in which entities without a link are to be linked, each in the one that sees most around it."""
        encoding = self.tokenizer.inner(record.text)
        windows = self.windows(record.text, encoding, self.window)
        inside: dict[int, dict[int, Tokens]] = {}
        for i, entity in enumerate(record.entities or ()):
            if entity.link is not None:
                continue
            tokens = covered(encoding, entity)
            at = None if tokens is None else owner(windows, len(encoding), *tokens)
            if at is None:
                self.dropped["links of mentions without a place or longer than a window"] += 1
            else:
                inside.setdefault(at, {})[i] = tokens
        for at, some in inside.items():
            first, stop = windows[at]
            mentions = [Mention(a - first, b - first, record.entities[i].text) for i, (a, b) in some.items()]
            here = Context(record.text, encoding.starts[first:stop], mentions, NOTHING_OWN)
            yield Wanted(number, list(some), encoding.window(first, stop), here)


def _given(record: Record) -> bool:
    """Whether a record's mentions are to be linked; where all have a link it is annotated, and is read afresh."""
    entities = record.entities
    return entities is not None and (not entities or any(entity.link is None for entity in entities))


def covered(encoding: Encoding, entity: Entity) -> Tokens | None:
    """First and last of the tokens that an entity covers, wholly or in part; None if it has no place."""
    if entity.start is None or not len(encoding):
        return None
    first = max(0, bisect_right(encoding.starts, entity.start) - 1)
    return first, min(max(first, bisect_left(encoding.ends, entity.end)), len(encoding) - 1)
