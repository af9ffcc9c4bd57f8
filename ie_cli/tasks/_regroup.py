"""Relations with slots from single links; nothing that was predicted for an object is lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import NamedTuple

from ie_cli.tasks._codec import gap

Characters = tuple[int, int]  # start and end of a span in the text
Subject = tuple[int, int, str | None]  # and its type


class Found(NamedTuple):
    """A span that a link leads to, its type, and the probability of the link."""

    place: Characters
    type: str | None
    score: float


# (predicate, slot or None for the object) -> from -> what it links to
Links = dict[tuple[str, str | None], dict[Subject, list[Found]]]
Slots = dict[str, Found]


def regroup(direct: Links, between: Links) -> Iterator[tuple[str, Subject, Found, Slots]]:
    """(predicate, subject, object, slots) of each relation.

    The published script makes one relation for each subject and predicate, so that of two objects,
    or two values of a slot, the last wins. Here every object is a relation of its own, with the values
    that `shares` gives it; an object with several values of a slot becomes as many relations. A value
    whose subject has no object is left out: there is no relation to hold it (see `without_object`).

    Args:
        direct: links from subjects to objects and to values of slots.
        between: links from objects to values of slots.
    """
    values: dict[tuple[str, Subject], dict[str, list[Found]]] = defaultdict(dict)
    for (predicate, slot), pairs in direct.items():
        for subject, found in pairs.items():
            if slot is not None:
                values[predicate, subject][slot] = found
    for (predicate, slot), pairs in direct.items():
        for subject, objects in pairs.items() if slot is None else ():
            filled = {
                name: shares([o.place for o in objects], found, _pairs(between.get((predicate, name), {})))
                for name, found in values.get((predicate, subject), {}).items()
            }
            for object_ in objects:
                for slots in _together({name: share[object_.place] for name, share in filled.items()}):
                    yield predicate, subject, object_, slots


def without_object(direct: Links) -> int:
    """How many values of slots `regroup` leaves out, because their subject has no object of the predicate."""
    return sum(
        len(found)
        for (predicate, slot), pairs in direct.items()
        for subject, found in pairs.items()
        if slot is not None and subject not in direct.get((predicate, None), {})
    )


def _pairs(links: dict[Subject, list[Found]]) -> set[tuple[Characters, Characters]]:
    return {(one[:2], other.place) for one, found in links.items() for other in found}


def shares(
    objects: Collection[Characters], values: Collection[Found], linked: Collection[tuple[Characters, Characters]]
) -> dict[Characters, list[Found]]:
    """Which values of a slot belong to which object of a subject; every value to at least one.

    Those that are linked to it. Where nothing is linked: in order of place if there are as many values
    as objects, else the nearest value to each object. Values that remain go to the nearest object.
    """
    objects, values = sorted(set(objects)), sorted(values, key=lambda v: v.place)
    own = {o: [v for v in values if (o, v.place) in linked] for o in objects}
    if not any(own.values()):
        if len(objects) == len(values):
            own = {o: [v] for o, v in zip(objects, values, strict=True)}
        else:
            own = {o: [min(values, key=lambda v: gap(v.place, o))] for o in objects}
    for value in values:
        if not any(value in share for share in own.values()):
            own[min(objects, key=lambda o: gap(o, value.place))].append(value)
    return own


def _together(values: dict[str, list[Found]]) -> Iterator[Slots]:
    """One value a slot for each relation; as many relations as the fullest slot has values.

    Two slots with several values each are paired in order of place, and the last value of the
    shorter list is repeated.
    """
    values = {name: found for name, found in values.items() if found}
    for i in range(max(map(len, values.values()), default=1)):
        yield {name: found[min(i, len(found) - 1)] for name, found in values.items()}
