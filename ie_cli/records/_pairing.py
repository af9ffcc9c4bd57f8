"""Which record of a second file belongs to which of a first: predictions to gold, or to other predictions.

Records are paired by position as long as ids (where both have one; 1 and "1" are one id, since formats such as
brat make strings of numbers) and texts agree, in constant memory. At the first disagreement the rest is matched by
id, which keeps the remaining predictions in memory, or, without ids, by text in order: predictions may then be
missing but not out of order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, zip_longest

from ie_cli.errors import IEError
from ie_cli.records._placed import Placed

Pairs = Iterator[tuple[Placed, Placed | None]]

REMEDY = "both files have to hold the same texts; `ie predict` keeps the order of its input"


def pairs(gold: Iterable[Placed], pred: Iterable[Placed]) -> Pairs:
    """Each gold record, in the order of the gold, with its prediction, or with None where it has none.

    Raises:
        IEError: a text differs, a prediction has no gold record, or an id that is needed repeats.
    """
    gold, pred = iter(gold), iter(pred)
    for wanted, found in zip_longest(gold, pred):
        if wanted is None:
            raise _surplus(found)
        if found is None or _same(wanted, found):
            yield wanted, found
            continue
        rest = chain([wanted], gold), chain([found], pred)
        yield from (_by_id(*rest) if _have_ids(wanted, found) else _in_order(*rest))
        return


def _by_id(gold: Iterable[Placed], pred: Iterable[Placed]) -> Pairs:
    waiting = _index(pred)
    seen: dict[str, str] = {}
    for wanted in gold:
        key = _only_id(wanted, seen)
        found = waiting.pop(key, None)
        if found is not None:
            _same(wanted, found)
        yield wanted, found
    if waiting:
        raise _surplus(next(iter(waiting.values())))


def _index(pred: Iterable[Placed]) -> dict[str, Placed]:
    seen: dict[str, str] = {}
    return {_only_id(found, seen): found for found in pred}


def _only_id(item: Placed, seen: dict[str, str]) -> str:
    """The id of a record that has to be found by it; `seen` holds the places of the ids before."""
    if item.record.id is None:
        raise IEError(f"{item.place}: has no id, and the files do not agree line by line; {REMEDY}")
    key = str(item.record.id)
    if key in seen:
        raise IEError(
            f"{item.place}: id {key!r} stands at {seen[key]} too; give each record an id of its own, "
            "or both files the same lines in the same order"
        )
    seen[key] = item.place
    return key


def _in_order(gold: Iterable[Placed], pred: Iterable[Placed]) -> Pairs:
    pred = iter(pred)
    found, doubt = next(pred), None  # doubt: the gold record where `found` was expected and did not fit
    for wanted in gold:
        if found is not None and _same(wanted, found):
            yield wanted, found
            found, doubt = next(pred, None), None
        else:
            doubt = doubt or wanted
            yield wanted, None
    if found is not None:
        raise _surplus(found) if doubt is None else _unlike(doubt, found)


def _have_ids(wanted: Placed, found: Placed) -> bool:
    return wanted.record.id is not None and found.record.id is not None


def _same(wanted: Placed, found: Placed) -> bool:
    """Whether the two are one record.

    Raises:
        IEError: the ids are the same but the texts are not.
    """
    known = _have_ids(wanted, found)
    if known and str(wanted.record.id) != str(found.record.id):
        return False
    if wanted.record.text == found.record.text:
        return True
    if known:
        raise _unlike(wanted, found)
    return False


def _surplus(found: Placed) -> IEError:
    name = f"id {found.record.id!r}" if found.record.id is not None else repr(found.record.text[:20])
    return IEError(
        f"{found.place}: no record of the first file is left for this one ({name}): "
        f"it is there twice, or that file lacks it; {REMEDY}"
    )


def _unlike(wanted: Placed, found: Placed) -> IEError:
    a, b = wanted.record.text, found.record.text
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    here, there = a[at : at + 12], b[at : at + 12]
    return IEError(
        f"{found.place}: the text differs from {wanted.place} at character {at}: {there!r}, not {here!r}; {REMEDY}"
    )
