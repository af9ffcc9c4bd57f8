"""Which scorer `ie eval` uses: the one that is named, or the one for what gold and predictions have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from ie_cli.errors import UsageError
from ie_cli.records import Placed, Record
from ie_cli.registry import load, unknown
from ie_cli.scoring import BETWEEN, CountsBase, JointCounts, counts_for
from ie_cli.scoring.links import has_links

SCORING = "ie_cli.scoring"
LOOKED_AT = 1000  # records of each file; more would not fit into constant memory
ALL = "all"  # as --task: every part that the gold and the predictions have
# The scorers by the part of a record that they compare; the richest part first: data of relations often have entities.
KINDS = {"events": "events", "relations": "relations", "links": "links", "entities": "ner"}


def kind_of(part: str) -> str:
    """The kind of a part of the record, as `--task` names it: its scorer's name."""
    if part not in KINDS:
        raise UsageError(unknown("task", part, [*KINDS, ALL]))
    return KINDS[part]


def counts(kind: str, rule: str | None, alias: str | None) -> CountsBase | JointCounts:
    """Empty counts; aliases ask for the rule that knows them.

    Raises:
        IEError: there is no such rule, or it takes no aliases; several tasks have no rule in common.
    """
    if BETWEEN in kind and (rule is not None or alias is not None):
        raise UsageError("--rule and --alias are of one task; name it with --task")
    if alias is None:
        return counts_for(kind, rule)
    scorer = load(SCORING, kind)
    able = sorted(scorer.Counts.aliased)
    if not able or rule not in (None, *able):
        hint = f"it goes with --rule {' or '.join(able)}" if able else "no rule does"
        raise UsageError(f"--alias: '{rule or scorer.Counts.part}' takes no aliases; of {scorer.Counts.part} {hint}")
    from ie_cli.scoring import _aliases

    return scorer.Counts(rule or able[0], aliases=_aliases.read(alias))


class Picked(NamedTuple):
    """What is to be scored, and what the reader should know about the choice."""

    parts: list[str]
    notes: list[str]


def look(stream: Iterator[Placed]) -> tuple[list[Record], Iterator[Placed]]:
    """The first records of a stream, and all of it."""
    head = list(islice(stream, LOOKED_AT))
    return [item.record for item in head], chain(head, stream)


def pick(gold: Sequence[Record], pred: Sequence[Record], *, every: bool = False) -> Picked | None:
    """The part to score, from the first records of gold and predictions; None if no gold record is annotated.

    Of several parts it is one that the predictions have as well, and did not copy: `ie predict` keeps
    the parts of its input that the model does not make.

    Args:
        every: score all such parts.
    """
    annotated = _having(gold, empty=False) or _having(gold, empty=True)
    if not annotated:
        return None
    common = [part for part in annotated if part in _having(pred, empty=True)]
    made = [part for part in common if not _copied(part, gold, pred)]
    parts = (made or common or annotated)[: None if every else 1]
    notes = []
    if others := [other for other in annotated if other not in parts]:
        hint = "PRED has none of its own" if every else f"--task {' or '.join(others)}"
        notes.append(f"scored are the {', '.join(parts)}; for what else GOLD has: {hint}")
    if common and not made:
        what = ", ".join(parts)
        notes.append(f"the {what} of PRED are those of GOLD; `ie predict` keeps what its model does not make")
    return Picked(parts, notes)


def _having(records: Sequence[Record], *, empty: bool) -> list[str]:
    """The parts that any of the records has; an empty list of them counts only if `empty`."""
    values = {part: [_value(record, part) for record in records] for part in KINDS}
    return [part for part in KINDS if any(value is not None if empty else value for value in values[part])]


def _value(record: Record, part: str) -> list | None:
    """A part of a record; the links of one are its entities if any has a link."""
    if part != "links":
        return getattr(record, part)
    return record.entities if has_links(record) else None


def _copied(part: str, gold: Sequence[Record], pred: Sequence[Record]) -> bool:
    """Whether the predictions are the gold, to the last score."""
    both = [(_value(g, part), _value(p, part)) for g, p in zip(gold, pred, strict=False)]
    return any(g for g, _ in both) and all(g == p for g, p in both)
