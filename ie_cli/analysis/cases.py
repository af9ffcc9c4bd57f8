"""Each gold and each predicted item of a record in one case, alone or with the other that it was meant for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ie_cli.analysis._kinds import Likeness
from ie_cli.analysis.items import Item

RIGHT, MISSED, SPURIOUS = "right", "missed", "spurious"


class Case(NamedTuple):
    """What became of a gold item, of a prediction, or of the two together."""

    name: str
    gold: Item | None
    pred: Item | None


def cases(gold: Iterable[Item], pred: Iterable[Item], near: Mapping[str, Likeness]) -> list[Case]:
    """The cases of a record, those in the order of the gold first; items that repeat another count once."""
    wanted, found = ({item.key: item for item in side} for side in (gold, pred))
    out = [Case(RIGHT, wanted[key], found[key]) for key in wanted.keys() & found.keys()]
    for case in out:
        del wanted[case.gold.key], found[case.gold.key]
    for name, likeness in near.items():
        for one, other in _closest(list(wanted.values()), list(found.values()), likeness):
            out.append(Case(name, wanted.pop(one.key), found.pop(other.key)))
    out += [Case(MISSED, item, None) for item in wanted.values()]
    out += [Case(SPURIOUS, None, item) for item in found.values()]
    return sorted(out, key=_position)


def _closest(gold: list[Item], pred: list[Item], likeness: Likeness) -> list[tuple[Item, Item]]:
    """Pairs of items that are alike, each item in one at most: the closest first, then as they stand in the text."""
    pairs = [(-near, _order(a), _order(b), a, b) for a in gold for b in pred if (near := likeness(a, b))]
    left, out = {item.key for item in gold}, []
    free = {item.key for item in pred}
    for *_, one, other in sorted(pairs, key=lambda pair: pair[:3]):
        if one.key in left and other.key in free:
            left.remove(one.key)
            free.remove(other.key)
            out.append((one, other))
    return out


def _position(case: Case) -> tuple:
    return _order(case.gold or case.pred), case.gold is None, case.name


def _order(item: Item) -> tuple:
    """What items are sorted by, so that the order in the file does not matter."""
    start = item.spans[0][0].start
    return (start is None, start or 0, item.spans[0][0].end or 0, item.type, str(item.key))
