import json
import random

import pytest
from tokenizers import normalizers, pre_tokenizers

from ie_cli.errors import FormatError, IEError
from ie_cli.records import Record, Relation, Span
from ie_cli.scoring import GoldPred, Tally, _aliases, counts_for, score_all
from ie_cli.scoring._aliases import Aliases
from ie_cli.scoring._strings import plain, tokens
from ie_cli.scoring._triples import Triple, overlap_classes
from ie_cli.scoring.relations import RULES, Counts

TEXT = "零一二三四五六七八九"


def span(what) -> Span:
    """A span from (start, end), or from a string without a place."""
    if isinstance(what, str):
        return Span(None, None, None, what)
    return Span(*what, None, TEXT[slice(*what)])


def relation(row) -> Relation:
    """A relation from (predicate, subject, object) or (predicate, subject, object, slots)."""
    predicate, subject, object_, *slots = row
    return Relation(predicate, span(subject), span(object_), {k: span(v) for s in slots for k, v in s.items()})


def record(*rows, text=TEXT, **extra) -> Record:
    return Record(text, relations=[relation(row) for row in rows], extra=extra)


def score(gold, pred, rule=None):
    return score_all(Counts(rule), gold, pred)


def counts(rule, gold, pred, aliases=None) -> tuple[int, int, int]:
    total = score_all(Counts(rule, aliases=aliases), [record(*gold)], [record(*pred)]).total
    return (total.tp, total.n_pred, total.n_gold) + (() if total.found is None else (total.found,))


A, B, C = (0, 1), (2, 4), (5, 6)


@pytest.mark.parametrize(
    ("gold", "pred", "expected"),
    [
        ([("p", A, B)], [("p", A, B)], (1, 1, 1)),
        ([("p", A, B)], [("q", A, B)], (0, 1, 1)),  # predicate
        ([("p", A, B)], [("p", B, A)], (0, 1, 1)),  # direction
        ([("p", A, B)], [("p", A, (2, 3))], (0, 1, 1)),  # end
        ([("p", A, B)], [("p", (1, 2), B)], (0, 1, 1)),  # start
        ([("p", A, B)] * 2, [("p", A, B)] * 3, (1, 1, 1)),  # a set
        ([("p", A, B)], [], (0, 0, 1)),
        ([], [("p", A, B)], (0, 1, 0)),
        ([], [], (0, 0, 0)),
        ([("p", A, B, {"t": C})], [("p", A, B, {"t": C})], (1, 1, 1)),  # slots as a whole
        ([("p", A, B, {"t": C})], [("p", A, B)], (0, 1, 1)),
        ([("p", A, B)], [("p", A, B, {"t": C})], (0, 1, 1)),
        ([("p", A, B, {"t": C})], [("p", A, B, {"u": C})], (0, 1, 1)),
        ([("p", A, B, {"t": C})], [("p", A, B, {"t": A})], (0, 1, 1)),
        ([("p", A, B, {"t": C, "u": A})], [("p", A, B, {"u": A, "t": C})], (1, 1, 1)),  # in any order
        ([("p", A, "值")], [("p", A, "值")], (1, 1, 1)),  # a value without a place
        ([("p", A, "一")], [("p", A, (1, 2))], (0, 1, 1)),  # is not a place
        ([("p", A, "X")], [("p", A, "x")], (0, 1, 1)),
    ],
)
def test_strict_by_hand(gold, pred, expected):
    assert counts("strict", gold, pred) == expected


def test_types_are_not_compared():
    gold, pred = record(("p", A, B)), record(("p", A, B))
    gold.relations[0].subject.type = "人物"
    assert score([gold], [pred]).micro.f1 == 1


# gold string, predicted string, whether they are equal under text and under official
STRINGS = [
    ("张三", "张三", True, True),
    ("张三", "张四", False, False),
    ("NBA", "nba", True, True),  # case
    ("Café", "cafe", True, False),  # accent
    ("Cafe\u0301", "Café", True, False),  # two ways to write it
    ("张 三", "张三", True, False),  # white space
    (" 张三 ", "张三", True, False),
    ("张\u3000三", "张三", True, False),
    ("Jay  Chou", "jay chou", True, False),
    ("Jay Chou", "JayChou", False, False),  # but two words are not one: BERT's pieces differ
    ("iPhone 6 S", "iphone 6s", False, False),
    ("20%", "20 %", True, False),
    ("张\u200b三", "张三", True, False),  # a character of no width
    ("《红楼梦》", "红楼梦", False, True),
    ("《红楼梦》", "《红楼梦》", True, True),
    ("《红楼梦", "红楼梦", False, False),  # one mark is no pair
    ("《《红楼梦》》", "红楼梦", False, False),  # one pair only
    ("《a》", "A", False, True),
    ("箓", "锳", False, False),  # both are [UNK] to BERT
    ("\U00020000", "\U00020001", False, False),
    ("ＮＢＡ", "NBA", False, False),  # full width is another character
    ("İ", "i", True, False),  # a lower case of two characters
]


