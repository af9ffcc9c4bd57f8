"""Formats of triples without places: what is read, checked against a schema, and written as a submission."""

import io
import json

import pytest

from ie_cli import registry
from ie_cli.errors import FormatError, Report
from ie_cli.locate import PlaceChoice, locate
from ie_cli.records import Entity, Event, Record, Relation, Span

PLAIN = {"predicate": "作者", "subject": "夜航", "subject_type": "书籍", "object": "陆时雨", "object_type": "人物"}
SLOTS = PLAIN | {"object": {"@value": "陆时雨", "inWork": "回声"}, "object_type": {"@value": "人物", "inWork": "作品"}}
MEDICAL = PLAIN | {"object": {"@value": "陆时雨"}, "object_type": {"@value": "人物"}, "Combined": False}
TRIPLES = {"duie1": PLAIN, "duie2": SLOTS, "cmeie": MEDICAL}
TEXT = "《夜航》和《回声》是陆时雨的，《夜航》"


def row(*triples, **extra):
    return json.dumps({"text": TEXT, "spo_list": list(triples)} | extra, ensure_ascii=False)


def read(name, lines, folder, **options):
    """Records and problems of a format on these lines."""
    problems, path = [], folder / "x.json"
    path.write_text("\n".join([lines] if isinstance(lines, str) else lines), encoding="utf-8")
    found = registry.load("ie_cli.formats", name).read(str(path), Report(problems.append), **options)
    return list(found), problems


def write(name, found):
    """Rows and causes of what a format writes."""
    out, report = io.BytesIO(), Report()
    registry.load("ie_cli.formats", name).write(found, out, report)
    return [json.loads(line) for line in out.getvalue().decode().splitlines()], dict(report.reasons)


@pytest.mark.parametrize(("name", "triple"), TRIPLES.items())
def test_a_triple_is_a_relation_without_places(name, triple, tmp_path):
    [record], problems = read(name, row(triple, id="7", postag=[]), tmp_path)
    [found] = record.relations
    assert (record.id, record.extra, record.entities, problems) == ("7", {"postag": []}, None, [])
    assert (found.predicate, found.subject, found.object) == (
        "作者", Span(None, None, "书籍", "夜航"), Span(None, None, "人物", "陆时雨"),
    )  # fmt: skip
    assert found.slots == ({"inWork": Span(None, None, "作品", "回声")} if name == "duie2" else {})
    assert found.extra == ({"Combined": False} if name == "cmeie" else {})


@pytest.mark.parametrize("choice", PlaceChoice)
@pytest.mark.parametrize(("name", "triple"), TRIPLES.items())
def test_what_was_read_is_written_again(name, triple, choice, tmp_path):
    """Repeated triples are repeated, those that stand at several places are not; our own marks are left out."""
    folded = triple | {"subject": "《夜航》 "}
    given = [row(triple, triple, folded, id="7", postag=[{"word": "雨", "pos": "n"}]), '{"text": "测试", "id": "8"}']
    found, _ = read(name, given, tmp_path)
    written, report = write(name, [locate(record, choice).record for record in found])
    assert written == [json.loads(line) for line in given]
    assert not report


SHAPES = [  # what is changed, how many triples are left, what is told
    ("duie1", {"object": ""}, 0, "lost", "the object of '作者' is empty"),
    ("duie1", {"subject": " \u3000"}, 0, "lost", "the subject of '作者' is empty"),
    ("duie1", {"subject": None}, 0, "lost", "the subject of '作者' is empty"),
    ("duie1", {"subject": ["夜航"]}, 0, "lost", "the subject of '作者' is no string: ['夜航']"),
    ("duie1", {"object": 8}, 0, "lost", "the object of '作者' is no string: 8"),
    ("duie1", {"object": None}, 0, "lost", "the object of '作者' has no '@value'"),
    ("duie1", {"predicate": ""}, 0, "lost", "no predicate: ''"),
    ("duie1", {"predicate": None}, 0, "lost", "no predicate: None"),
    ("duie1", {"score": 1}, 1, "lost", "the key 'score' of a triple has another meaning"),
    ("duie1", {"subject_type": 3}, 1, "lost", "the type of the subject of '作者' is no string: 3"),
    ("duie1", {"object": {"@value": "陆时雨"}}, 1, "mended", "'作者' has a dictionary where a string belongs: object"),
    ("duie1", {"object_type": {"@value": "人物"}}, 1, "mended", "a dictionary where a string belongs: object_type"),
    ("duie2", {"object": "陆时雨", "object_type": {}}, 1, "mended", "a string where a dictionary belongs: object"),
    ("duie2", {"object_type": "人物"}, 1, "mended", "a string where a dictionary belongs: object_type"),
    ("duie2", {"object": {"@value": "陆时雨", "inWork": ""}}, 1, "lost", "the slot 'inWork' of '作者' is empty"),
    ("duie2", {"object": {"@value": "陆时雨"}}, 1, "lost", "'作者' has a type for 'inWork', but no value"),
    ("duie2", {"object": {"inWork": "回声"}}, 0, "lost", "the object of '作者' has no '@value'"),
    ("duie2", {"object": ["陆时雨"], "object_type": None}, 0, "lost", "the object of '作者' is no string"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "left", "kind", "reason"), SHAPES)
