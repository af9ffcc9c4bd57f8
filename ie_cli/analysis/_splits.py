"""Ways to split items into groups that are easy or hard: length, nesting, surface, and what else the record has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from ie_cli.analysis.cases import RIGHT, Case
from ie_cli.analysis.items import Item
from ie_cli.scoring import Tally
from ie_cli.scoring.ner import overlapping

LENGTHS = {1: "1", 2: "2", 3: "3", 4: "4", 6: "5-6", 9: "7-9"}  # at most -> name, in characters
LONGEST = "10+"
MANY = 5  # of types or items in a record, from which on they are one group
SURFACE = "surface in training"
SEEN, OTHER, UNSEEN = "seen", "seen as another type", "unseen"


class TrainingSurfaces:
    """The strings of the training data with their types."""

    def __init__(self, items: Iterable[Item]):
        self._types: Mapping[str, set[str]] = defaultdict(set)
        for item in items:
            self._types[item.text].add(item.type)

    def __len__(self) -> int:
        return len(self._types)

    def of(self, item: Item) -> str:
        """Whether the string of an item was seen, and whether under this type."""
        types = self._types.get(item.text)
        return UNSEEN if types is None else SEEN if item.type in types else OTHER


def enter(
    cases: list[Case], names: tuple[str, str], surfaces: TrainingSurfaces | None, splits: dict[str, dict[str, Tally]]
) -> None:
    """Count the items of a record in each group they are of; a right prediction is where its gold item is.

    Args:
        names: what items and types are called.
    """
    sides = [[item for item in side if item] for side in ([c.gold for c in cases], [c.pred for c in cases])]
    nested = {id(item) for side in sides for item in _nested(side)}
    shared = dict(zip((f"{name} in the record" for name in names), _of_record(sides[0]), strict=True))
    for case in cases:
        right = case.name == RIGHT
        for item, add in ((case.gold, Tally.add_gold), (case.pred, Tally.add_pred)):
            if item is not None:
                groups = shared | _of_item(case.gold if right else item, nested, surfaces)
                for split, group in groups.items():
                    add(splits[split][group], right)


def _of_record(gold: list[Item]) -> tuple[str, str]:
    """The groups for the number of gold items and of their types."""
    return _number(gold), _number({item.type for item in gold})


def _of_item(item: Item, nested: set[int], surfaces: TrainingSurfaces | None) -> dict[str, str]:
    """The groups for what an item is itself."""
    groups = {}
    if item.place is not None:
        groups |= {"characters": length(item.text), "nesting": "nested" if id(item) in nested else "flat"}
    if surfaces is not None:
        groups[SURFACE] = surfaces.of(item)
    return groups


def length(text: str) -> str:
    """The group of a length."""
    return next((name for most, name in LENGTHS.items() if len(text) <= most), LONGEST)


def ordered(split: str, groups: Mapping[str, Tally]) -> list[str]:
    """The groups in the order of a table."""
    known = {"characters": [*LENGTHS.values(), LONGEST], SURFACE: [SEEN, OTHER, UNSEEN]}.get(split, sorted(groups))
    return [name for name in known if name in groups]


def _number(items: set | list) -> str:
    return str(len(items)) if len(items) < MANY else f"{MANY}+"


def _nested(items: list[Item]) -> list[Item]:
    """Items that share characters with another of their side; places that repeat under another type do, too."""
    keys = {(*item.place, str(item.key)): item for item in items if item.place and item.place[0] is not None}
    return [keys[key] for key in overlapping(keys)]