@pytest.mark.parametrize(("gold", "pred", "text", "official"), STRINGS)
def test_strings_by_hand(gold, pred, text, official):
    assert counts("text", [("p", gold, A)], [("p", pred, A)]) == (text, 1, 1)
    assert counts("text", [("p", A, gold)], [("p", A, pred)]) == (text, 1, 1)
    assert counts("text", [("p", A, B, {"t": gold})], [("p", A, B, {"t": pred})]) == (text, 1, 1)
    assert counts("official", [("p", gold, A)], [("p", pred, A)]) == (official, 1, 1)
    assert counts("official", [("p", A, B, {"t": gold})], [("p", A, B, {"t": pred})]) == (official, 1, 1)


@pytest.mark.parametrize("rule", ["text", "official"])
def test_places_do_not_count_where_strings_do(rule):
    gold, pred = record(("p", A, "一")), record(("p", A, (1, 2)), ("p", A, "一"), ("p", "零", "一"))
    result = score([gold], [pred], rule)
    assert result.total == Tally(1, 1, 1)
    assert result.duplicates == GoldPred(pred=2)
    assert result.unplaced == GoldPred()


def test_the_predicate_is_compared_as_it_is():
    for rule in RULES:
        assert counts(rule, [("P", A, B)], [("p", A, B)]) == (0, 1, 1)


def test_the_strings_of_the_data_set_are_compared_and_not_the_slices():
    gold = Record(
        "nba在", relations=[Relation("p", Span(0, 3, None, "nba", extra={"value": "N B A"}), Span(3, 4, None, "在"))]
    )
    pred = Record("nba在", relations=[Relation("p", Span(0, 3, None, "nba"), Span(3, 4, None, "在"))])
    assert [score([gold], [pred], rule).micro.f1 for rule in ("strict", "text", "official")] == [1, 0, 0]
    gold.relations[0].subject.extra["value"] = 7  # somebody else's key
    assert score([gold], [pred], "text").micro.f1 == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("北京 ABC-1月", ("北", "京", "abc", "-", "1", "月")),
        ("Ａb１", ("ａb１",)),
        ("日本の", ("日", "本", "の")),
        ("a\ufffdb\x00c", ("abc",)),
        ("5$", ("5", "$")),
    ],
)
def test_tokens_by_hand(text, expected):
    assert tokens(text) == expected


def test_tokens_agree_with_the_tokenizer_of_bert():
    clean = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=True, lowercase=True)
    draw = "aZ9É\u0301 \t\u3000\u00a0北〇々箓锳ぁ한\u200b\x07-。，《》$~￥Ａß½İ\U00020000😀"
    rng = random.Random(0)
    for _ in range(500):
        text = "".join(rng.choices(draw, k=12))
        words = pre_tokenizers.BertPreTokenizer().pre_tokenize_str(clean.normalize_str(text))
        assert tokens(text) == tuple(word for word, _ in words), text


@pytest.mark.parametrize(
    ("text", "expected"), [("《》", ""), ("《", "《"), ("", ""), ("《A》", "a"), ("》a《", "》a《")]
)
def test_plain_by_hand(text, expected):
    assert plain(text) == expected


# --- Aliases -------------------------------------------------------------------------------------

NAMES = Aliases({"鲁迅": ["周树人", "《豫才》"], "周树人": ["鲁迅"], "FIFA": ["国际足联"]})


