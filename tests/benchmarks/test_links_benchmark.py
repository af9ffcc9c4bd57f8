"""The base of the linking benchmark, its baselines, and what it counts of removed entities."""

import links
import pytest

from ie_cli.records import CANDIDATES, Entity, Link, Record


def record(text, *mentions):
    return Record(text, entities=[Entity(a, b, None, text[a:b], link=Link(ident)) for a, b, ident in mentions])


RECORDS = [
    record("苹果好吃", (0, 2, "1")),
    record("吃苹果", (1, 3, "1")),
    record("苹果手机", (0, 2, "2"), (2, 4, "3")),
    record("苹果公司", (0, 4, "2")),
    record("手机好吃"),
]


@pytest.fixture
def base(tmp_path):
    return links.build(RECORDS, tmp_path / "kb")


def test_an_entity_is_called_as_it_is_mentioned_and_described_by_its_texts(base):
    assert base.entity("1").about == "苹果好吃\n吃苹果" and base.entity("1").name == "苹果"
    assert {base.entity("2").name, *base.entity("2").aliases} == {"苹果", "苹果公司"}
    assert [e.link.kb_id for e in links.known(record("小米手机", (0, 2, "9"), (2, 4, "3")), base).entities] == [
        None,
        "3",
    ]


def test_baselines_take_the_most_frequent_entity_and_the_longest_names(base):
    counts = links.counted(RECORDS, base)
    found = links.longest(Record("苹果公司卖苹果"), base, counts)
    assert [(e.text, e.link.kb_id) for e in found.entities] == [("苹果公司", "2"), ("苹果", "1")]
    assert [c["kb_id"] for c in found.entities[1].extra[CANDIDATES]] == ["1", "2"]
    assert links.frequent(record("小米", (0, 2, "1")), base, counts).entities[0].link.kb_id is None


def test_names_are_passed_over_by_the_rule_of_the_article(base):
    counts = links.counted(RECORDS, base)
    assert links.seldom(RECORDS, base, counts) == set()
    more = [*RECORDS, *[Record("手机")] * 8]  # 9 bare ones and 1 annotated: (9 + 1) / (1 + 1) = 5
    assert links.seldom(more, base, counts) == {"手机"}


def test_nil_of_removed_entities(base, tmp_path):
    whole = [record("苹果和手机", (0, 2, "1"), (3, 5, "3"))]
    smaller = links.build(RECORDS, tmp_path / "smaller", {"1", "3"})
    gold = [links.known(r, smaller) for r in whole]
    found = [links.frequent(r, smaller, links.counted(RECORDS, smaller)) for r in gold]
    # 苹果 has the candidate 2 left and is wrongly linked to it; 手机 has none
    assert links.removed_nil(gold, found, whole, {"1", "3"}) == {
        "removed R": 0.5, "removed with candidates R": 0, "NIL with candidates P": 0, "NIL with candidates R": 0,
    }  # fmt: skip
