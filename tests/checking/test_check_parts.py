"""Texts, lengths, relations, events, links and tokens: figures counted by hand."""

from collections import Counter

from ie_cli.checking.events import Events
from ie_cli.checking.findings import DEV, TRAIN
from ie_cli.checking.links import Links
from ie_cli.checking.relations import Relations
from ie_cli.checking.texts import Texts
from ie_cli.checking.tokens import Tokens
from ie_cli.records import Argument, Entity, Event, Link, Record, Relation, Span, placed

NAMED = [Entity(0, 1, "人", "甲")]


def filled(made, train, dev=()):
    for split, records in ((TRAIN, train), (DEV, dev)):
        for item in placed(records, split):
            made.add(item, split)
    return made


def told(made):
    return {finding.kind: finding for finding in made.findings()}


def column(made, number=0, split=TRAIN):
    return list(made.sections())[number].columns[split]


def test_texts_that_repeat_are_told_by_where_and_how():
    made = filled(
        Texts(),
        [Record("甲一", entities=NAMED), Record("甲一", entities=NAMED), Record("甲一", entities=[]), Record(" ")],
        [Record("甲一", entities=NAMED), Record("甲一", entities=[]), Record("乙", entities=[])],
    )
    found = told(made)
    assert {kind: finding.count for kind, finding in found.items()} == {
        "dev_in_train": 2, "contradictory": 1, "repeated": 1, "empty": 1, "no_entities": 1,
    }  # fmt: skip
    assert [kind for kind, finding in found.items() if finding.spoils] == ["dev_in_train", "contradictory"]
    assert "(1 annotated differently)" in found["dev_in_train"].what and found["dev_in_train"].of == 3
    assert found["contradictory"].examples == [("train:3", "= train:1, annotated differently: 甲一")]
    assert column(made) == {
        "records": 4, "annotated": 3, "without a single annotation": 2, "empty texts": 1, "texts seen before": 2,
    }  # fmt: skip


def test_the_order_of_annotations_does_not_make_them_differ():
    both = [*NAMED, Entity(1, 2, "数", "一")]
    assert "contradictory" not in told(
        filled(Texts(), [Record("甲一", entities=both), Record("甲一", entities=both[::-1])])
    )


def test_relations_by_overlap_and_with_odd_ends():
    text = "甲乙丙丁"
    a, b, c, d = (Span(i, i + 1, None, char) for i, char in enumerate(text))
    nowhere = Span(None, None, None, "戊")
    relations = [
        Relation("父", a, b), Relation("师", a, b), Relation("友", b, c, {"时": d}), Relation("友", b, c, {"时": d}),
        Relation("己", d, d), Relation("友", c, nowhere),
    ]  # fmt: skip
    made = filled(
        Relations(), [Record(text, entities=[Entity(i, i + 1, "人", text[i]) for i in range(4)], relations=relations)]
    )
    assert column(made) == {
        "relations": 6, "normal": 1, "seo": 2, "epo": 2, "with slots": 2, "with a span without a place": 1,
        "with a span that is no entity": 1, "whose subject and object are one span": 1, "repeated": 1,
    }  # fmt: skip
    assert column(made, 1) == {"友": 3, "父": 1, "师": 1, "己": 1}
    assert told(made)["relations_with_a_span_that_is_no_entity"].examples == [("train:1", "友: 丙 → 戊")]


def test_relations_without_entities_have_none_to_lack():
    record = Record("甲乙", relations=[Relation("父", Span(0, 1, None, "甲"), Span(1, 2, None, "乙"))])
    assert "with a span that is no entity" not in column(filled(Relations(), [record]))


def test_events_that_lack_something():
    trigger = Span(0, 1, None, "离")
    choice = Argument(None, None, None, "过会", role="环节", extra={"enum": True})
    events = [
        Event("离职", trigger, [Argument(1, 2, None, "甲", role="人"), choice]),
        Event("离职", None, [Argument(None, None, None, "乙", role="人")]),
        Event("入职", trigger),
    ]
    made = filled(Events(), [Record("离甲", events=events)])
    assert column(made) == {
        "events": 3, "beside another of their type": 2, "without a trigger": 1, "without arguments": 1,
        "with a span without a place": 1,
    }  # fmt: skip
    assert column(made, 1) == {"arguments": 3, "choices": 1}
    assert column(made, 2) == {"离职": 2, "入职": 1} and column(made, 3) == {"离职/人": 2, "离职/环节": 1}
    assert told(made)["events_with_a_span_without_a_place"].examples == [("train:1", "离职: 人=乙")]


def test_links_with_nil_and_names_of_several_ids():
    def mention(link):
        return Entity(0, 1, None, "甲", link=link)

    made = filled(Links(), [Record("甲", entities=[mention(Link(x)) for x in ("1", "2", None)] + [mention(None)]),
                            Record("甲", entities=[mention(None)])])  # fmt: skip
    assert column(made) == {"mentions": 4, "NIL": 1, "without a link": 1}
    assert column(made, 1) == {"names": 1, "that stand for several ids": 1, "different ids": 2}
    assert told(made)["mentions_without_a_link"].count == 1


class Halves:
    """A codec that reads two characters at once and loses an entity in the middle."""

    limit = 2

    def tokenizer(self, text):
        return list(text)

    def examples(self, record, length):
        pieces = [record.text[i : i + length] for i in range(0, len(record.text), length)]
        lost = Counter({"longer than the overlap of two windows": len(record.entities or [])})
        return [{"ids": list(map(ord, piece))} for piece in pieces], lost


def test_tokens_windows_and_lost_gold_come_from_the_codec():
    made = filled(
        Tokens(Halves(), 2), [Record("甲乙丙", entities=NAMED), Record("甲乙")], [Record("丁", entities=NAMED)]
    )
    assert column(made) == {"mean": 2.5, "median": 2, "95%": 3, "99%": 3, "longest": 3, "windows": 3}
    assert column(made, 1, DEV) == {"longer than the overlap of two windows": 1}
    found = told(made)
    assert (found["long"].count, found["long"].of) == (1, 2)
    assert found["long"].examples == [("train:1", "3 tokens: 甲乙丙")]
    assert "train.max_length" in found["lost_train"].advice