@pytest.mark.parametrize(
    ("gold", "pred", "expected"),  # right predictions, predictions, gold, gold that was found
    [
        ([("p", "鲁迅", "x")], [("p", "周树人", "x")], (1, 1, 1, 1)),
        ([("p", "x", "鲁迅")], [("p", "x", "周树人")], (1, 1, 1, 1)),
        ([("p", "鲁迅", "x")], [("q", "周树人", "x")], (0, 1, 1, 0)),
        ([("p", "fifa", "x")], [("p", "国际足联", "x")], (0, 1, 1, 0)),  # an alias is one way
        ([("p", "国际足联", "x")], [("p", "Fifa", "x")], (1, 1, 1, 1)),
        ([("p", "豫才", "x")], [("p", "鲁迅", "x")], (1, 1, 1, 1)),  # 《》 in the dictionary
        ([("p", "鲁迅", "x")], [("p", "周树人", "x"), ("p", "鲁迅", "x")], (1, 1, 1, 1)),  # synonyms count once
        ([("p", "鲁迅", "x"), ("p", "周树人", "x")], [("p", "鲁迅", "x")], (1, 1, 2, 2)),  # recall over the gold
        ([("p", "鲁迅", "x"), ("p", "y", "x")], [("p", "周树人", "x"), ("p", "z", "x")], (1, 2, 2, 1)),
        ([("p", "x", "y", {"t": "鲁迅"})], [("p", "x", "y", {"t": "周树人"})], (1, 1, 1, 1)),
        ([("p", "x", "y", {"t": "鲁迅"})], [("p", "x", "y", {"u": "周树人"})], (0, 1, 1, 0)),
        ([("p", "x", "y", {"t": "鲁迅"})], [("p", "x", "y")], (0, 1, 1, 0)),
    ],
)
def test_aliases_by_hand(gold, pred, expected):
    assert counts("official", gold, pred, NAMES) == expected


def baidu(gold, pred, of):
    """Right predictions, predictions, gold, gold that was found, as Baidu's scorer of LIC2019 counts them."""

    def reached(subject, object_):
        return {(s, o) for s in {subject, *of.get(subject, ())} for o in {object_, *of.get(object_, ())}}

    kept = []
    for item in pred:
        if not reached(*item) & set(kept):
            kept.append(item)
    right = sum(bool(reached(*item) & set(gold)) for item in kept)
    return right, len(kept), len(gold), sum(any(item in reached(*other) for other in pred) for item in gold)


def test_aliases_against_a_restatement_of_the_official_script():
    rng = random.Random(1)
    for _ in range(500):
        of = {name: rng.sample("abcde", rng.randint(0, 2)) for name in "abc"}  # one way, mostly
        gold, pred = (list({(rng.choice("abcde"), rng.choice("abcde")): 0 for _ in range(3)}) for _ in "gp")
        triples = ([("p", *item) for item in side] for side in (gold, pred))
        assert counts("official", *triples, Aliases(of)) == baidu(gold, pred, of)


def test_precision_and_recall_have_hits_of_their_own():
    gold = record(("p", "鲁迅", "x"), ("p", "周树人", "x"), ("p", "y", "x"))
    pred = record(("p", "鲁迅", "x"), ("p", "z", "x"))
    result = score_all(Counts("official", aliases=NAMES), [gold], [pred])
    assert result.total == Tally(1, 2, 3, found=2)
    assert (result.micro.precision, result.micro.recall) == (1 / 2, 2 / 3)
    assert result.micro.f1 == pytest.approx(2 * (1 / 2) * (2 / 3) / (1 / 2 + 2 / 3))
    assert sum(result.parts.values(), Tally()) == result.total
    assert result.to_json()["micro"]["found"] == 2


def test_the_signature_names_the_dictionary():
    def signed(names):
        return score_all(Counts("official", aliases=Aliases(names)), [record()], []).rule

    assert signed({"a": ["b", "c"]}) == signed({"A": ["c", "b"]}) != signed({"a": ["b"]})
    assert signed({}).startswith("official(LIC2019)+alias:")


