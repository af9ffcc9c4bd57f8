"""From the scores of candidates to links in records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from ie_cli.records import CANDIDATES, Entity, Link, Record
from ie_cli.tasks._links_tasks import Candidate


class Answer(NamedTuple):
    """What a mention means, and the likeliest of what it was chosen from, NIL not counted."""

    link: Link
    candidates: list[dict]


def answer(shares: Sequence[float], found: Sequence[Candidate], nil_type: str | None, told: int) -> Answer:
    """The likeliest of NIL and the candidates.

    Args:
        shares: probabilities, NIL first; those behind the last candidate are padding.
        nil_type: of the mention if it is NIL.
        told: how many candidates are told.
    """
    nil, *shares = (round(share, 4) for share in shares)
    ranked = sorted(zip(found, shares, strict=False), key=lambda pair: -pair[1])
    candidates = [{"kb_id": candidate.kb_id, "score": share} for candidate, share in ranked[:told]]
    if not ranked or nil >= ranked[0][1]:
        return Answer(Link(None, nil, nil_type), candidates)
    return Answer(Link(ranked[0][0].kb_id, ranked[0][1]), candidates)


def linked(record: Record, answers: Mapping[int, Answer]) -> Record:
    """The record with answers to some of its entities, by their places."""
    if not answers:
        return record
    return replace(record, entities=[_linked(e, answers.get(i)) for i, e in enumerate(record.entities)])


def _linked(entity: Entity, found: Answer | None) -> Entity:
    if found is None:
        return entity
    return replace(entity, link=found.link, extra=entity.extra | {CANDIDATES: found.candidates})
