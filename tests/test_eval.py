import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

import ie_cli
from ie_cli import registry
from ie_cli.commands import _eval_scorer, app
from ie_cli.commands._table import table
from ie_cli.records import Entity, Record, Relation, Span, dumps, loads
from ie_cli.scoring import Score, Tally, counts_for

GOLD = [
    ("1", "张三丰在北京大学", [(0, 3, "人物"), (4, 8, "机构"), (4, 6, "地点")]),
    ("2", "李四去上海", [(0, 2, "人物"), (3, 5, "地点")]),
]
PRED = [
    ("1", "张三丰在北京大学", [(0, 3, "人物"), (4, 8, "机构")]),
    ("2", "李四去上海", [(0, 2, "人物"), (2, 5, "地点"), (0, 1, "姓")]),
]
DATA = "data:b45ac328deca"
TABLE = f"""\
type         P       R      F1  tp  pred  gold
人物    1.0000  1.0000  1.0000   2     2     2
地点    0.0000  0.0000  0.0000   0     1     2
姓      0.0000  0.0000  0.0000   0     1     0
机构    1.0000  1.0000  1.0000   1     1     1
micro   0.6000  0.6000  0.6000   3     5     5
macro   0.6667  0.6667  0.6667   -     -     -
flat    0.6667  0.6667  0.6667   2     3     3
nested  0.5000  0.5000  0.5000   1     2     2
ner|exact(start,end,type)|micro|records:2|gold:5|pred:5|{DATA}|ie:{ie_cli.__version__}
"""


def lines(rows) -> str:
    made = (Record(text, ident, [Entity(s, e, t, text[s:e]) for s, e, t in spans]) for ident, text, spans in rows)
    return "".join(dumps(record) + "\n" for record in made)