@pytest.mark.parametrize(
    "content",
    [
        '{"鲁迅": ["周树人", "豫才"], "b": []}',
        '{\n  "鲁迅": [\n    "周树人",\n    "豫才"\n  ]\n}\n',
        '{"鲁迅": ["周树人"]}\n\n{"鲁迅": ["豫才"]}\n{"b": ["c"]}\n',
        "鲁迅\t周树人\t豫才\nb\tc\n\n",
    ],
)
def test_alias_files(tmp_path, content):
    path = tmp_path / "aliases"
    path.write_text(content, "utf-8")
    names = _aliases.read(str(path))
    assert names.same("鲁迅", "周树人") and names.same("鲁迅", "豫才") and names.same("鲁迅", "鲁迅")
    assert not names.same("周树人", "鲁迅")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": "b"}', ':1: expected {"name": ["alias", …]}'),
        ('{"a": ["b"]}\n["a"]\n', ":2: expected"),
        ('{"a": ["b"]}\nnothing\n', ":2: not JSON"),
        ("a\tb\nc\n", ":2: expected name TAB alias"),
        ("", ": holds no aliases"),
    ],
)
def test_broken_alias_files_are_refused_with_their_line(tmp_path, content, message):
    path = tmp_path / "aliases"
    path.write_text(content, "utf-8")
    with pytest.raises(FormatError) as caught:
        _aliases.read(str(path))
    assert message in str(caught.value)


# --- Which rule ----------------------------------------------------------------------------------

PLACED, LOCATED, VALUE = record(("p", A, B)), record(("p", A, B), located={}), record(("p", A, "二三"))


@pytest.mark.parametrize(
    ("gold", "rule"),
    [
        ([], "strict"),
        ([PLACED, record()], "strict"),
        ([PLACED, LOCATED], "text"),
        ([LOCATED, PLACED], "text"),
        ([PLACED, VALUE], "text"),
        ([PLACED, record(("p", A, B, {"t": "值"}))], "text"),
        ([PLACED, record(located={})], "text"),
        ([Record(TEXT, extra={"located": {}}), PLACED], "strict"),  # it is not annotated
    ],
)
def test_the_rule_follows_the_gold(gold, rule):
    picked, told = score(gold, gold), score(gold, gold, rule)
    assert (picked.rule, picked.total, picked.parts) == (told.rule, told.total, told.parts)
    assert picked.rule.startswith(rule)
    assert bool(picked.remarks) == (rule == "text")
    assert told.remarks == {}


def test_the_rule_does_not_follow_the_predictions():
    assert score([PLACED], [VALUE]).rule == "strict(start,end)+value(text)"


def test_an_unknown_rule_is_answered_with_those_there_are():
    with pytest.raises(IEError) as caught:
        Counts("strickt")
    assert str(caught.value) == (
        "unknown rule of relations 'strickt'. Did you mean 'strict'? Known: strict, text, official"
    )


def test_signatures_name_the_rule():
    rules = {rule: score([PLACED], [], rule).signature.split("|")[:2] for rule in RULES}
    assert rules == {
        "strict": ["relations", "strict(start,end)"],
        "text": ["relations", "text(tokens)"],
        "official": ["relations", "official(LIC2019)"],
    }


def test_repeated_texts_are_all_scored_and_told():
    gold = [record(("p", A, B)), record(("p", A, C)), record(("p", A, C), text=TEXT + "。")]
    result = score(gold, [record(("p", A, B)), record(), record(("p", A, C))][:2], "official")
    assert result.total == Tally(1, 1, 3)
    assert list(result.remarks.values()) == [1]
    assert score(gold, gold, "text").remarks == {}


# --- What is reported ----------------------------------------------------------------------------


def triples(*rows) -> list[Triple]:
    return [Triple(*row, ()) for row in rows]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], []),
        ([("p", "a", "b")], ["normal"]),
        ([("p", "a", "b"), ("p", "c", "d")], ["normal", "normal"]),
        ([("p", "a", "b"), ("q", "a", "c")], ["seo", "seo"]),
        ([("p", "a", "b"), ("q", "b", "c")], ["seo", "seo"]),
        ([("p", "a", "b"), ("q", "a", "b")], ["epo", "epo"]),
        ([("p", "a", "b"), ("q", "b", "a")], ["epo", "epo"]),  # in either order
        ([("p", "a", "b"), ("q", "a", "b"), ("r", "b", "c"), ("r", "d", "e")], ["epo", "epo", "seo", "normal"]),
        ([("p", "a", "a")], ["normal"]),  # a span that is related to itself
        ([("p", "a", "a"), ("p", "a", "b")], ["seo", "seo"]),
        ([("p", "a", "b"), ("p", "a", "b")], ["normal"]),  # a repeat is no other triple
    ],
)
def test_overlap_by_hand(rows, expected):
    assert list(overlap_classes(triples(*rows)).values()) == expected


