"""The real event files, where they are at hand: counts as their README states them, and round trips."""

from collections import Counter
from pathlib import Path

import pytest
from same_events import events, through

from ie_cli import records, registry
from ie_cli.commands.convert import located
from ie_cli.errors import Report
from ie_cli.locate import PlaceChoice

EE = Path(__file__).parents[3] / "shared" / "data" / "ee"
if not EE.is_dir():
    pytest.skip("no real data beside the repository", allow_module_level=True)

DUEE = "duee1/duee_train_sample.json"
FIN = "duee_fin/duee_fin_dev_first300.json"
CCKS = "ccks2019_event_entity/train_first9000.csv"
# format, file, options, records, ids, events, arguments
FILES = [
    ("duee", DUEE, {}, 600, 600, 687, 1397),
    ("duee", DUEE, {"schema": "duee1/duee_event_schema.json"}, 600, 600, 687, 1397),
    ("duee_fin", FIN, {}, 300, 300, 405, 2029),
    ("duee_fin", FIN, {"schema": "duee_fin/duee_fin_event_schema.json"}, 300, 300, 405, 2029),
    ("fewfc", "fewfc/train_base.json", {}, 2732, 2732, 4682, 15607),
    ("fewfc", "fewfc/train_trans.json", {}, 820, 820, 895, 2564),
    ("ccks_event_entity", CCKS, {}, 9000, 9000, 7401, 7401),
    ("ccks_event_entity", CCKS, {"variant": "texts"}, 8301, 8301, 7346, 7346),
]


def read(name, file, report, **options):
    if "schema" in options:
        options["schema"] = str(EE / options["schema"])
    return list(registry.load("ie_cli.formats", name).read(str(EE / file), report, **options))


@pytest.mark.parametrize(("name", "file", "options", "texts", "ids", "found", "arguments"), FILES)
def test_counts_and_spans(name, file, options, texts, ids, found, arguments):
    report = Report()
    seen = read(name, file, report, **options)
    for record in seen:
        records.check(record)
    whole = [event for record in seen for event in record.events]
    assert (len(seen), len({record.id for record in seen})) == (texts, ids)
    assert (len(whole), sum(len(event.arguments) for event in whole)) == (found, arguments)
    assert report.reasons == ({("mended", "NaN in other case"): 1} if file == CCKS else {})


@pytest.mark.parametrize(("name", "file", "options"), [row[:3] for row in FILES])
def test_what_is_written_is_read_again(name, file, options, tmp_path):
    before = read(name, file, Report(), **options)
    again = {"variant": options["variant"]} if "variant" in options else {}
    after, report = through(registry.load("ie_cli.formats", name), before, tmp_path, **again)
    assert not report.reasons
    assert [(r.id, r.text, events(r), r.extra) for r in after] == [(r.id, r.text, events(r), r.extra) for r in before]


@pytest.mark.parametrize(("name", "file"), [("duee_fin", FIN), ("ccks_event_entity", CCKS)])
def test_places_that_were_found_change_nothing_that_is_written(name, file, tmp_path):
    before = placed(read(name, file, Report()))
    after, report = through(registry.load("ie_cli.formats", name), before, tmp_path)
    assert not report.reasons
    assert [(r.id, events(r)) for r in placed(after)] == [(r.id, events(r)) for r in before]


def placed(found):
    """The records as `ie convert` gives them."""
    return list(located(found, PlaceChoice.nearest, Report(), Counter()))


def test_what_has_a_place_in_duee_fin():
    """All but the choices and what is only in the title; a choice is never looked for."""
    whole = [event for record in placed(read("duee_fin", FIN, Report())) for event in record.events]
    seen = Counter(("enum" in a.extra, a.start is not None) for event in whole for a in event.arguments)
    assert seen == {(False, True): 1977, (False, False): 22, (True, False): 30}
    assert Counter(event.trigger.start is not None for event in whole) == {True: 397, False: 8}


def test_annotation_tools_report_what_has_no_place(tmp_path):
    before = placed(read("duee_fin", FIN, Report()))
    after, report = through(registry.load("ie_cli.formats", "doccano"), before, tmp_path)
    left = [event for record in after for event in record.events or ()]
    lost_events = [e for record in before for e in record.events if e.trigger.start is None]
    assert report.reasons["lost", "event without a place"] == len(lost_events) == 405 - len(left)
    in_others = 2029 - sum(len(event.arguments) for event in lost_events)
    assert report.reasons["lost", "no place"] == in_others - sum(len(event.arguments) for event in left)


PLACED = [("duee", DUEE), ("fewfc", "fewfc/train_base.json"), ("fewfc", "fewfc/train_trans.json")]


@pytest.mark.parametrize("to", ["doccano", "label_studio", "brat"])
@pytest.mark.parametrize(("name", "file"), PLACED)
def test_annotation_tools_hold_the_events(name, file, to, tmp_path):
    """Everything but DuEE's `class` and `alias` and that there are no events, which are reported."""
    before = read(name, file, Report())
    after, report = through(registry.load("ie_cli.formats", to), before, tmp_path)
    assert {kind for kind, _ in report.reasons} <= {"lost"}
    assert report.counts["lost"] == sum(without_keys(record) + (not record.events) for record in before)
    assert sorted((r.text, events(r) or []) for r in after) == sorted((r.text, events(r)) for r in before)


def without_keys(record):
    """Empty the `extra` of events and arguments, which these formats have no place for; how many there were."""
    count = 0
    for event in record.events:
        for part in (event, *event.arguments):
            count += len(part.extra)
            part.extra.clear()
    return count


def test_the_hard_cases_are_there():
    """What DuEE and DuEE-fin are known for (see their README) is in the records, not lost on the way."""
    seen = Counter()
    for record in read("duee", DUEE, Report()):
        places = Counter((e.type, e.trigger.start, e.trigger.end) for e in record.events)
        seen["two events with type and trigger"] += sum(n > 1 for n in places.values())
        for event in record.events:
            seen["no arguments"] += not event.arguments
            seen["several values of a role"] += sum(n > 1 for n in Counter(a.role for a in event.arguments).values())
            seen["begins with a space"] += sum(a.text.startswith(" ") for a in event.arguments)
    assert seen == {
        "two events with type and trigger": 1,
        "no arguments": 35,
        "several values of a role": 20,
        "begins with a space": 2,
    }
    seen.clear()
    for record in read("duee_fin", FIN, Report()):
        seen["no events"] += not record.events
        for argument in (a for event in record.events for a in event.arguments):
            seen["a choice"] += "enum" in argument.extra
            seen["only in the title"] += argument.text not in record.text and argument.text in record.extra["title"]
    assert seen == {"no events": 35, "a choice": 30, "only in the title": 22}
