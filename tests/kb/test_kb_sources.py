"""Entities from the files of CCKS and from catalogues of one's own, and what is told of them."""

import json

import pytest

from ie_cli import kb
from ie_cli.errors import FormatError, Report
from ie_cli.kb import sources
from ie_cli.kb.entry import Entry, to_json


@pytest.fixture
def read(tmp_path):
    """What a file of this content gives: entities, and problems as (kind, line, reason)."""

    def do(content, **options):
        path, problems = tmp_path / "kb", []
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        found = [item.entry for item in sources.read(str(path), Report(problems.append), **options)]
        return found, [(p.kind, p.line, p.reason) for p in problems]

    return do


def lines(*rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


CCKS = {"subject_id": "1", "subject": "夜航", "alias": ["夜航", "夜航记"], "type": ["Work"]}
DATA = {"data": [{"predicate": "摘要", "object": "小说"}, {"predicate": "页数", "object": 300}]}
FACTS = (("摘要", "小说"), ("页数", "300"))


@pytest.mark.parametrize(
    ("row", "entry"),
    [
        (CCKS | DATA, Entry("1", "夜航", ("夜航记",), ("Work",), facts=FACTS)),
        (CCKS | {"type": "Work"} | DATA, Entry("1", "夜航", ("夜航记",), ("Work",), facts=FACTS)),  # CCKS2020
        (CCKS | {"alias": ["夜航记"]}, Entry("1", "夜航", ("夜航记",), ("Work",))),  # the subject is none of them
        (CCKS | {"alias": []}, Entry("1", "夜航", (), ("Work",))),
        (CCKS | {"alias": None, "type": None, "data": []}, Entry("1", "夜航")),
        ({"subject_id": 1, "subject": " 夜航 "}, Entry("1", "夜航")),
        (CCKS | {"alias": ["记", "记", "", " 夜航 "]}, Entry("1", "夜航", ("记",), ("Work",))),
    ],
)
def test_rows_of_ccks(read, row, entry):
    assert read(lines(row)) == ([entry], [])


def test_a_catalogue_as_json(read):
    row = {"id": "P1", "name": "收割机", "aliases": ["小青"], "type": "产品", "description": "割麦子"}
    more = {"产地": "梁溪", "年": 2020, "标签": ["农", "机"], "空": "", "无": None}
    wanted = Entry(
        "P1", "收割机", ("小青",), ("产品",), "割麦子", (("产地", "梁溪"), ("年", "2020"), ("标签", "农、机"))
    )
    assert read(lines(row | more)) == ([wanted], [])
    assert read(json.dumps([row | more], ensure_ascii=False, indent=1)) == ([wanted], [])
    assert wanted.description == "割麦子\n产地：梁溪\n年：2020\n标签：农、机"


TABLE = "编号,名称,别名,类型,描述,产地\nP1,收割机,小青|割机,产品,割麦子,梁溪\n\nP2,播种机,,产品,,\n"
TABLE_FOUND = [
    Entry("P1", "收割机", ("小青", "割机"), ("产品",), "割麦子", (("产地", "梁溪"),)),
    Entry("P2", "播种机", (), ("产品",)),
]


@pytest.mark.parametrize("content", [TABLE, "\ufeff" + TABLE, TABLE.replace(",", "\t"), TABLE.replace("\n", "\r\n")])
def test_a_catalogue_as_a_table(read, content):
    assert read(content) == (TABLE_FOUND, [])


def test_a_table_in_gbk(read):
    assert read(TABLE.encode("gb18030")) == (TABLE_FOUND, [])


def test_quoted_cells_of_csv_and_plain_ones_of_tsv(read):
    assert read('id,name\n1,"a ""b"", c"\n') == ([Entry("1", 'a "b", c')], [])
    assert read('id\tname\n1\t"a" b\n') == ([Entry("1", '"a" b')], [])


def test_columns_may_be_named(read):
    named = {"id": "sku", "name": "title_zh", "aliases": "short"}
    found, problems = read("sku,name,title_zh,short\nX,英文,收割机,小青;割机\n", named=named, separator=";")
    assert found == [Entry("X", "收割机", ("小青", "割机"), facts=(("name", "英文"),))]
    assert not problems
    row = {"sku": "X", "title_zh": "收割机", "short": "小青;割机"}
    assert read(lines(row), named=named)[0] == [Entry("X", "收割机", ("小青;割机",))]  # JSON has lists for several


def test_a_column_may_be_both(read):
    assert read("name\n收割机\n", named={"id": "name"}) == ([Entry("收割机", "收割机")], [])


def test_the_likeliest_of_several_columns_is_taken(read):
    row = {"title": "收割机", "name": "割机", "code": "X", "id": "1"}
    assert read(lines(row))[0] == [Entry("1", "割机", facts=(("title", "收割机"), ("code", "X")))]


@pytest.mark.parametrize(
    ("content", "named", "message"),
    [
        ("id;b\n1;2\n", {}, r"kb:1: one column, 'id;b': commas or tabs have to separate several"),
        ("a,b\n1,2\n", {}, r"kb:1: no column for the id; the columns are 'a', 'b': name it with --id COLUMN"),
        ("id,b\n1,2\n", {}, r"kb:1: no column for the name; the columns are 'id', 'b'"),
        ("\nid,b\n1,2\n", {"name": "c"}, r"kb:2: no column 'c' for --name; the columns are 'id', 'b'"),
        ("id,name,x,x\n", {}, r"kb:1: two columns are called 'x'"),
        ("[{]", {}, r"kb:1: not JSON"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(read, content, named, message):
    with pytest.raises(FormatError, match=message):
        read(content, named=named)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"id": "1"}', "no name among the keys 'id'; name it with --name"),
        ('{"name": "x"}', "no id among the keys 'name'; name it with --id"),
        ('{"id": "1", "name": " "}', "no name under 'name'"),
        ('{"id": null, "name": "x"}', "no id under 'id'"),
        ('{"id": ["1"], "name": "x"}', "no id under 'id'"),
        ('{"id": "1\\n2", "name": "x"}', "the id has more than one line"),
        ('{"id": "1", "name": "x\\u0000"}', "the name has a NUL character"),
        ('["1"]', "not a JSON object"),
        ('{"id": "1", "name": "x"', "not JSON: Expecting ',' delimiter (character 24)"),
    ],
)
def test_a_row_without_id_or_name_is_skipped(read, row, reason):
    found, problems = read('{"id": "0", "name": "y"}\n' + row + '\n{"id": "2", "name": "z"}\n')
    assert [entry.id for entry in found] == ["0", "2"]
    assert problems == [("skipped", 2, reason)]


def test_an_empty_file_is_told(read):
    with pytest.raises(FormatError, match="holds nothing; a catalogue is JSON, CSV or TSV"):
        read("\n \n")


def test_a_row_of_another_length_is_skipped(read):
    assert read("id,name\n1,x,y\n2,z\n") == ([Entry("2", "z")], [("skipped", 2, "3 cells, but 2 columns")])


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"alias": ["x", {"y": 1}]}, "'alias' has what is no string: {\"y\": 1}"),
        ({"data": [{"predicate": "摘要"}]}, 'an item of \'data\' has no predicate or no object: {"predicate": "摘要"}'),
        ({"data": ["摘要"]}, "an item of 'data' has no predicate or no object: \"摘要\""),
        ({"size": {"cm": 3}}, "'size' is neither text nor a number: {\"cm\": 3}"),
        ({"alias": ["x\0"]}, "'alias' has a name with a NUL character: \"x\\u0000\""),
        ({"desc": ["x"]}, 'the description is no string: ["x"]'),
    ],
)
def test_a_part_that_cannot_be_read_is_lost(read, more, reason):
    (found,), problems = read(lines(CCKS | more))
    assert (found.id, problems) == ("1", [("lost", 1, reason)])


def test_what_search_prints_can_be_built_again(read):
    found, _ = read(lines(CCKS | DATA))
    (again,), problems = read(lines(to_json(found[0])))
    assert not problems
    assert (again.id, again.name, again.aliases, again.types) == ("1", "夜航", ("夜航记",), ("Work",))
    assert again.description == found[0].description


@pytest.mark.parametrize(
    ("file", "entities", "names", "name", "empty"),
    [("ccks2019/kb_data_801", 801, 1317, "张三的歌", 1), ("ccks2020/kb_10.json", 10, 19, "试题与研究", 0)],
)
def test_the_real_files(shared, tmp_path, file, entities, names, name, empty):
    report = Report()
    made = kb.build(sources.read(str(shared(f"data/el/{file}")), report), tmp_path / "kb")
    assert made == kb.Summary(entities, names, 0, 0)
    assert not report.counts
    base = kb.open(tmp_path / "kb")
    assert all(entry.types for entry in base)
    assert sum(not entry.description for entry in base) == empty
    (match,) = base.matches(f"听{name}。")
    assert (match.start, match.end) == (1, 1 + len(name))
