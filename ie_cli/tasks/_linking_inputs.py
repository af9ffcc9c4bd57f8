"""Mentions and their candidates as tensors: in training with a choice of wrong candidates, in prediction with all."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ie_cli.kb.entry import key
from ie_cli.nn.ranking import SHARED, Choices
from ie_cli.tasks._linking_base import LinkingBase
from ie_cli.tasks._linking_codec import Context, Mention
from ie_cli.tasks._linking_entries import Described, Entries
from ie_cli.tasks._linking_labels import NIL, Labels, OwnCounts

PRIORS, ABOUTS = 5, 4  # numbers that are known of a candidate and of a mention beforehand
HALF = 0.5  # added to a count, so that what has never been seen can be


class Candidate(NamedTuple):
    """An entity, and what is known of it for a name beforehand, [PRIORS]."""

    kb_id: str
    priors: list[float]


class Question(NamedTuple):
    """A mention in its window, what is known of it beforehand, [ABOUTS], and its candidates."""

    window: int
    mention: Mention
    about: list[float]
    candidates: list[Candidate]


@dataclass(frozen=True)
class RankingInputs:
    """What is to be chosen in some windows.

    Attributes:
        mentions: [M].
        candidates: of each mention.
        entities: the descriptions that are needed, each once.
        choices: the same as tensors.
        target: [M], 0 for NIL, else 1 + the place of the right candidate.
        nil_type: [M], index of the type of NIL, -1 where there is none to learn.
    """

    mentions: list[Mention]
    candidates: list[list[Candidate]]
    entities: list[Described]
    choices: Choices
    target: Tensor
    nil_type: Tensor

    def to(self, device: torch.device | str) -> RankingInputs:
        moved = (x.to(device) for x in (self.choices, self.target, self.nil_type))
        return RankingInputs(self.mentions, self.candidates, self.entities, *moved)


@dataclass
class Columns:
    """The columns of `Choices` while they are filled; each entity gets its number when it first comes."""

    about: list[list[float]] = field(default_factory=list)
    mention: list[int] = field(default_factory=list)
    entity: list[int] = field(default_factory=list)
    slot: list[int] = field(default_factory=list)
    shared: list[list[list[float]]] = field(default_factory=list)
    prior: list[list[float]] = field(default_factory=list)
    entities: dict[Described, int] = field(default_factory=dict)

    def choices(self, asked: Sequence[Question], length: int) -> Choices:
        places = [[question.window, question.mention.first, question.mention.last] for question in asked]
        return Choices(
            *torch.tensor(places).long().reshape(-1, 3).unbind(1),
            torch.tensor(self.about).float().reshape(-1, ABOUTS),
            *(torch.tensor(column).long() for column in (self.mention, self.entity, self.slot)),
            torch.tensor(self.shared).float().reshape(len(self.slot), length, SHARED),
            torch.tensor(self.prior).float().reshape(-1, PRIORS),
        )


class RankingInputsBuilder:
    """Makes the inputs of the ranker; holds what that needs and no weights.

    Attributes:
        dropped: candidates that a bound has cut, counted.
    """

    def __init__(self, base: LinkingBase, labels: Labels, entries: Entries, settings: Any, dropped: Counter[str]):
        self.base, self.labels, self.entries, self.settings, self.dropped = base, labels, entries, settings, dropped

    def __deepcopy__(self, memo: dict) -> RankingInputsBuilder:
        return self

    def build(self, contexts: Sequence[Context], length: int, *, training: bool) -> RankingInputs:
        """The inputs for some windows of at most `length` tokens."""
        asked = [self._question(i, m, here.own) for i, here in enumerate(contexts) for m in here.mentions]
        if training:
            asked = [question._replace(candidates=self._sampled(question)) for question in self._drawn(asked)]
        columns = Columns()
        for number, question in enumerate(asked):
            self._add(columns, number, question, contexts[question.window], length)
        target, nil_type = ([of(question) for question in asked] for of in (_target, self._nil_type))
        return RankingInputs(
            [question.mention for question in asked],
            [question.candidates for question in asked],
            list(columns.entities),
            columns.choices(asked, length),
            torch.tensor(target).long(),
            torch.tensor(nil_type).long(),
        )

    def _question(self, window: int, mention: Mention, own: OwnCounts) -> Question:
        found = self.candidates(mention.name, own)
        return Question(window, mention, self._about(mention.name, own, found), found)

    def _add(self, columns: Columns, number: int, question: Question, here: Context, length: int) -> None:
        columns.about.append(question.about)
        for slot, (ident, priors) in enumerate(question.candidates):
            entity = Described(ident, here.own.text)
            columns.mention.append(number)
            columns.entity.append(columns.entities.setdefault(entity, len(columns.entities)))
            columns.slot.append(slot)
            none = [[0.0] * SHARED] * length
            columns.shared.append(self.entries.shared(here, entity, length) if self.settings.match_features else none)
            columns.prior.append(priors)

    # --- Candidates ------------------------------------------------------------------------------

    def candidates(self, name: str, own: OwnCounts) -> list[Candidate]:
        """The entities that are called so, those that the name means most often first; the last are cut."""
        ids, most = self.base.candidates(name, own), self.settings.max_candidates
        counts = self.labels.meaning(key(name), own)
        if len(ids) > most:
            self.dropped["candidates of mentions that have more than model.max_candidates"] += len(ids) - most
        ids = sorted(ids, key=lambda ident: -counts[ident])[:most]
        return [Candidate(ident, self._priors(ident, name, place, counts, own)) for place, ident in enumerate(ids)]

    def _priors(self, ident: str, name: str, place: int, counts: Counter[str], own: OwnCounts) -> list[float]:
        """Log share of the name's meanings; log counts of it and of the entity; whether it is the name; the place."""
        return [
            math.log((counts[ident] + HALF) / (counts.total() + 1)),
            math.log1p(counts[ident]),
            math.log1p(self.labels.mentioned(ident, own)),
            float(key(self.base.kb.entity(ident).name) == key(name)),
            1 / (1 + place),
        ]

    def _about(self, name: str, own: OwnCounts, found: Sequence[Candidate]) -> list[float]:
        """Log share of the name's meanings that are NIL, log counts of these and of all, whether there are candidates.

        What is no candidate is NIL: also an entity that was in the training records and is not in the base.
        """
        counts = self.labels.meaning(key(name), own)
        nil = counts.total() - sum(counts[candidate.kb_id] for candidate in found)
        share = math.log((nil + HALF) / (counts.total() + 1))
        return [share, math.log1p(nil), math.log1p(counts.total()), float(bool(found))]

    # --- Training --------------------------------------------------------------------------------

    def _drawn(self, asked: Sequence[Question]) -> list[Question]:
        """By chance, of each window some of the mentions with candidates; all others, which cost nothing."""
        kept, seen = set(), Counter()
        for place in torch.randperm(len(asked)).tolist():
            question = asked[place]
            if not question.candidates or seen[question.window] < self.settings.ranked_mentions:
                kept.add(place)
                seen[question.window] += bool(question.candidates)
        return [question for place, question in enumerate(asked) if place in kept]

    def _sampled(self, question: Question) -> list[Candidate]:
        """The right candidate, if there is one, and some others by chance, in their order."""
        found, right = question.candidates, question.mention.kb_id
        wrong = [place for place, candidate in enumerate(found) if candidate.kb_id != right]
        drawn = {wrong[i] for i in torch.randperm(len(wrong))[: self.settings.negatives].tolist()}
        return [candidate for place, candidate in enumerate(found) if place in drawn or candidate.kb_id == right]

    def _nil_type(self, question: Question) -> int:
        mention, known = question.mention, self.labels.nil_types
        return known.index(mention.nil_type) if mention.kb_id == NIL and mention.nil_type in known else -1


def _target(question: Question) -> int:
    """NIL also for what is no candidate."""
    ids = [candidate.kb_id for candidate in question.candidates]
    return 1 + ids.index(question.mention.kb_id) if question.mention.kb_id in ids else 0