@pytest.fixture
def ie(tmp_path, monkeypatch):
    """Run `ie eval` in a folder that holds gold.jsonl and pred.jsonl."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    (tmp_path / "gold.jsonl").write_text(lines(GOLD), "utf-8")
    (tmp_path / "pred.jsonl").write_text(lines(PRED), "utf-8")
    return lambda *args, **kwargs: CliRunner().invoke(app, ["eval", *args], **kwargs)


def test_the_table(ie):
    result = ie("gold.jsonl", "pred.jsonl")
    assert (result.exit_code, result.stdout, result.stderr) == (0, TABLE, "")


@pytest.mark.parametrize("args", [["gold.jsonl"], ["gold.jsonl", "-"]])
def test_predictions_from_stdin(ie, args):
    assert ie(*args, input=lines(PRED)).stdout == TABLE


def test_gold_from_stdin(ie):
    assert ie("-", "pred.jsonl", input=lines(GOLD)).stdout == TABLE


def test_the_order_of_the_predictions_does_not_matter(ie):
    assert ie("gold.jsonl", input=lines(PRED[::-1])).stdout == TABLE


def test_without_types(ie):
    result = ie("gold.jsonl", "pred.jsonl", "--no-by-type", "--metric", "macro")
    assert [line.split()[0] for line in result.stdout.splitlines()[:-1]] == ["type", "micro", "macro", "flat", "nested"]
    assert "|macro|" in result.stdout.splitlines()[-1]
    assert "types" not in json.loads(ie("gold.jsonl", "pred.jsonl", "--no-by-type", "--json").stdout)


def test_json(ie):
    data = json.loads(ie("gold.jsonl", "pred.jsonl", "--json").stdout)
    assert data["micro"] == {"precision": 0.6, "recall": 0.6, "f1": 0.6, "tp": 3, "n_pred": 5, "n_gold": 5}
    assert data["types"]["姓"]["n_gold"] == 0
    assert data["signature"] == TABLE.splitlines()[-1]


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["--fail-under", "0.6"], 0),
        (["--fail-under", "0.61"], 1),
        (["--fail-under", "0.61", "--metric", "macro"], 0),
    ],
)
def test_fail_under(ie, args, code):
    result = ie("gold.jsonl", "pred.jsonl", *args)
    assert result.exit_code == code
    assert result.stdout  # the figures are printed all the same
    assert ("micro F1 0.6000 is below" in result.stderr) == (code == 1)


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["-"],
        ["-", "-"],
        ["gold.jsonl", "pred.jsonl", "-m", "model"],
        ["gold.jsonl", "pred.jsonl", "--fail-under", "80"],
        ["gold.jsonl", "pred.jsonl", "--metric", "weighted"],
    ],
)
def test_wrong_usage(ie, args):
    assert ie(*args).exit_code == 2


@pytest.mark.parametrize(
    ("gold", "pred", "message"),
    [
        (
            lines(GOLD),
            lines([GOLD[0], ("2", "李四去上 海", [])]),
            "-:2: the text differs from g.jsonl:2 at character 4",
        ),
        (lines(GOLD[:1]), lines(GOLD), "-:2: no record of the first file is left for this one"),
        ('{"text": "a"}', '{"text": "a", "entities": []}', "g.jsonl: no record has 'entities'"),
        ("", "", "g.jsonl: no record has 'entities'"),
        (lines(GOLD), "", "-: no record has 'entities'"),
        (lines(GOLD), '{"text": "张三丰在北京大学"}', "-: no record has 'entities'"),
    ],
)
def test_stated_errors(ie, tmp_path, gold, pred, message):
    (tmp_path / "g.jsonl").write_text(gold, "utf-8")
    result = ie("g.jsonl", input=pred)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"error: {message}" in result.stderr


def test_a_file_that_does_not_exist(ie):
    result = ie("nowhere.jsonl", "pred.jsonl")
    assert (result.exit_code, result.stderr) == (1, "error: nowhere.jsonl: no such file\n")


def test_unreadable_lines_are_named_and_counted(ie):
    result = ie("gold.jsonl", input="\n{broken\n" + lines(PRED))
    assert (result.exit_code, result.stdout) == (3, TABLE)
    assert "skipped: -:2: not JSON" in result.stderr


def test_the_line_of_a_difference_counts_empty_and_unreadable_lines(ie):
    result = ie("gold.jsonl", input="\n{broken\n" + lines([("1", "x", [])]))
    assert "error: -:3: the text differs from gold.jsonl:1" in result.stderr


def test_a_missing_prediction_counts_as_an_empty_one(ie):
    result = ie("gold.jsonl", "--json", input=lines(PRED[1:]))
    data = json.loads(result.stdout)
    assert (data["missing"], data["micro"]["n_gold"], data["micro"]["n_pred"]) == (1, 5, 3)
    assert "lost: gold.jsonl:1: no prediction for this record" in result.stderr


def test_a_prediction_without_the_part_counts_as_empty_and_is_told(ie):
    result = ie("gold.jsonl", "--json", input=lines(PRED[:1]) + '{"id": "2", "text": "李四去上海"}\n')
    assert json.loads(result.stdout)["missing"] == 1
    assert result.stderr == "note: predictions without 'entities', counted as empty: 1\n"


def test_notes_on_what_the_figures_hide(ie, tmp_path):
    extra = [{"text": "a", "entities": [{"type": "A", "text": "b"}] * 2}, {"text": "c"}]
    text = lines(GOLD) + "".join(json.dumps(row) + "\n" for row in extra)
    result = ie("-", "pred.jsonl", input=text)
    assert result.stderr.splitlines()[-3:] == [
        "note: gold records without 'entities', left out: 1",
        "note: gold entities that repeat another of their record, counted once: 1",
        "note: gold entities without offsets, matched only with others without offsets: 1",
    ]


def test_a_model_sees_no_gold(ie, monkeypatch):
    seen = []

    def predict(model, records):
        for record, (_, text, spans) in zip(records, PRED, strict=True):
            seen.append((model.place, record.entities))
            yield replace(record, entities=[Entity(s, e, t, text[s:e]) for s, e, t in spans])

    codec = SimpleNamespace(dropped={"spans in a test": 2})
    zoo = SimpleNamespace(load=lambda place: SimpleNamespace(place=place, kind="ner", codec=codec))
    monkeypatch.setitem(sys.modules, "ie_cli.zoo.folder", zoo)
    monkeypatch.setitem(sys.modules, "ie_cli.predicting", SimpleNamespace(predict=predict))
    result = ie("gold.jsonl", "-m", "folder")
    assert result.stdout == TABLE and result.stderr.splitlines()[0] == "left out: 2 spans in a test"
    assert ie("-m", "folder", input=lines(GOLD)).stdout == TABLE
    assert seen == [("folder", None)] * 4
    assert "no record has 'relations'" in ie("gold.jsonl", "-m", "folder", "--task", "relations").stderr


def test_a_drawn_table_on_a_terminal(ie, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    result = ie("gold.jsonl", "pred.jsonl")
    assert "─" in result.stdout
    assert result.stdout.splitlines()[-1] == TABLE.splitlines()[-1]


# --- Relations, and which kind and rule it is ----------------------------------------------------

TEXT = "鲁迅写了《呐喊》，周作人是他弟弟"
AUTHOR, BROTHER = ("作者", (4, 8), (0, 2)), ("兄弟", (0, 2), (9, 12))
RELATIONS = f"""\
type         P       R      F1  tp  pred  gold
作者    0.0000  0.0000  0.0000   0     1     1
兄弟    1.0000  1.0000  1.0000   1     1     1
micro   0.5000  0.5000  0.5000   1     2     2
macro   0.5000  0.5000  0.5000   -     -     -
normal  0.0000  0.0000  0.0000   0     0     0
seo     0.5000  0.5000  0.5000   1     2     2
epo     0.0000  0.0000  0.0000   0     0     0
relations|strict(start,end)|micro|records:1|gold:2|pred:2|data:…|ie:{ie_cli.__version__}
"""


def related(*triples, entities=None, **extra) -> str:
    """A line of relations (predicate, subject, object), each a place, and of the entities that are named."""

    def span(start, end, **more):
        return Span(start, end, None, TEXT[start:end], **more)

    relations = [Relation(p, span(*s), span(*o)) for p, s, o in triples]
    found = None if entities is None else [Entity(s, e, "人物", TEXT[s:e]) for s, e in entities]
    return dumps(Record(TEXT, entities=found, relations=relations, extra=extra)) + "\n"


def lines_to(folder, gold: str, **others: str) -> None:
    for name, text in ({"r": gold} | others).items():
        (folder / f"{name}.jsonl").write_text(text, "utf-8")


def test_relations_by_places(ie, tmp_path):
    lines_to(tmp_path, related(AUTHOR, BROTHER), p=related(("作者", (5, 7), (0, 2)), BROTHER))
    result = ie("r.jsonl", "p.jsonl")
    # Both predictions have 鲁迅, so the wrong one is one of overlapping triples, too.
    assert re.sub("data:[0-9a-f]{12}", "data:…", result.stdout) == RELATIONS
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("rule", "f1", "signature"),
    [(None, 0, "strict(start,end)"), ("strict", 0, "strict(start,end)"), ("text", 0, "text(tokens)"),
     ("official", 1, "official(LIC2019)")],
)  # fmt: skip
def test_rules_of_relations(ie, tmp_path, rule, f1, signature):
    lines_to(tmp_path, related(AUTHOR), p=related(("作者", (5, 7), (0, 2))))
    data = json.loads(ie("r.jsonl", "p.jsonl", "--json", *(["--rule", rule] if rule else [])).stdout)
    assert data["micro"]["f1"] == f1
    assert data["signature"].startswith(f"relations|{signature}|micro|records:1|gold:1|pred:1|data:")


def test_gold_of_strings_is_compared_by_strings(ie, tmp_path):
    lines_to(tmp_path, related(BROTHER, located={}), p=related(AUTHOR))
    result = ie("r.jsonl", "p.jsonl")
    assert "|text(tokens)|" in result.stdout
    assert result.stderr == "note: gold records of strings, not annotated places, so the rule is 'text': 1\n"
    assert "|strict(start,end)|" in ie("r.jsonl", "p.jsonl", "--rule", "strict").stdout


@pytest.mark.parametrize("rule", [[], ["--rule", "official"]])
def test_aliases(ie, tmp_path, rule):
    gold, pred = related(("作者", (5, 7), (0, 2)), ("作者", (5, 7), (9, 12))), related(("作者", (5, 7), (0, 2)))
    lines_to(tmp_path, gold, p=pred)
    (tmp_path / "names.json").write_text('{"鲁迅": ["周作人"]}', "utf-8")
    rows = ie("r.jsonl", "p.jsonl", "--alias", "names.json", *rule).stdout.splitlines()
    assert rows[0].split() == ["type", "P", "R", "F1", "tp", "found", "pred", "gold"]
    assert rows[1].split() == ["作者", "1.0000", "1.0000", "1.0000", "1", "2", "1", "2"]
    assert rows[3].split() == ["macro", "1.0000", "1.0000", "1.0000", "-", "-", "-", "-"]
    assert "|official(LIC2019)+alias:" in rows[-1]


def test_repeated_texts_are_told(ie, tmp_path):
    lines_to(tmp_path, related(BROTHER) * 3, p=related(BROTHER) * 3)
    result = ie("r.jsonl", "p.jsonl", "--rule", "official")
    assert "gold:3|pred:3" in result.stdout
    assert "note: gold records that repeat an earlier text (Baidu's scorer keeps one of them): 2" in result.stderr


HERO, OTHER = (0, 2), (9, 12)


@pytest.mark.parametrize(
    ("gold", "pred", "args", "kind", "note"),
    [
        (related(BROTHER), related(AUTHOR, entities=[HERO]), [], "relations", ""),
        (related(BROTHER, entities=[HERO]), related(AUTHOR, entities=[OTHER]), [], "relations", "--task entities"),
        (related(BROTHER, entities=[HERO]), lines([(None, TEXT, [])]), [], "ner", "scored are the entities"),
        (related(BROTHER, entities=[HERO]), related(BROTHER, entities=[OTHER]), [], "ner", "--task relations"),
        (related(BROTHER, entities=[HERO]), related(AUTHOR, entities=[HERO]), ["--task", "entities"], "ner", ""),
        (related(entities=[HERO]), related(AUTHOR, entities=[OTHER]), [], "ner", ""),  # empty lists annotate nothing
        (related(BROTHER), related(BROTHER), [], "relations", "the relations of PRED are those of GOLD"),
        (related(), related(AUTHOR), [], "relations", ""),  # unless there are no others
        (lines([(None, TEXT, [])]) + related(BROTHER), related() + related(AUTHOR), [], "relations", ""),
    ],
)
def test_the_kind_follows_the_data(ie, tmp_path, gold, pred, args, kind, note):
    lines_to(tmp_path, gold, p=pred)
    for piped in (["r.jsonl", "-"], ["r.jsonl", "p.jsonl"]):
        result = ie(*piped, *args, "--json", input=pred)
        assert json.loads(result.stdout)["kind"] == kind
        notes = [line for line in result.stderr.splitlines() if "those of GOLD" in line or "--task" in line]
        assert note in "\n".join(notes) and bool(note) == bool(notes)


def test_every_scorer_can_be_named(ie):
    assert sorted(_eval_scorer.KINDS.values()) == registry.names("ie_cli.scoring")
    for part in _eval_scorer.KINDS:
        assert counts_for(_eval_scorer.kind_of(part)).part == part
    listed = [row.split()[:2] for row in ie("--list").stdout.splitlines()]
    assert listed == [[part, rule] for part, kind in _eval_scorer.KINDS.items() for rule in counts_for(kind).rules]


def test_only_so_many_records_are_looked_at():
    taken = []
    stream = (taken.append(i) or SimpleNamespace(record=i) for i in range(3 * _eval_scorer.LOOKED_AT))
    head, again = _eval_scorer.look(stream)
    assert len(head) == len(taken) == _eval_scorer.LOOKED_AT
    assert [item.record for item in again] == list(range(3 * _eval_scorer.LOOKED_AT))


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (
            ["--task", "relation"],
            2,
            "unknown task 'relation'. Did you mean 'relations'? Known: events, relations, links, entities",
        ),
        (["--rule", "txt"], 2, "unknown rule of relations 'txt'. Did you mean 'text'? Known: strict, text, official"),
        (["--task", "entities", "--rule", "text"], 2, "unknown rule of entities 'text'. Known: strict"),
        (["--task", "entities"], 1, "r.jsonl: no record has 'entities'; annotate it"),
        (["--rule", "text", "--alias", "names.json"], 2, "--alias: 'text' takes no aliases; of relations it goes with"),
        (
            ["--task", "entities", "--alias", "names.json"],
            2,
            "--alias: 'entities' takes no aliases; of entities no rule",
        ),
        (["--alias", "nowhere.json"], 1, "nowhere.json: no such file"),
        (["--alias", "r.jsonl"], 1, 'r.jsonl:1: expected {"name": ["alias", …]}'),
    ],
)
def test_stated_errors_of_the_choice(ie, tmp_path, args, code, message):
    lines_to(tmp_path, related(BROTHER), p=related(AUTHOR))
    (tmp_path / "names.json").write_text('{"a": ["b"]}', "utf-8")
    result = ie("r.jsonl", "p.jsonl", *args)
    assert (result.exit_code, result.stdout) == (code, "")
    assert f"error: {message}" in result.stderr


def test_data_without_annotations_name_what_is_missing(ie, tmp_path):
    bare = '{"text": "a"}\n'
    lines_to(tmp_path, bare * _eval_scorer.LOOKED_AT + related(BROTHER), p=bare)
    message = "none of the first 1000 records has 'entities' or 'relations' or 'events'; say what is meant with --task"
    assert f"error: r.jsonl: {message}" in ie("r.jsonl", "p.jsonl").stderr
    lines_to(tmp_path, related(BROTHER))
    assert "error: -: no record has 'relations'; PRED is" in ie("r.jsonl", input=lines([(None, TEXT, [])])).stderr


def test_missing_links_are_looked_for_in_the_entities(ie, tmp_path):
    linked = '{"text": "a", "entities": [{"start": 0, "end": 1, "text": "a", "link": {"kb_id": "1"}}]}\n'
    lines_to(tmp_path, linked, p='{"text": "a"}\n')
    result = ie("r.jsonl", "p.jsonl", "--task", "links")
    assert "p.jsonl: no record has 'link' in its entities; PRED is" in result.stderr
    assert "(with --fields it needs text,entities)" in result.stderr
    result = ie("p.jsonl", "r.jsonl", "--task", "links")
    assert "p.jsonl: no record has 'link' in its entities; annotate it" in result.stderr


def test_notes_name_what_is_counted(ie, tmp_path):
    gold = related(BROTHER, BROTHER) + '{"text": "a"}\n' + '{"text": "b", "relations": []}\n'
    lines_to(tmp_path, gold)
    result = ie("r.jsonl", input=related(AUTHOR) + '{"text": "a"}\n{"text": "b"}\n')
    assert result.stderr.splitlines() == [
        "note: gold records without 'relations', left out: 1",
        "note: gold relations that repeat another of their record, counted once: 1",
        "note: predictions without 'relations', counted as empty: 1",
    ]
    assert loads(gold.splitlines()[0]).relations[0] == loads(gold.splitlines()[0]).relations[1]


def test_partial_credit_has_decimals_and_counts_have_none(monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    score = Score(kind="k", rule="r", data="d", types={"A": Tally(1.5, 2, 3), "B": Tally(0.0)}, parts={}, records=1)
    assert [row.split() for row in table(score, by_type=True).splitlines()] == [
        ["type", "P", "R", "F1", "tp", "pred", "gold"],
        ["A", "0.7500", "0.5000", "0.6000", "1.50", "2", "3"],
        ["B", "0.0000", "0.0000", "0.0000", "0.00", "0", "0"],
        ["micro", "0.7500", "0.5000", "0.6000", "1.50", "2", "3"],
        ["macro", "0.7500", "0.5000", "0.6000", "-", "-", "-"],
    ]


def test_a_pipe_of_gold_that_would_be_read_twice_is_refused(ie, tmp_path):
    os.mkfifo(tmp_path / "gold")
    result = ie(str(tmp_path / "gold"), "a", "b")
    assert result.exit_code == 2 and "so a pipe will not do; name a file" in result.stderr


def test_the_rules_are_listed_where_the_terminal_knows_ascii_only():
    command = [sys.executable, "-m", "ie_cli", "eval", "--list"]
    listed = [
        subprocess.run(command, env=os.environ | {"PYTHONIOENCODING": code}, capture_output=True, check=True)
        for code in ("ascii", "utf-8")
    ]
    assert listed[0].stdout == listed[1].stdout and listed[0].stderr == b""
