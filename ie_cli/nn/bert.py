"""BERT (Devlin et al. 2019, arXiv 1810.04805), so that a trained model opens without transformers.

To import that library takes longer than to read a hundred texts. Its names are kept, of weights and settings:
either opens what the other wrote, and a test holds both to the same output.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional

CONFIG = "config.json"
USUAL = {  # what is done here, where transformers could do something else; its defaults
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
}


@dataclass
class Shape:
    """What a config.json says of the encoder, with the names and the defaults of transformers' BertConfig."""

    vocab_size: int
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    layer_norm_eps: float = 1e-12
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    pad_token_id: int | None = 0
    model_type: str = "bert"

    def save_pretrained(self, folder: Path) -> None:
        """Write config.json as transformers has it."""
        about = {"architectures": ["BertModel"], **USUAL, **asdict(self)}
        (folder / CONFIG).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


class Output(NamedTuple):
    """[B, L, D], under the name that transformers gives it."""

    last_hidden_state: Tensor


class Embeddings(nn.Module):
    """Sum of what is known of a token and its place, normalised."""

    def __init__(self, shape: Shape):
        super().__init__()
        width = shape.hidden_size
        self.word_embeddings = nn.Embedding(shape.vocab_size, width, padding_idx=shape.pad_token_id)
        self.position_embeddings = nn.Embedding(shape.max_position_embeddings, width)
        self.token_type_embeddings = nn.Embedding(shape.type_vocab_size, width)
        self.LayerNorm = nn.LayerNorm(width, eps=shape.layer_norm_eps)
        self.dropout = nn.Dropout(shape.hidden_dropout_prob)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.word_embeddings(ids) + self.token_type_embeddings.weight[0]
        return self.dropout(self.LayerNorm(x + self.position_embeddings.weight[: ids.shape[1]]))


class SelfAttention(nn.Module):
    """Scaled dot products of several heads."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.heads, self.dropout = shape.num_attention_heads, shape.attention_probs_dropout_prob
        self.query, self.key, self.value = (nn.Linear(shape.hidden_size, shape.hidden_size) for _ in range(3))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        q, k, v = (layer(x).unflatten(-1, (self.heads, -1)) for layer in (self.query, self.key, self.value))
        dropout = self.dropout if self.training else 0.0
        heads = functional.scaled_dot_product_attention(*(y.transpose(1, 2) for y in (q, k, v)), mask, dropout)
        return heads.transpose(1, 2).flatten(2)


class Added(nn.Module):
    """A linear layer whose output is added to what the block was given, and normalised."""

    def __init__(self, shape: Shape, width: int):
        super().__init__()
        self.dense = nn.Linear(width, shape.hidden_size)
        self.LayerNorm = nn.LayerNorm(shape.hidden_size, eps=shape.layer_norm_eps)
        self.dropout = nn.Dropout(shape.hidden_dropout_prob)

    def forward(self, x: Tensor, given: Tensor) -> Tensor:
        return self.LayerNorm(self.dropout(self.dense(x)) + given)


class Layer(nn.Module):
    """Attention, then two linear layers with GELU between them."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.attention = nn.ModuleDict({"self": SelfAttention(shape), "output": Added(shape, shape.hidden_size)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(shape.hidden_size, shape.intermediate_size)})
        self.output = Added(shape, shape.intermediate_size)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = self.attention["output"](self.attention["self"](x, mask), x)
        return self.output(functional.gelu(self.intermediate["dense"](x)), x)


class Bert(nn.Module):
    """The encoder without its pooler; its weights are new."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.config = shape
        self.embeddings = Embeddings(shape)
        layers = nn.ModuleList(Layer(shape) for _ in range(shape.num_hidden_layers))
        self.encoder = nn.ModuleDict({"layer": layers})

    def get_input_embeddings(self) -> nn.Embedding:
        """The embeddings of tokens, without positions."""
        return self.embeddings.word_embeddings

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Output:
        """Ids [B, L] int64 and mask [B, L], 1 for a token -> [B, L, D]."""
        x, mask = self.embeddings(input_ids), attention_mask[:, None, None].bool()
        for layer in self.encoder["layer"]:
            x = layer(x, mask)
        return Output(x)
