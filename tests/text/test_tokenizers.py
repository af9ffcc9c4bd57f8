"""Tokenizers against arbitrary Unicode: no character is lost, no span is moved."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from ie_cli.errors import IEError
from ie_cli.text.characters import CharacterTokenizer, build_vocabulary, vocabulary_form
from ie_cli.text.encoding import Encoding
from ie_cli.text.jieba_words import BEGIN, END, MIDDLE, SINGLE, boundaries
from ie_cli.text.pretrained import CharacterPieces, PieceTokenizer, default_mode, unknown_id, wrap

CORPUS = ["张三丰在北京大学读书。", "iPhone 15 Pro 于 2023 年发布！", "é café 𠮷野家", "一\t二\n三　四"]
NASTY = [
    " ", "  ", "\t", "\n", "\r\n", "\u3000", "\ufeff", "\0", "\u200b", "\xad", "👨‍👩‍👧", "é", "é", "가", "가", "ß",
    "İ", "ﬁ", "㍿", "①", "２０", "Ａ", "iPhone 15", "don't", "𠮷", "龘", "張", "北京", "[UNK]", "##", "▁", "Ġ", "…",
    "，", "\x85", "\u2028", "\u0301",
]  # fmt: skip
texts = st.lists(st.sampled_from(NASTY) | st.text("ab1 北京", max_size=4) | st.text(max_size=3), max_size=8).map(
    "".join
)


def bert(**options):
    vocab = {w: i for i, w in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "##b", "1", "北", "京", "▁", "##1"])}
    inner = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    inner.normalizer, inner.pre_tokenizer = normalizers.BertNormalizer(**options), pre_tokenizers.BertPreTokenizer()
    return PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="[UNK]", pad_token="[PAD]")


def byte_level(**options):
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(**options)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    inner.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=290, initial_alphabet=alphabet))
    return PreTrainedTokenizerFast(tokenizer_object=inner)


def sentence_piece(scheme, **options):
    pieces = [
        ("<unk>", 0.0),
        ("<pad>", 0.0),
        ("▁", -2.0),
        *((c, -4.0) for c in "ab1北京张三，"),
        ("▁北京", -3.0),
        ("▁a", -3.0),
    ]
    inner = Tokenizer(models.Unigram(pieces, unk_id=0, **options))
    inner.normalizer = normalizers.NFKC()
    inner.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    return PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="<unk>", pad_token="<pad>")


INNER = {
    "bert": bert(),
    "bert that keeps case and accents": bert(lowercase=False, strip_accents=False, clean_text=False),
    "bytes": byte_level(add_prefix_space=False),
    "bytes with a prefix": byte_level(add_prefix_space=True),
    "sentencepiece": sentence_piece("always"),
    "sentencepiece without a prefix": sentence_piece("never"),
}
VOCABULARY = build_vocabulary(CORPUS, min_count=1, min_bigram_count=1)
CHARACTERS = {"built-in": CharacterTokenizer(VOCABULARY)} | {name: CharacterPieces(x) for name, x in INNER.items()}
every_inner = pytest.mark.parametrize("name", INNER)


@pytest.mark.parametrize("name", CHARACTERS)
@given(text=texts)
def test_in_characters_mode_every_code_point_is_a_token(name, text):
    encoding = CHARACTERS[name](text)
    assert encoding.starts == list(range(len(text)))
    assert encoding.ends == list(range(1, len(text) + 1))
    assert {len(values) for values in encoding.features.values()} <= {len(text)}
    assert all(i >= 0 for values in encoding.features.values() for i in values)


@pytest.mark.parametrize("name", CHARACTERS)
@given(text=texts.filter(bool), data=st.data())
def test_in_characters_mode_no_span_is_lost(name, text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    assert CHARACTERS[name](text).token_span(start, end) == (start, end - 1)


@every_inner
@given(text=texts)
def test_pieces_stay_in_order_and_in_the_text(name, text):
    encoding = PieceTokenizer(INNER[name])(text)
    starts, ends = encoding.starts, encoding.ends
    assert len(encoding.features["ids"]) == len(starts) == len(ends)
    assert starts == sorted(starts) and ends == sorted(ends)
    for start, end in zip(starts, ends, strict=True):
        assert 0 <= start < end <= len(text)
        assert not text[start].isspace() or text[start:end].isspace()


@every_inner
@given(text=texts)
def test_pieces_leave_out_nothing_but_what_the_tokenizer_drops(name, text):
    encoding = PieceTokenizer(INNER[name])(text)
    covered = {i for start, end in zip(encoding.starts, encoding.ends, strict=True) for i in range(start, end)}
    left = [c for i, c in enumerate(text) if i not in covered]
    inner = INNER[name]
    for c in left:  # a space, a control character, a combining mark: none has a piece of its own either
        assert c.isspace() or unicodedata.category(c)[0] in "CM" or not inner(c, add_special_tokens=False)["input_ids"]


@every_inner
@given(text=texts)
def test_tokens_is_the_inverse_of_starts_and_ends(name, text):
    encoding = PieceTokenizer(INNER[name])(text)
    for i in range(len(encoding)):
        for j in range(i, min(i + 3, len(encoding))):
            start, end = encoding.starts[i], encoding.ends[j]
            first, last = encoding.token_span(start, end)
            assert (encoding.starts[first], encoding.ends[last]) == (start, end)
            assert first <= i and j <= last


@pytest.mark.parametrize(
    ("starts", "ends", "span", "tokens"),
    [
        ([0, 2, 4], [2, 4, 6], (0, 4), (0, 1)),
        ([0, 2, 4], [2, 4, 6], (4, 6), (2, 2)),
        ([0, 2, 4], [2, 4, 6], (1, 4), None),  # starts inside a token
        ([0, 2, 4], [2, 4, 6], (0, 3), None),  # ends inside one
        ([0, 2, 4], [2, 4, 6], (2, 8), None),  # ends behind the text
        ([0, 3], [2, 4], (2, 4), None),  # starts between two tokens
        ([0, 3], [2, 4], (0, 3), None),
        ([0, 3], [2, 4], (2, 3), None),  # a space that has no token
        ([0, 0, 0, 1], [1, 1, 1, 2], (0, 1), (0, 2)),  # bytes of one character
        ([0, 0, 0, 1], [1, 1, 1, 2], (0, 2), (0, 3)),
        ([], [], (0, 1), None),
    ],
)
def test_tokens_of_a_span(starts, ends, span, tokens):
    assert Encoding({"ids": [1] * len(starts)}, starts, ends).token_span(*span) == tokens


def test_a_window_cuts_every_feature():
    encoding = Encoding({"ids": [5, 6, 7], "words": [1, 2, 3]}, [0, 1, 2], [1, 2, 3])
    assert encoding.window(1, 3) == {"ids": [6, 7], "words": [2, 3]}


@pytest.mark.parametrize(
    ("name", "text", "pieces"),
    [
        ("bert", " ab  北京", ["a", "b", "北", "京"]),
        ("bytes", "a 北", ["a", " ", "北", "北", "北"]),
        ("sentencepiece", "a 北京", ["a", "北京"]),
    ],
)
def test_what_a_piece_covers(name, text, pieces):
    encoding = PieceTokenizer(INNER[name])(text)
    found = [text[start:end] for start, end in zip(encoding.starts, encoding.ends, strict=True)]
    assert found == pieces


def test_characters_that_a_vocabulary_knows_in_another_form():
    tokenizer, known = CHARACTERS["bert"], INNER["bert"].get_vocab()
    assert tokenizer("aＡ１北龘").features["ids"] == [known[c] for c in ("a", "a", "1", "北", "[UNK]")]


def test_the_word_mark_of_sentencepiece_is_no_character():
    known = INNER["sentencepiece"].get_vocab()
    assert CHARACTERS["sentencepiece"]("北a龘").features["ids"] == [known["北"], known["▁a"], known["<unk>"]]


def test_bytes_of_a_character_are_unknown_as_one_token():
    assert unknown_id(INNER["bytes"]) == 0
    assert CHARACTERS["bytes"]("龘").features["ids"] == [0]


@every_inner
def test_auto_mode_takes_pieces_where_the_vocabulary_lacks_characters(name):
    assert default_mode(INNER[name]) == wrap(INNER[name], "auto").mode == "pieces"


def test_unknown_mode():
    with pytest.raises(IEError, match=r"unknown encoder.mode 'words'. Known: auto, characters, pieces"):
        wrap(INNER["bert"], "words")


@given(texts)
@example("\r\n\r\n")
@example("\0")
@example("iPhone 15\r\n北京 ２０ 大学")
def test_word_boundaries_give_each_character_one_value(text):
    found = boundaries(text)
    assert len(found) == len(text)
    for before, after in zip([END, *found], [*found, BEGIN], strict=True):
        assert (before in (END, SINGLE)) == (after in (BEGIN, SINGLE))


def test_word_boundaries_are_those_of_jieba():
    assert boundaries("我在北京大学") == [SINGLE, SINGLE, BEGIN, MIDDLE, MIDDLE, END]


@given(st.characters(exclude_categories=["Cs"]))
@example("İ")
@example("㍿")
@example("ﬁ")
def test_the_vocabulary_form_is_one_character_and_its_own_form(character):
    found = vocabulary_form(character)
    assert len(found) == 1 and vocabulary_form(found) == found


def test_rare_symbols_are_left_out_and_the_order_is_fixed():
    vocabulary = build_vocabulary(["AａB", "ba北"], min_count=2, min_bigram_count=1)
    assert vocabulary.characters == ["a", "b"]  # 3 and 2 times; 北 once
    assert vocabulary.bigrams == ["\0a", "\0b", "aa", "ab", "a北", "ba"]


def test_what_the_built_in_tokenizer_gives():
    tokenizer = CharacterTokenizer(build_vocabulary(["北京", "京"], min_count=1, min_bigram_count=1))
    features = tokenizer("京北京x").features
    assert features["ids"] == [2, 3, 2, 1]
    assert features["bigrams"] == [2, 1, 4, 1]  # "\0京" is 2, "\0北" 3, "北京" 4
