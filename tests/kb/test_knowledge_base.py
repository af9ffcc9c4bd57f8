"""An opened base: names as they are compared, names in a text, entities read from disk."""

import os
import pickle
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ie_cli import kb
from ie_cli.errors import IEError
from ie_cli.kb.entry import Entry, key
from ie_cli.locate import fold
from ie_cli.matching import leftmost_longest

PLANET = [
    Entry("1", "苹果", ("苹果公司", "Apple", "ＡＰＰＬＥ Inc."), ("公司",), "做手机的公司。", (("总部", "库比蒂诺"),)),
    Entry("2", "红富士", ("苹果",)),
    Entry("3", "苹果", (), ("水果", "植物")),
    Entry("4", "《夜航》", ("夜航",), about="小说\n两行"),
    Entry("5", "果园"),
    Entry("e\t5", "iPhone 5"),
]


def built(entries, folder, **options):
    kb.build((kb.SourcedEntry("x.jsonl", line, entry) for line, entry in enumerate(entries, 1)), folder, **options)
    return kb.open(folder)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return built(PLANET, tmp_path_factory.mktemp("kb") / "base")


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("苹果", ["1", "3", "2"]),  # those of which it is the name, then those of which it is an alias
        (" 苹果\u3000", ["1", "3", "2"]),
        ("《苹果》", ["1", "3", "2"]),
        ("apple", ["1"]),
        ("ＡＰＰＬＥ", ["1"]),
        ("Apple inc.", ["1"]),
        ("夜航", ["4"]),
        ("《夜航》", ["4"]),
        ("果", []),
        ("苹果公", []),
        ("", []),
        ("苹果\0", []),
        ("\0", []),
    ],
)
def test_candidates_of_a_name(base, name, ids):
    assert base.candidates(name) == ids


@pytest.mark.parametrize(
    ("name", "compared"),
    [
        ("《夜航》", "夜航"),
        ("《 夜航 》", "夜航"),
        ("《夜航》与《晨星》", "《夜航》与《晨星》"),
        ("《夜航》续", "《夜航》续"),
        ("《》", "《》"),
        ("《", "《"),
        ("Ａbc　１", "abc 1"),
        (" ", ""),
    ],
)
def test_how_names_are_compared(name, compared):
    assert key(name) == compared


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("苹果公司发布", ["苹果", "苹果公司"]),
        ("红富士苹果园", ["红富士", "苹果", "果园"]),  # they overlap
        ("\ufeffAPPLE和《夜航》", ["APPLE", "夜航"]),
        ("pineapple", []),
        ("apples", []),
        ("我的apple手机", ["apple"]),
        ("iPhone 5", ["iPhone 5"]),
        ("iPhone 55", []),
        ("iPhone 5S", ["iPhone 5"]),
        ("", []),
    ],
)
def test_names_in_a_text(base, text, found):
    matches = base.matches(text)
    assert [text[start:end] for start, end, _ in matches] == found
    assert all(ids == base.candidates(text[start:end]) for start, end, ids in matches)


@pytest.mark.parametrize(
    ("text", "found"),
    [("苹果公司发布", ["苹果公司"]), ("红富士苹果园", ["红富士", "苹果"]), ("果园苹果", ["果园", "苹果"])],
)
def test_the_longest_of_those_that_begin_first(base, text, found):
    assert [text[start:end] for start, end, _ in leftmost_longest(base.matches(text))] == found


def test_entities(base):
    assert [*base] == PLANET
    assert len(base) == 6
    assert base.entity("1") == PLANET[0]
    assert base.entity("1").description == "做手机的公司。\n总部：库比蒂诺"
    assert base.entity("4").description == "小说\n两行"
    assert "e\t5" in base and "6" not in base and None not in base


def test_an_id_that_the_base_lacks_is_told(base):
    with pytest.raises(IEError, match="base: no entity has the id '6'"):
        base.entity("6")


def test_names_that_begin_so(base):
    assert sorted(base.names("苹")) == ["苹果", "苹果公司"]
    assert list(base.names("IPH")) == ["iphone 5"]


def test_a_folder_whose_name_is_no_utf8(base, tmp_path):
    odd = tmp_path / os.fsdecode(b"kb\xff")
    try:
        shutil.copytree(base.folder, odd)
    except OSError:
        pytest.skip("the file system takes UTF-8 only")
    assert kb.open(odd).candidates("苹果") == base.candidates("苹果")
    (odd / "names.trie").write_bytes(bytes((odd / "names.trie").stat().st_size))
    with pytest.raises(IEError, match="damaged"):
        kb.open(odd)


def test_another_process_gets_its_own(base):
    again = pickle.loads(pickle.dumps(base))
    assert again.matches("红富士") == base.matches("红富士")


CHARACTERS = "苹果公司aAＡb1２ 《》"


def by_brute_force(names, text):
    """Every place in a text where a name is, by trying all."""
    text, wanted = fold(text), {key(name) for name in names} - {""}
    places = [(i, j) for i in range(len(text)) for j in range(i + 1, len(text) + 1) if text[i:j] in wanted]
    return [place for place in places if not any(within_a_run(text, at) for at in place)]


def within_a_run(text, at):
    around = text[at - 1 : at + 1] if 0 < at < len(text) else ""
    return len(around) == 2 and any(set(around) <= set(run) for run in ("abcdefghijklmnopqrstuvwxyz", "0123456789"))


@pytest.fixture(scope="module")
def somewhere(tmp_path_factory):
    return tmp_path_factory.mktemp("any")


@given(
    st.lists(st.text(CHARACTERS, min_size=1, max_size=4).filter(str.strip), min_size=1, max_size=8),
    st.text(CHARACTERS, max_size=12),
)
def test_matches_are_those_of_brute_force(somewhere, names, text):
    base = built([Entry(str(i), name) for i, name in enumerate(names)], somewhere / "kb")
    found = [(match.start, match.end) for match in base.matches(text)]
    assert found == by_brute_force(names, text)
    longest, free = [], 0
    for start in dict.fromkeys(start for start, _ in found):
        if start >= free:
            free = max(end for begin, end in found if begin == start)
            longest.append((start, free))
    assert [(match.start, match.end) for match in leftmost_longest(base.matches(text))] == longest
