"""tokenizer.json read directly gives what transformers makes of it."""

import json

import pytest
from conftest import word_pieces
from hypothesis import given
from test_tokenizers import INNER, texts
from transformers import AutoTokenizer

from ie_cli.text.pretrained import CharacterPieces, PieceTokenizer
from ie_cli.text.tokenizer_file import SPECIALS, TokenizerFile


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Both ways of opening each tokenizer."""
    made = {}
    for name, inner in INNER.items():
        folder = tmp_path_factory.mktemp("tokenizer")
        inner.save_pretrained(folder)
        made[name] = TokenizerFile(folder), AutoTokenizer.from_pretrained(folder)
    return made


@pytest.mark.parametrize("name", INNER)
@given(text=texts)
def test_pieces_and_characters_are_the_same(opened, name, text):
    ours, theirs = opened[name]
    assert PieceTokenizer(ours)(text) == PieceTokenizer(theirs)(text)
    assert CharacterPieces(ours)(text) == CharacterPieces(theirs)(text)


def test_special_tokens(tmp_path):
    theirs = word_pieces(cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]")
    theirs.save_pretrained(tmp_path)
    ours = TokenizerFile(tmp_path)
    for name in SPECIALS:
        assert getattr(ours, f"{name}_token_id") == getattr(theirs, f"{name}_token_id")
    assert ours("北京") == {k: theirs("北京", return_offsets_mapping=True)[k] for k in ("input_ids", "offset_mapping")}


def test_a_special_token_may_be_written_with_its_options(tmp_path):
    word_pieces().save_pretrained(tmp_path)
    about = json.loads((tmp_path / "tokenizer_config.json").read_text("utf-8"))
    about["mask_token"] = {"content": "[MASK]", "lstrip": False}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(about), "utf-8")
    assert TokenizerFile(tmp_path).mask_token_id == 4


def test_a_text_is_not_cut_where_the_file_says_so(tmp_path):
    inner = word_pieces()
    inner.backend_tokenizer.enable_truncation(2)
    inner.backend_tokenizer.enable_padding(length=9)
    inner.save_pretrained(tmp_path)
    assert len(TokenizerFile(tmp_path)("北京大学", add_special_tokens=False)["input_ids"]) == 4


def test_what_is_saved_is_opened_again(tmp_path):
    word_pieces(mask_token="[MASK]").save_pretrained(tmp_path / "a")
    TokenizerFile(tmp_path / "a").save_pretrained(tmp_path / "b")
    ours, theirs = TokenizerFile(tmp_path / "b"), AutoTokenizer.from_pretrained(tmp_path / "b")
    assert ours("北京大")["input_ids"] == theirs("北京大")["input_ids"]
    assert ours.mask_token_id == theirs.mask_token_id is not None
