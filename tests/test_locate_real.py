"""Why `nearest` is the default: what each choice gets right where annotators gave the places (FewFC, DuEE).

No set of triples has places. Two arguments of one event stand in for subject and object, and an argument with
its trigger for an argument of DuEE-fin. Only strings with several places are looked at; the others leave no choice.
"""

from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from ie_cli.errors import Report
from ie_cli.locate import PlaceChoice, nearest, pairs, places
from ie_cli.registry import load

EE = Path(__file__).parents[2] / "shared" / "data" / "ee"
if not EE.is_dir():
    pytest.skip("no real data beside the repository", allow_module_level=True)

SETS = [
    # pairs, right with nearest, with first, among those of all; arguments, right with nearest, with first
    ("fewfc", "fewfc/train_base.json", (8066, 4130, 3107, 8060), (3192, 2092, 1456)),
    ("duee", "duee1/duee_train_sample.json", (189, 128, 96, 186), (130, 102, 60)),
]


def place(span):
    return span.start, span.end


def found(record, span):
    return places(record.text, span.text).places


def events(format, file):
    for record in load("ie_cli.formats", format).read(str(EE / file), Report()):
        for event in record.events:
            yield record, event, [argument for argument in event.arguments if argument.start is not None]


@pytest.mark.parametrize(("format", "file", "expected"), [row[:3] for row in SETS])
def test_the_nearest_pair_is_right_more_often_than_the_first(format, file, expected):
    seen = {}
    for record, _, arguments in events(format, file):
        for one, other in combinations(arguments, 2):
            if one.text != other.text:
                seen[record.id, record.text, place(one), place(other)] = found(record, one), found(record, other)
    right = Counter()
    for (*_, one, other), both in seen.items():
        if len(both[0]) * len(both[1]) > 1:
            right["pairs"] += 1
            right.update(choice for choice in PlaceChoice if choice != "none" and (one, other) in pairs(*both, choice))
    assert tuple(right[key] for key in ("pairs", PlaceChoice.nearest, PlaceChoice.first, PlaceChoice.all)) == expected


@pytest.mark.parametrize(("format", "file", "expected"), [(*row[:2], row[3]) for row in SETS])
def test_the_argument_nearest_to_its_trigger_is_right_more_often_than_the_first(format, file, expected):
    several = [
        (place(event.trigger), place(argument), found(record, argument))
        for record, event, arguments in events(format, file)
        for argument in arguments
        if event.trigger is not None and len(found(record, argument)) > 1
    ]
    near = sum(nearest(trigger, there) == argument for trigger, argument, there in several)
    assert (len(several), near, sum(there[0] == argument for _, argument, there in several)) == expected
