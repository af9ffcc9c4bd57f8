import pytest

from ie_cli.errors import IEError
from ie_cli.records import Record, pairs, placed


def rows(spec: str) -> list[Record]:
    """`1a 2b c` -> records (id 1, text a), (id 2, text b), (no id, text c)."""
    return [Record(word[-1], word[:-1] or None) for word in spec.split()]


def align(gold: str, pred: str) -> str:
    """The pairs as `1a=1a`, a missing prediction as `1a=`."""
    found = pairs(placed(rows(gold), "g"), placed(rows(pred), "p"))
    return " ".join("=".join(f"{x.record.id or ''}{x.record.text}" if x else "" for x in pair) for pair in found)


@pytest.mark.parametrize(
    ("gold", "pred", "expected"),
    [
        ("", "", ""),
        ("1a 2b", "1a 2b", "1a=1a 2b=2b"),
        ("a b", "a b", "a=a b=b"),
        ("1a 2b", "a b", "1a=a 2b=b"),  # ids are compared where both have them
        ("1a 1a", "1a 1a", "1a=1a 1a=1a"),  # ids need not be unique while the order agrees
        ("1a 2b 3c", "3c 1a 2b", "1a=1a 2b=2b 3c=3c"),  # another order
        ("1a 2b 3c", "1a 3c", "1a=1a 2b= 3c=3c"),  # missing
        ("1a 2b 3c", "3c 1a", "1a=1a 2b= 3c=3c"),
        ("1a 2b", "1a", "1a=1a 2b="),
        ("a b c", "a c", "a=a b= c=c"),
        ("a b c", "b", "a= b=b c="),
        ("a b", "", "a= b="),
    ],
)
def test_pairs(gold, pred, expected):
    assert align(gold, pred) == expected


@pytest.mark.parametrize(
    ("gold", "pred", "message"),
    [
        ("1a 2b", "1a 2x", "p:2: the text differs from g:2 at character 0: 'x', not 'b'"),
        ("a b c", "a x c", "p:2: the text differs from g:2 at character 0: 'x', not 'b'"),
        ("a b c", "a c b", "p:3: no record of the first file is left for this one ('b')"),  # no ids: in order
        ("1a 2b", "2x 1a", "p:1: the text differs from g:2"),
        ("a", "a b", "p:2: no record of the first file is left for this one ('b')"),
        ("1a 2b", "1a 2b 3c", "p:3: no record of the first file is left for this one (id '3')"),
        ("1a 2b", "3a 2b", "p:1: no record of the first file is left for this one (id '3')"),
        ("1a 2b 2b", "2b 1a 2b", "p:3: id '2' stands at p:1 too"),
        ("1a 2b 2c", "2b 1a", "g:3: id '2' stands at g:2 too"),
        ("1a 2b", "2b a", "p:2: has no id, and the files do not agree line by line"),
    ],
)
def test_refusals_name_the_line(gold, pred, message):
    with pytest.raises(IEError) as caught:
        align(gold, pred)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("order", [1, -1])
def test_a_number_and_its_string_are_one_id(order):
    """As after brat, whose ids are file names."""
    gold, pred = [Record("a", 1), Record("b", 2)], [Record("a", "1"), Record("b", "2")][::order]
    found = [(x.record.id, y.record.id) for x, y in pairs(placed(gold, "g"), placed(pred, "p"))]
    assert found == [(1, "1"), (2, "2")]


def test_the_difference_is_shown_without_control_characters():
    gold, pred = [Record("张三\x1b[31m")], [Record("张三")]
    with pytest.raises(IEError, match=r"at character 2: '', not '\\x1b\[31m'"):
        list(pairs(placed(gold, "g"), placed(pred, "p")))


def test_files_in_the_same_order_are_read_in_step():
    read = []

    def stream(name):
        for i in range(5):
            read.append(name)
            yield Record(str(i), i)

    aligned = pairs(placed(stream("g"), "g"), placed(stream("p"), "p"))
    next(aligned), next(aligned)
    assert read == ["g", "p", "g", "p"]