def test_triples_that_differ_in_a_slot_only_join_the_same_spans():
    assert counts("strict", [("p", A, B, {"t": C}), ("p", A, B)], []) == (0, 0, 2)
    assert score([record(("p", A, B, {"t": C}), ("p", A, B))], []).parts["epo"] == Tally(0, 0, 2)


def test_types_and_parts():
    gold = record(("p", A, B), ("q", A, B), ("p", C, B), ("r", (7, 8), (8, 9)))
    pred = record(("p", A, B), ("s", A, B), ("r", (7, 8), (8, 9)), ("r", (7, 8), (9, 10)))
    result = score([gold], [pred])
    assert result.types == {"p": Tally(1, 1, 2), "q": Tally(0, 0, 1), "r": Tally(1, 2, 1), "s": Tally(0, 1, 0)}
    assert result.parts == {"normal": Tally(1, 1, 1), "seo": Tally(0, 1, 1), "epo": Tally(1, 2, 2)}
    assert (result.kind, result.items) == ("relations", "relations")


def test_what_is_left_out_merged_or_missing_is_counted():
    gold = [record(("p", A, B), ("p", A, B)), Record(TEXT), record(("p", A, "值"))]
    pred = [record(("p", A, B)), record(("p", A, B)), Record(TEXT, entities=[])]
    result = score(gold, pred, "strict")
    assert (result.records, result.unlabelled, result.missing) == (2, 1, 1)
    assert (result.duplicates, result.unplaced) == (GoldPred(gold=1), GoldPred(gold=1))
    assert result.total == Tally(1, 1, 2)


def test_the_digest_follows_the_gold_only():
    def data(*gold, pred=(), rule=None):
        return score(gold, pred, rule).data

    base = data(record(("p", A, B), ("q", A, C)))
    assert base == data(record(("q", A, C), ("p", A, B), ("p", A, B)), pred=[record(("p", B, C))])
    assert {base} == {data(record(("p", A, B), ("q", A, C)), rule=rule) for rule in RULES}
    assert base != data(record(("p", A, B)))
    assert base != data(record(("p", A, B), ("q", A, C), text=TEXT + "。"))
    assert base != data(record(("p", A, B), ("q", A, C, {"t": B})))


def test_a_score_does_not_change_when_counting_goes_on():
    running = Counts()
    running.add(PLACED, PLACED)
    first = running.score()
    running.add(LOCATED, None)
    assert (first.rule, first.total, first.parts["normal"]) == ("strict(start,end)", Tally(1, 1, 1), Tally(1, 1, 1))
    assert (running.score().rule, running.score().total) == ("text(tokens)", Tally(1, 1, 2))


@pytest.mark.parametrize("rule", RULES)
def test_agrees_with_comparing_every_pair(rule):
    """Against a scorer in a few lines, on strings that only the rules can tell apart."""
    rng = random.Random(0)
    same = {
        "strict": lambda a, b: a == b,
        "text": lambda a, b: a.lower().replace(" ", "") == b.lower().replace(" ", ""),
        "official": lambda a, b: plain(a) == plain(b),
    }[rule]
    draw = ["张", "A", "a", "张 ", "《张》", "《a》"]

    def some(_):
        return [(rng.choice("pq"), rng.choice(draw), rng.choice(draw)) for _ in range(4)]

    rows = [[some(i) for i in range(200)] for _ in "gp"]

    def unique(side):
        kept = []
        for row in side:
            if not any(equal(row, other) for other in kept):
                kept.append(row)
        return kept

    def equal(a, b):
        return a[0] == b[0] and same(a[1], b[1]) and same(a[2], b[2])

    sides = [[unique(side) for side in all_] for all_ in rows]
    tp = sum(any(equal(a, b) for b in gold) for gold, pred in zip(*sides, strict=True) for a in pred)
    total = score(*([record(*side) for side in all_] for all_ in rows), rule).total
    assert total == Tally(tp, sum(map(len, sides[1])), sum(map(len, sides[0])))
    assert 0 < tp < total.n_gold


def test_the_scorer_is_found_by_kind_and_its_score_is_json():
    found = score_all(counts_for("relations"), [LOCATED], [LOCATED])
    data = json.loads(json.dumps(found.to_json()))
    assert data["kind"] == "relations"
    assert data["types"]["p"] == {"precision": 1, "recall": 1, "f1": 1, "tp": 1, "n_pred": 1, "n_gold": 1}
