"""What several predictions agree on, by hand; and `ie vote` on files."""

import json
import os

import pytest
from typer.testing import CliRunner

from ie_cli.commands import app
from ie_cli.records import from_json, to_json
from ie_cli.voting import vote

TEXT = "张三丰在北京大学任教"


def span(text, **keys):
    start = TEXT.index(text)
    return {"start": start, "end": start + len(text), **keys, "text": text}


def name(text="张三丰", type="人", **keys):
    return span(text, type=type) | keys


def record(**parts):
    return {"id": 1, "text": TEXT, **parts}


def agreed(*given, least=2):
    return to_json(vote([from_json(one) for one in given], least))


def entities(*lists, least=2):
    found = agreed(*(record(entities=one) for one in lists), least=least)["entities"]
    return [(entity["text"], entity["type"], entity["score"]) for entity in found]


def test_an_entity_stays_that_enough_hold_and_its_score_is_the_mean():
    a, b, c = name(score=0.9), name(score=0.6), name("北京", "地", score=0.8)
    assert entities([a], [b, c], []) == [("张三丰", "人", 0.5)]
    assert entities([a], [b, c], [], least=1) == [("张三丰", "人", 0.5), ("北京", "地", 0.2667)]
    assert entities([a], [b, c], [], least=3) == []


def test_place_and_type_make_an_entity():
    assert entities([name()], [name(type="神")], [name("张三")]) == []
    assert entities([name()], [name()], [name("张三")]) == [("张三丰", "人", 0.6667)]


def test_a_file_has_one_vote():
    assert entities([name(), name()], [], []) == []


def test_what_nobody_looked_for_is_not_empty_but_absent():
    assert agreed(record(), record()) == record()
    assert agreed(record(), record(entities=[]))["entities"] == []


def test_entities_come_in_order_of_place_and_overlap_only_if_they_may():
    far, near, inner = name("任教", score=0.9), name("北京大学", score=0.6), name("北京", score=0.8)
    nowhere = {"text": "某人", "type": "人", "score": 1.0}
    given = [from_json(record(entities=[nowhere, far, near, inner]))]
    for flat, places in ((False, ["北京", "北京大学", "任教", "某人"]), (True, ["北京", "任教", "某人"])):
        assert [entity.text for entity in vote(given, 1, flat=flat).entities] == places


def test_the_other_keys_are_those_of_the_first():
    assert agreed(record(source="a"), record(source="b")) == record(source="a")


def test_the_entry_that_most_link():
    links = [{"kb_id": "1"}, {"kb_id": "2"}, {"kb_id": "2"}, {"kb_id": None}]
    found = agreed(*(record(entities=[name(link=link)]) for link in links))
    assert [entity["link"]["kb_id"] for entity in found["entities"]] == ["2"]


def relation(object="北京大学", **slots):
    return {"predicate": "任职", "subject": name(), "object": name(object, "机构"), "slots": slots}


@pytest.mark.parametrize(
    ("given", "stays"),
    [
        ([relation(), relation()], 1),
        ([relation(), relation("北京")], 0),
        ([relation(), relation(in_=name("北京", "地"))], 0),
        ([relation(in_=name("北京", "地")), relation(in_=name("北京", "地"))], 1),
    ],
)
def test_relations_are_one_with_all_their_spans(given, stays):
    assert len(agreed(*(record(relations=[one]) for one in given))["relations"]) == stays


def event(*arguments, trigger="任教"):
    found = {"type": "任职", "arguments": [span(text, type=None, role=role) for role, text in arguments]}
    return found | ({"trigger": span(trigger, type=None)} if trigger else {})


WHO, WHERE = ("谁", "张三丰"), ("处", "北京大学")


def test_arguments_of_an_event_are_voted_on():
    given = [event(WHO, WHERE), event(WHO), event(WHO, WHERE), event(("处", "北京"))]
    (found,) = agreed(*(record(events=[one]) for one in given))["events"]
    assert [(argument["role"], argument["score"]) for argument in found["arguments"]] == [("谁", 0.75)]
    (found,) = agreed(*(record(events=[one]) for one in given[:3]))["events"]
    assert [argument["text"] for argument in found["arguments"]] == ["张三丰", "北京大学"]


def test_events_with_one_trigger_are_not_lost():
    both = record(events=[event(WHO), event(WHERE)])
    found = agreed(both, both, both)["events"]
    assert [[argument["text"] for argument in one["arguments"]] for one in found] == [["张三丰"], ["北京大学"]]


def test_without_a_trigger_the_arguments_make_the_event():
    one, other = event(WHO, WHERE, trigger=None), event(WHO, trigger=None)
    assert agreed(record(events=[one]), record(events=[other]))["events"] == []
    (found,) = agreed(record(events=[one]), record(events=[event(WHERE, WHO, trigger=None)]))["events"]
    assert len(found["arguments"]) == 2


# --- ie vote -------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path):
    def write(**lines):
        for key, found in lines.items():
            (tmp_path / f"{key}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in found), "utf-8")
        return [str(tmp_path / f"{key}.jsonl") for key in lines]

    return write


def run(*args):
    return CliRunner().invoke(app, ["vote", *map(str, args)])


def lines(id, *found):
    return {"id": id, "text": TEXT, "entities": list(found)}


def test_files_are_voted_on_line_by_line_in_the_order_of_the_first(files):
    a = [lines(1, name()), lines(2), lines(3, name())]
    b = [lines(3, name()), lines(2, name()), lines(1, name())]
    done = run(*files(a=a, b=b))
    assert done.exit_code == 0 and done.stderr == ""
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["id"], len(one["entities"])) for one in found] == [(1, 1), (2, 0), (3, 1)]


def test_a_pattern_names_files(files, tmp_path):
    files(a=[lines(1, name())], b=[lines(1, name())])
    assert json.loads(run(tmp_path / "*.jsonl").stdout)["entities"]


def test_a_record_that_a_file_lacks_is_counted(files):
    done = run(*files(a=[lines(1, name()), lines(2, name())], b=[lines(1, name()), lines(2, name())], c=[lines(2)]))
    assert [len(json.loads(line)["entities"]) for line in done.stdout.splitlines()] == [1, 1]
    assert "c.jsonl: lacks the record at" in done.stderr and "lost in all: 1" in done.stderr


def test_a_surplus_record_and_another_text_are_stated(files):
    assert "left for this one (id 2)" in run(*files(a=[lines(1)], b=[lines(1), lines(2)])).stderr
    assert "text differs" in run(*files(a=[lines(1)], b=[lines(1) | {"text": "别的"}])).stderr


def test_lines_that_cannot_be_read_are_told_once(files, tmp_path):
    names = files(a=[lines(1)], b=[lines(1)], c=[lines(1)])
    with (tmp_path / "a.jsonl").open("a") as out:
        out.write("{\n")
    done = run(*names)
    assert done.exit_code == 3 and "skipped in all: 1" in done.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [(["a"], "two files or more"), (["a", "-"], "name files"), (["a", "b", "--least", 3], "nothing can have")],
)
def test_usage(args, message):
    done = run(*args)
    assert done.exit_code == 2 and message in done.stderr


def test_an_input_is_not_overwritten(files):
    a, b = files(a=[lines(1)], b=[lines(1)])
    assert "is an input" in run(a, b, "-o", a).stderr


def test_a_pipe_that_would_be_read_twice_is_refused(tmp_path):
    os.mkfifo(tmp_path / "a")
    result = CliRunner().invoke(app, ["vote", *(str(tmp_path / name) for name in "abc")])
    assert result.exit_code == 2 and "so a pipe will not do; name a file" in result.stderr
