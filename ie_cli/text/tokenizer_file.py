"""tokenizer.json without transformers, whose import takes longer than reading a hundred texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

TOKENIZER, TOKENIZER_CONFIG = "tokenizer.json", "tokenizer_config.json"
SPECIALS = ("pad", "unk", "cls", "sep", "mask", "bos", "eos")


class TokenizerFile:
    """Looks like a fast tokenizer of transformers as far as reading a text goes.

    Attributes:
        pad_token_id, unk_token_id, cls_token_id, sep_token_id, mask_token_id, bos_token_id, eos_token_id: ids of
            the special tokens, None for those that it has not.

    Args:
        folder: has the two files.
    """

    is_fast = True

    def __init__(self, folder: Path):
        self._inner = Tokenizer.from_str((folder / TOKENIZER).read_text(encoding="utf-8"))
        self._inner.no_truncation()
        self._inner.no_padding()
        self._config = json.loads((folder / TOKENIZER_CONFIG).read_text(encoding="utf-8"))
        for name in SPECIALS:
            setattr(self, f"{name}_token_id", self._id(self._config.get(f"{name}_token")))

    def _id(self, token: str | dict[str, Any] | None) -> int | None:
        content = token["content"] if isinstance(token, dict) else token
        return None if content is None else self._inner.token_to_id(content)

    def __call__(self, text: str, *, add_special_tokens: bool = True, **asked: bool) -> dict[str, list]:
        found = self._inner.encode(text, add_special_tokens=add_special_tokens)
        return {"input_ids": found.ids, "offset_mapping": found.offsets}

    def get_vocab(self) -> dict[str, int]:
        """The id of each piece."""
        return self._inner.get_vocab()

    def convert_ids_to_tokens(self, token: int) -> str:
        """The piece of an id."""
        return self._inner.id_to_token(token)

    def save_pretrained(self, folder: Path) -> None:
        """Write both files."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / TOKENIZER).write_text(self._inner.to_str(pretty=True), encoding="utf-8")
        (folder / TOKENIZER_CONFIG).write_text(
            json.dumps(self._config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )
