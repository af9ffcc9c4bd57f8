"""Gold and predictions in, a score out: what `ie eval` does before it says anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import tee
from types import ModuleType
from typing import NamedTuple, Protocol

from ie_cli import threads
from ie_cli.commands import _scorer
from ie_cli.commands._shell import left_out, say
from ie_cli.errors import IEError, Report
from ie_cli.files import opened
from ie_cli.records import Placed, Record, pairs, placed, read_placed
from ie_cli.scoring import links
from ie_cli.scoring._counts import CountsBase
from ie_cli.scoring._score import Score
from ie_cli.scoring._several import Joint, JointCounts, Several
from ie_cli.scoring._several import scorer as scorer_of


class Choice(NamedTuple):
    """What the user said about the scorer; None is left to the data."""

    task: str | None
    rule: str | None
    alias: str | None


class Watcher(Protocol):
    """Something that sees what the scorer sees: the choice of it, then every pair of records that counts."""

    def begin(self, scorer: ModuleType, choice: Choice) -> None: ...

    def add(self, gold: Record, pred: Record | None) -> None: ...


def measure(
    gold: str, pred: str, model: str | None, choice: Choice, report: Report, watchers: Sequence[Watcher] = ()
) -> Score | Several:
    """Score the records of two files, or of one and of what a model predicts for it.

    Raises:
        IEError: nothing is annotated or predicted, or the files do not belong together; something is to watch
            several tasks.
    """
    with ExitStack() as files:
        wanted = read_placed(files.enter_context(opened(gold)), gold, report)
        if model is None:
            found = read_placed(files.enter_context(opened(pred)), pred, report)
            scorer, wanted, found = _scorer_for(choice.task, wanted, found, gold)
        else:
            wanted, given = tee(wanted)
            scorer, found = _predicted(model, choice, given)
        counts = _scorer.counts(scorer, choice.rule, choice.alias)
        if watchers and isinstance(counts, JointCounts):
            raise IEError("--errors, --find-threshold and --report look at one task; name it with --task")
        for watcher in watchers:
            watcher.begin(scorer, choice)
        _count(counts, wanted, found, report, watchers)
    score = counts.score()
    if isinstance(score, Several):
        if not score.scores:
            raise _not_annotated(gold, *counts.counts)
        return score
    if not score.records:
        raise _not_annotated(gold, counts.part)
    if score.missing == score.records:
        raise IEError(f"{model or pred}: no record has '{counts.part}'; PRED is what `ie predict` writes")
    return score


def _scorer_for(
    task: str | None, gold: Iterator[Placed], pred: Iterator[Placed], name: str
) -> tuple[ModuleType | Joint, Iterator[Placed], Iterator[Placed]]:
    """The scorer that is named or that fits the first records, and the records again."""
    if task not in (None, _scorer.ALL):
        return _scorer.by_part(task), gold, pred
    (some, gold), (others, pred) = _scorer.look(gold), _scorer.look(pred)
    picked = _scorer.pick(some, others, every=task == _scorer.ALL)
    if picked is None:
        parts = [part for part in reversed(_scorer.KINDS) if part != "links"]  # which are in the entities
        raise _not_annotated(name, *parts, looked_at=len(some))
    for note in picked.notes:
        say(f"note: {note}")
    return _scorer.by_parts(picked.parts), gold, pred


def _not_annotated(gold: str, *parts: str, looked_at: int = 0) -> IEError:
    missing = " or ".join(f"'{part}'" for part in parts)
    if looked_at == _scorer.LOOKED_AT:
        return IEError(f"{gold}: none of the first {looked_at} records has {missing}; say what is meant with --task")
    return IEError(f"{gold}: no record has {missing}; annotate it, or make it with `ie convert FORMAT FILE`")


def _count(
    counts: CountsBase | JointCounts, gold: Iterable[Placed], pred: Iterable[Placed],
    report: Report, watchers: Sequence[Watcher],
) -> None:  # fmt: skip
    for one, other in pairs(gold, pred):
        if other is None:
            report.lost(one.path, one.line, "no prediction for this record; counted as empty")
        both = one.record, None if other is None else other.record
        if counts.add(*both):
            for watcher in watchers:
                watcher.add(*both)


def _predicted(model: str, choice: Choice, gold: Iterable[Placed]) -> tuple[ModuleType | Joint, Iterator[Placed]]:
    """A model's scorer, unless another is named, and its predictions.

    It sees nothing of the gold but id and text, and for the accuracy of links the mentions.
    """
    threads.limit(None)
    from ie_cli.predicting import predict
    from ie_cli.zoo.folder import load as load_model

    loaded = load_model(model)
    own = choice.task in (None, _scorer.ALL)
    scorer = scorer_of(loaded.kind) if own else _scorer.by_part(choice.task)
    mentions = choice.rule == "accuracy" and getattr(scorer, "Counts", None) is links.Counts
    if mentions:
        say("note: the model was given the mentions of GOLD; it finds them itself in `ie predict` | `ie eval GOLD`")
    found = predict(loaded, (_bare(item.record, mentions) for item in gold))
    return scorer, placed(_told(found, loaded.codec.dropped), model)


def _told(found: Iterable[Record], dropped: Counter[str]) -> Iterator[Record]:
    """The predicted records; behind the last one, what is not among them."""
    yield from found
    left_out(dropped)


def _bare(record: Record, mentions: bool) -> Record:
    """A record without its annotation, but for its mentions where they are given."""
    given = mentions and record.entities is not None
    entities = [replace(e, score=None, link=None, extra={}) for e in record.entities] if given else None
    return replace(record, entities=entities, relations=None, events=None)
