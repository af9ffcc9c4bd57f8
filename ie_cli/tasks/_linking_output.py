"""From the scores of candidates to links in records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from ie_cli.records import CANDIDATES, Entity, Link, Record
from ie_cli.tasks._linking_inputs import Candidate


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
    nil, *shares = shares
    ranked = sorted(zip(found, shares, strict=False), key=lambda pair: -pair[1])
    candidates = [{"kb_id": candidate.kb_id, "score": round(share, 4)} for candidate, share in ranked[:told]]
    if not ranked or nil >= ranked[0][1]:
        return Answer(Link(None, round(nil, 4), nil_type), candidates)
    best, share = ranked[0]
    return Answer(Link(best.kb_id, round(share, 4)), candidates)


def with_links(record: Record, answers: Mapping[int, Answer]) -> Record:
    """The record with answers to some of its entities, by their places."""
    if not answers:
        return record
    return replace(record, entities=[_with_link(e, answers.get(i)) for i, e in enumerate(record.entities)])


def _with_link(entity: Entity, found: Answer | None) -> Entity:
    if found is None:
        return entity
    return replace(entity, link=found.link, extra=entity.extra | {CANDIDATES: found.candidates})
