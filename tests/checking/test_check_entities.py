"""Entities and their strings: overlaps, slips, several types, places left out; some against brute force."""

from hypothesis import given
from hypothesis import strategies as st

from ie_cli.checking.entities import CROSSING, DOUBLE, NESTED, Entities, overlapping_pairs
from ie_cli.checking.findings import DEV, TRAIN
from ie_cli.checking.surfaces import Surfaces
from ie_cli.records import Entity, Link, Record, placed


def record(text, *spans):
    return Record(text, entities=[Entity(s, e, kind, text[s:e]) for s, e, kind in spans])


def entities(*records, split=TRAIN):
    made = Entities()
    for item in placed(records, "x"):
        made.add(item, split)
    return made


def surfaces(*records):
    made = Surfaces()
    for again in (False, True):
        for item in placed(records, "x"):
            (made.second_pass if again else made.add)(item)
    return {finding.kind: finding for finding in made.findings()}


def figures(made):
    return next(made.sections()).columns


def test_overlaps_are_told_apart_and_slips_are_counted():
    text = "北京大学人民医院 "
    made = entities(
        record(text, (0, 4, "机构"), (0, 2, "地点"), (0, 4, "学校"), (2, 6, "机构"), (2, 6, "机构"), (7, 9, "机构")),
        Record("北", entities=[Entity(None, None, "地点", "京"), Entity(0, 1, None, "北")]),
    )
    assert figures(made)[TRAIN] == {
        "entities": 8, NESTED: 1, CROSSING: 1, DOUBLE: 1, "repeated": 1,
        "without a place": 1, "without a type": 1, "white space at an edge": 1,
    }  # fmt: skip
    told = {finding.kind: finding.examples[0] for finding in made.findings()}
    assert told["entities_inside_another"] == ("x:1", "北京 地点 / 北京大学 学校 in [北京大学]人民医院 ")
    assert told["entities_without_a_place"] == ("x:2", "地点: 北")


def test_mentions_that_are_only_linked_need_no_type():
    made = entities(Record("北京", entities=[Entity(0, 2, None, "北京", link=Link("1"))]))
    assert not list(made.findings()) and len(list(made.sections())) == 1


SPANS = st.sets(
    st.tuples(st.integers(0, 8), st.integers(1, 5), st.sampled_from("ab")).map(lambda x: (x[0], x[0] + x[1], x[2], ""))
)


@given(SPANS)
def test_overlaps_are_those_of_every_pair(spans):
    ordered = sorted(spans, key=lambda span: (span[0], -span[1], span[2]))
    wanted = set()
    for i, one in enumerate(ordered):
        for other in ordered[i + 1 :]:
            if other[0] < one[1]:
                inside = set(range(*other[:2])) <= set(range(*one[:2]))
                wanted.add((DOUBLE if one[:2] == other[:2] else NESTED if inside else CROSSING, other))
    assert {(way, span) for way, span, _ in overlapping_pairs(ordered)} == wanted


def test_strings_of_several_types_name_the_rarest():
    found = surfaces(
        record("甲在北京", (2, 4, "地点")), record("北京队", (0, 2, "地点")), record("北京胜", (0, 2, "机构"))
    )["several_types"]
    assert (found.count, found.of) == (1, 1) and "(1 mentions" in found.what
    assert found.examples == [("x:3", "北京 is 2 × 地点, 1 × 机构; here 机构: [北京]胜")]


def test_places_left_out_in_the_same_text_and_in_others():
    found = surfaces(
        record("北京北京", (0, 2, "地点")),  # the second one is left out beside
        record("在北京大学", (1, 5, "机构")),  # covered by an entity
        record("去北京"),
        Record("北京"),  # nobody looked
    )
    assert (found["left_out_beside"].count, found["left_out"].count) == (1, 1)
    assert found["left_out"].of == 3  # one of 北京大学, one of 北京, one left out
    assert found["left_out"].examples == [("x:3", "北京 is annotated 1 ×, left out 1 ×; here left out: 去[北京]")]


def test_a_string_is_not_found_inside_a_word_or_number_or_as_a_single_character():
    found = surfaces(record("AB和12和京", (0, 2, "机构"), (3, 5, "数"), (6, 7, "地点")), record("ABC 123 x12 京"))
    assert found["left_out"].count == 1  # 12 behind x
    assert "x[12]" in found["left_out"].examples[0].shown


@given(st.text("甲乙丙", max_size=12), st.sets(st.text("甲乙丙", min_size=2, max_size=4), min_size=1, max_size=4))
def test_places_left_out_are_the_leftmost_longest(text, names):
    found = surfaces(*(record(name, (0, len(name), "x")) for name in sorted(names)), record(text))
    start, wanted = 0, 0
    while start < len(text):
        longest = max((len(name) for name in names if text.startswith(name, start)), default=0)
        wanted, start = wanted + bool(longest), start + (longest or 1)
    assert found["left_out"].count == wanted if wanted else "left_out" not in found


def test_a_longer_string_that_an_entity_covers_hides_no_shorter_one():
    found = surfaces(
        record("北京大学好", (0, 4, "机构")), record("去北京", (1, 3, "地点")), record("北京大学", (2, 4, "学校"))
    )
    assert found["left_out"].examples[0].shown.endswith("here left out: [北京]大学")


def test_labels_seen_once_and_labels_only_in_dev():
    made = entities(record("甲乙丙", (0, 1, "常"), (1, 2, "常"), (2, 3, "罕")))
    for item in placed([record("丁", (0, 1, "新"))], "y"):
        made.add(item, DEV)
    told = {finding.kind: finding for finding in made.findings()}
    assert told["seen_once"].examples == [("x:1", "罕: 丙")] and (told["seen_once"].count, told["seen_once"].of) == (
        1,
        2,
    )
    assert told["only_in_dev"].examples == [("y:1", "新: 丁")]
