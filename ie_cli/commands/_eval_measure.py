"""Gold and predictions in, a score out: what `ie eval` does before it says anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import tee
from typing import NamedTuple, Protocol

from ie_cli import threads
from ie_cli.commands import _eval_scorer
from ie_cli.commands._shell import left_out, say
from ie_cli.errors import IEError, Report, UsageError
from ie_cli.files import opened
from ie_cli.records import Placed, Record, pairs, placed, read_placed, without_annotation
from ie_cli.scoring import BETWEEN, CountsBase, JointCounts, JointScore, Score


class Sources(NamedTuple):
    """Where the records are from: gold, predictions or a model that makes them, and the training data."""

    gold: str
    pred: str = "-"
    model: str | None = None
    train: str | None = None


class ScorerChoice(NamedTuple):
    """What the user said about the scorer; None is left to the data."""

    task: str | None
    rule: str | None
    alias: str | None


class PairListener(Protocol):
    """Sees what the scorer sees: the choice of it, then every pair of records that counts."""

    def begin(self, kind: str, choice: ScorerChoice) -> None: ...

    def add(self, gold: Record, pred: Record | None) -> None: ...


def measure(
    sources: Sources, choice: ScorerChoice, report: Report,
    listeners: Sequence[PairListener] = (), *, gold_report: Report | None = None,
) -> Score | JointScore:  # fmt: skip
    """Score the records of two files, or of one and of what a model predicts for it.

    Args:
        gold_report: takes the problems of the gold, if not the other one.

    Raises:
        IEError: nothing is annotated or predicted, or the files do not belong together; something is to watch
            several tasks.
    """
    gold, pred, model, _ = sources
    with ExitStack() as files:
        golds = read_placed(files.enter_context(opened(gold)), gold, gold_report or report)
        if model is None:
            preds = read_placed(files.enter_context(opened(pred)), pred, report)
            kind, golds, preds = _kind_for(choice.task, golds, preds, gold)
        else:
            golds, given = tee(golds)
            kind, preds = _predicted(model, choice, given)
        counts = _eval_scorer.counts(kind, choice.rule, choice.alias)
        if listeners and isinstance(counts, JointCounts):
            raise UsageError("--errors, --find-threshold and --report look at one task; name it with --task")
        for listener in listeners:
            listener.begin(kind, choice)
        _count(counts, golds, preds, report, listeners)
    score = counts.score()
    if isinstance(score, JointScore):
        if not score.scores:
            raise _not_annotated(gold, *counts.counts)
        return score
    if not score.records:
        raise _not_annotated(gold, counts.part)
    if score.missing == score.records:
        raise IEError(
            f"{model or pred}: no record has {_key(counts.part)}; PRED is what `ie predict` writes "
            f"(with --fields it needs text,{'entities' if counts.part == 'links' else counts.part})"
        )
    return score


def _kind_for(
    task: str | None, gold: Iterator[Placed], pred: Iterator[Placed], name: str
) -> tuple[str, Iterator[Placed], Iterator[Placed]]:
    """The kind that is named or that fits the first records, and the records again."""
    if task not in (None, _eval_scorer.ALL):
        return _eval_scorer.kind_of(task), gold, pred
    (first_gold, gold), (first_pred, pred) = _eval_scorer.look(gold), _eval_scorer.look(pred)
    picked = _eval_scorer.pick(first_gold, first_pred, every=task == _eval_scorer.ALL)
    if picked is None:
        parts = [part for part in reversed(_eval_scorer.KINDS) if part != "links"]  # which are in the entities
        raise _not_annotated(name, *parts, looked_at=len(first_gold))
    for note in picked.notes:
        say(f"note: {note}")
    return BETWEEN.join(map(_eval_scorer.kind_of, picked.parts)), gold, pred


def _key(part: str) -> str:
    """How messages name the key of a part: links are in the entities."""
    return "'link' in its entities" if part == "links" else f"'{part}'"


def _not_annotated(gold: str, *parts: str, looked_at: int = 0) -> IEError:
    missing = " or ".join(map(_key, parts))
    if looked_at == _eval_scorer.LOOKED_AT:
        return IEError(f"{gold}: none of the first {looked_at} records has {missing}; say what is meant with --task")
    return IEError(f"{gold}: no record has {missing}; annotate it, or make it with `ie convert FORMAT FILE`")


def _count(
    counts: CountsBase | JointCounts, gold: Iterable[Placed], pred: Iterable[Placed],
    report: Report, listeners: Sequence[PairListener],
) -> None:  # fmt: skip
    for wanted, found in pairs(gold, pred):
        if found is None:
            report.lost(wanted.path, wanted.line, "no prediction for this record; counted as empty")
        pair = wanted.record, None if found is None else found.record
        if counts.add(*pair):
            for listener in listeners:
                listener.add(*pair)


def _predicted(model: str, choice: ScorerChoice, gold: Iterable[Placed]) -> tuple[str, Iterator[Placed]]:
    """A model's kind, unless another is named, and its predictions.

    It sees nothing of the gold but id and text, and for the accuracy of links the mentions.
    """
    threads.limit(None)
    from ie_cli.predicting import predict
    from ie_cli.zoo.folder import load as load_model

    loaded = load_model(model)
    own = choice.task in (None, _eval_scorer.ALL)
    kind = loaded.kind if own else _eval_scorer.kind_of(choice.task)
    mentions = choice.rule == "accuracy" and kind == "links"
    if mentions:
        say("note: the model was given the mentions of GOLD; it finds them itself in `ie predict` | `ie eval GOLD`")
    predicted = predict(loaded, (_bare(item.record, mentions) for item in gold))
    return kind, placed(_saying_dropped(predicted, loaded.codec.dropped), model)


def _saying_dropped(predicted: Iterable[Record], dropped: Counter[str]) -> Iterator[Record]:
    """The predicted records; behind the last one, what is not among them."""
    yield from predicted
    left_out(dropped)


def _bare(record: Record, mentions: bool) -> Record:
    """A record without its annotation, but for its mentions where they are given."""
    bare = without_annotation(record)
    if not mentions or record.entities is None:
        return bare
    return replace(bare, entities=[replace(e, score=None, link=None, extra={}) for e in record.entities])
