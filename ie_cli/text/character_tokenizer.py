"""A tokenizer of single characters in the form of transformers, so that its encoder can be used everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

SPECIALS = {  # as BERT names them
    "pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"
}  # fmt: skip


def character_tokenizer(characters: Sequence[str]) -> PreTrainedTokenizerFast:
    """Each code point is a token; the special ones come first, then the characters in their order."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    ids = {token: i for i, token in enumerate((*SPECIALS.values(), *characters))}
    inner = Tokenizer(models.WordLevel(ids, unk_token=SPECIALS["unk_token"]))
    inner.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    first, last = SPECIALS["cls_token"], SPECIALS["sep_token"]
    inner.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}", pair=f"{first} $A {last} $B:1 {last}:1",
        special_tokens=[(first, ids[first]), (last, ids[last])],
    )  # fmt: skip
    return PreTrainedTokenizerFast(tokenizer_object=inner, **SPECIALS)
