"""What all tests share: few threads, no network, small encoders made on the spot."""

import contextlib
import os
from pathlib import Path

from ie_cli import threads

threads.limit(1)  # before torch is loaded
os.environ["HF_HUB_OFFLINE"] = "1"

import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402

settings.register_profile("ie", deadline=None, max_examples=40)
settings.load_profile("ie")

SHARED = Path(__file__).parents[2] / "shared"
CHARACTERS = "张三丰李四王五在北京大学武当山生于清华，。！abcdefghijklmnopqrstuvwxyz0123456789"
SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 40,
}
RELATIVE = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_biased_input": False}
# Configuration class of transformers -> what differs from SIZES.
ENCODERS = {
    "Bert": {},
    "Roberta": {},
    "Albert": {"embedding_size": 8},
    "Electra": {"embedding_size": 8},
    "RoFormer": {"embedding_size": 8},
    "Ernie": {},
    "Deberta": RELATIVE,
    "DebertaV2": RELATIVE | {"position_buckets": 8},
    "ModernBert": {"local_attention": 8, "global_attn_every_n_layers": 2},
}


@pytest.fixture
def room():
    """A context in which no file can grow beyond so many bytes, which ends as a full disk does."""
    resource = pytest.importorskip("resource")

    @contextlib.contextmanager
    def limited(size):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited


@pytest.fixture(scope="session")
def shared():
    """A file or folder of ../shared by its path; the test is skipped where it is not there."""

    def find(path: str) -> Path:
        if not (SHARED / path).exists():
            pytest.skip(f"needs ../shared/{path}")
        return SHARED / path

    return find


def word_pieces(**special):
    """A tokenizer as BERT has it, over CHARACTERS; `special` names its special tokens."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    from ie_cli.text.pretrained import PROBE

    characters = sorted({*CHARACTERS, *PROBE})
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters, *(f"##{c}" for c in characters)]
    inner = Tokenizer(models.WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    inner.normalizer, inner.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    return PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="[UNK]", pad_token="[PAD]", **special)


BERT_SPECIALS = {"cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}


@pytest.fixture(scope="session")
def pretrained(tmp_path_factory):
    """A function that makes a folder as the hub has them, from a name in ENCODERS and special tokens."""
    import torch
    import transformers

    def make(kind: str = "Bert", **special) -> Path:
        tokenizer = word_pieces(**(special or BERT_SPECIALS))
        names = [f"{name}_token_id" for name in ("pad", "bos", "eos", "cls", "sep")]
        ids = {name: getattr(tokenizer, name) for name in names}
        config = getattr(transformers, f"{kind}Config")(vocab_size=len(tokenizer), **SIZES | ENCODERS[kind], **ids)
        torch.manual_seed(0)
        folder = tmp_path_factory.mktemp(kind.lower())
        transformers.AutoModel.from_config(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return folder

    return make