def test_a_defect_is_told_with_its_line(name, change, left, kind, reason, tmp_path):
    found, problems = read(name, ['{"text": "好"}', row(TRIPLES[name] | change)], tmp_path)
    assert [(p.kind, p.line) for p in problems] == [(kind, 2)]
    assert reason in problems[0].reason
    assert len(found[1].relations) == left


@pytest.mark.parametrize("value", [{}, "x", None])
def test_a_list_of_triples_that_is_none_skips_the_row(value, tmp_path):
    found, problems = read("duie1", [row(PLAIN), row(spo_list=value)], tmp_path)
    assert len(found) == 1
    assert [(p.kind, p.line, p.reason) for p in problems] == [("skipped", 2, "'spo_list' is no list")]
    found, problems = read("duie1", row("作者"), tmp_path)
    assert (found[0].relations, problems[0].reason) == ([], "a triple is no object: '作者'")


def test_what_triples_have_no_place_for_is_told():
    inside, alone = Span(1, 3, "书籍", "夜航"), Span(6, 8, "书籍", "回声")
    relation = Relation("作者", inside, Span(10, 13, None, "陆时雨"), {"inWork": alone}, score=0.5)
    entities = [Entity(1, 3, "书籍", "夜航"), Entity(6, 8, "书籍", "回声"), Entity(0, 4, "书籍", "《夜航》")]
    record = Record(TEXT, None, entities, [relation], [Event("出版", None)], {"located": "nearest"})
    rows, causes = write("duie1", [record])
    plain = {key: value for key, value in PLAIN.items() if key != "object_type"}
    assert rows == [{"text": TEXT, "spo_list": [plain]}]
    assert causes == {
        ("lost", "entity in this format"): 2,  # the other is an end of the triple; that of a slot is lost with it
        ("lost", "event in this format"): 1,
        ("lost", "slot in this format"): 1,
    }
    rows, causes = write("duie2", [record])
    assert rows[0]["spo_list"][0]["object"] == SLOTS["object"]
    assert rows[0]["spo_list"][0]["object_type"] == {"inWork": "书籍"}
    assert ("lost", "slot in this format") not in causes


# --- Schemas -------------------------------------------------------------------------------------

AUTHOR = {"subject_type": "书籍", "predicate": "作者", "object_type": "人物"}
FOUNDED = [{"subject_type": kind, "predicate": "成立日期", "object_type": "Date"} for kind in ("机构", "企业")]
ROWS = [AUTHOR | {"object_type": {"@value": "人物", "inWork": "作品"}}, *FOUNDED]
LAYOUTS = {
    "lines": "\n".join(map(json.dumps, ROWS)),
    "array": json.dumps(ROWS),
    "pretty": json.dumps(ROWS, indent=4, ensure_ascii=False),
    "bom": "\ufeff" + json.dumps(ROWS, indent=1),
}


def checked(name, triple, folder, schema):
    path = folder / "schema.json"
    path.write_text(schema, encoding="utf-8")
    [record], problems = read(name, row(triple), folder, schema=str(path))
    assert all(p.line == 1 and p.path.endswith("x.json") for p in problems)
    return record.relations, [(p.kind, p.reason.replace(str(path), "SCHEMA")) for p in problems]


@pytest.mark.parametrize("schema", LAYOUTS.values(), ids=LAYOUTS)
def test_a_schema_in_any_layout(schema, tmp_path):
    relations, problems = checked("duie2", SLOTS, tmp_path, schema)
    assert (len(relations), problems) == (1, [])
    relations, problems = checked("duie2", SLOTS | {"predicate": "译者"}, tmp_path, schema)
    assert (relations, problems) == ([], [("lost", "'译者' is not in the schema SCHEMA; without --schema it is kept")])


OTHER = "types of '作者' are not as in SCHEMA: subject: 歌曲, @value: 人物; kept as they are"
CHECKS = [
    (PLAIN, ("书籍", "人物"), []),
    (PLAIN | {"subject_type": "歌曲"}, ("歌曲", "人物"), [("mended", OTHER)]),
    (PLAIN | {"subject_type": None}, ("书籍", "人物"), [("mended", "subject of '作者' gets the type '书籍'")]),
    (PLAIN | {"object_type": ""}, ("书籍", "人物"), [("mended", "@value of '作者' gets the type '人物'")]),
    (PLAIN | {"predicate": "成立日期", "subject_type": "企业", "object_type": "Date"}, ("企业", "Date"), []),
    (  # two subjects are possible, so neither is filled in
        PLAIN | {"predicate": "成立日期", "subject_type": None, "object_type": None},
        (None, "Date"),
        [("mended", "@value of '成立日期' gets the type 'Date'")],
    ),
]


@pytest.mark.parametrize(("triple", "types", "expected"), CHECKS)
def test_types_are_checked_and_filled_in(triple, types, expected, tmp_path):
    [relation], problems = checked("duie1", triple, tmp_path, LAYOUTS["lines"])
    assert ((relation.subject.type, relation.object.type), problems) == (types, expected)


def test_a_slot_that_the_schema_does_not_have(tmp_path):
    plain = "\n".join(map(json.dumps, [AUTHOR, *FOUNDED]))
    [relation], [(kind, reason)] = checked("duie2", SLOTS, tmp_path, plain)
    assert (list(relation.slots), kind) == (["inWork"], "mended")
    assert "inWork: 作品; kept as they are" in reason


def test_a_name_with_its_type_is_the_name_in_the_data(tmp_path):
    """CMeIE's schema parts 同义词 by type."""
    rows = [{"subject_type": t, "predicate": f"同义词-{t}", "object_type": t} for t in ("疾病", "药物")]
    triple = MEDICAL | {"predicate": "同义词", "subject_type": "药物", "object_type": {"@value": "药物"}}
    assert checked("cmeie", triple, tmp_path, json.dumps(rows))[1] == []
    assert checked("cmeie", triple | {"subject_type": "疾病"}, tmp_path, json.dumps(rows))[1][0][0] == "mended"


BAD = [
    (json.dumps(AUTHOR) + "\n{oops", 2, "not JSON"),
    ("[" + json.dumps(AUTHOR) + ",\n{]", 2, "not JSON"),
    (json.dumps(AUTHOR) + '\n{"subject_type": "书籍", "object_type": "人物"}', 2, "no string under 'predicate'"),
    ('\n{"predicate": "作者", "object_type": "人物"}', 2, "no string under 'subject_type'"),
    (json.dumps(AUTHOR | {"object_type": {"inWork": "作品"}}), 1, "no '@value' in 'object_type'"),
    (json.dumps(AUTHOR | {"object_type": {"@value": 3}}), 1, "no string under '@value'"),
    (json.dumps(AUTHOR | {"object_type": None}), 1, "no string under 'object_type'"),
    ("[1]", 1, "no string under"),
    ('{"event_type": "出版", "role_list": []}', 1, "expected a relation schema"),
    ("", None, "no predicates in this schema"),
    ("[]", None, "no predicates in this schema"),
]


@pytest.mark.parametrize(("schema", "line", "reason"), BAD)
def test_a_schema_that_cannot_be_read_is_an_error_with_its_line(schema, line, reason, tmp_path):
    with pytest.raises(FormatError, match=reason) as error:
        checked("duie1", PLAIN, tmp_path, schema)
    assert error.value.line == line
