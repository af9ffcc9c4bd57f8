"""Which of its candidates a mention means: text and description compared token by token, in both directions.

The article's model (kexue.fm/archives/6919) reads the text again for every candidate, marked with the
mention and with what the candidate's description shares with it; then text and description attend to
each other. Here the text is read once for all. A mention asks, by its vector, which tokens of the text
and of a description matter, and what a description shares with the text takes part in weighing the
tokens. A description does not depend on the mention, so that its encoding can be kept.

NIL is one more choice with a score of its own. It is learned with the others, so that there is no
threshold to be tuned on dev.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

SHARED = 3  # what of the text is in the description: as characters, as words, as objects of facts
AT_ONCE = 1 << 15  # tokens of texts, once for each pair, that are compared with descriptions at once
NEVER = -1e4  # a score that softmax makes 0, also where all scores are such; float16 can hold it


class Choices(NamedTuple):
    """Mentions and their candidates, as indices.

    Attributes:
        row, first, last: [M], text and tokens of each mention.
        about: [M, N], what is known of each mention beforehand; first the logarithm of NIL's probability.
        mention, entity: [P], of each pair of a mention and a candidate.
        slot: [P], the place of the candidate among those of its mention, from 0.
        shared: [P, L, SHARED], 0 or 1 for each token of the text.
        prior: [P, F], what is known of each pair beforehand; first the logarithm of its probability.
    """

    row: Tensor
    first: Tensor
    last: Tensor
    about: Tensor
    mention: Tensor
    entity: Tensor
    slot: Tensor
    shared: Tensor
    prior: Tensor

    def to(self, device: torch.device | str) -> Choices:
        return Choices(*(column.to(device) for column in self))

    def parts(self) -> Iterator[Choices]:
        """The same with some of the pairs at a time, which bounds the memory of what is compared."""
        step = max(1, AT_ONCE // max(1, self.shared.shape[1]))
        for pairs in zip(*(column.split(step) for column in self[4:]), strict=True):
            yield Choices(*self[:4], *pairs)


class Sides(NamedTuple):
    """What is compared in each of P pairs: texts [P, L, A] around mentions [P, A], descriptions [P, S, A]; masks."""

    text: Tensor
    around: Tensor
    entity: Tensor
    known: Tensor
    mention: Tensor


class Ranker(nn.Module):
    """Scores of candidates and of NIL; untrained it chooses by the prior.

    Args:
        width: D of the encoder's output.
        size: A, of the vectors that are compared.
        priors, abouts: F and N, columns of `Choices.prior` and `Choices.about`.
        nil_types: K, kinds of NIL to tell apart.
    """

    def __init__(self, width: int, size: int, *, priors: int, abouts: int, nil_types: int, dropout: float):
        super().__init__()
        self.text, self.entity = nn.Linear(width, size), nn.Linear(width, size)
        self.mention = nn.Linear(3 * width, size)
        self.weigh_text, self.weigh_entity = nn.Linear(size + SHARED + 2, 1), nn.Linear(size + 1, 1)
        self.dropout = nn.Dropout(dropout)
        plain = priors + 2 * SHARED + 2
        self.plain, self.deep = _weighing(plain), _layers(4 * size + plain, size, dropout)
        self.nil, self.nil_deep = _weighing(abouts), _layers(size + abouts, size, dropout)
        self.nil_types = nn.Linear(size, nil_types) if nil_types else None

    def entities(self, hidden: Tensor) -> Tensor:
        """Encoded descriptions [U, S, D] -> what is kept of them, [U, S, A]."""
        return torch.tanh(self.entity(self.dropout(hidden)))

    def forward(
        self, hidden: Tensor, mask: Tensor, entities: Tensor | None, known: Tensor | None, choices: Choices
    ) -> tuple[Tensor, Tensor]:
        """Scores [M, 1 + C], NIL first, -inf where a mention has fewer candidates; and of NIL types [M, K].

        Args:
            hidden, mask: [B, L, D] and [B, L], the encoded texts.
            entities, known: [U, S, A] and the mask [U, S], descriptions as `entities` gives them.
        """
        mention = self._mentions(hidden, choices)
        types = mention[:, :0] if self.nil_types is None else self.nil_types(mention)
        nil = self.nil(choices.about) + self.nil_deep(torch.cat([mention, choices.about], -1))
        if not len(choices.slot):
            return nil, types
        scores = nil.new_full((len(nil), int(choices.slot.max()) + 1), -torch.inf)
        text = torch.tanh(self.text(self.dropout(hidden)))
        pairs = [self._pairs(_sides(text, mask, entities, known, mention, some), some) for some in choices.parts()]
        scores = scores.index_put((choices.mention, choices.slot), torch.cat(pairs).to(nil.dtype))
        return torch.cat([nil, scores], 1), types

    def _mentions(self, hidden: Tensor, choices: Choices) -> Tensor:
        """[M, A], from the first token, the last, and the mean."""
        row, first, last = choices[:3]
        place = torch.arange(hidden.shape[1], device=hidden.device)
        inside = (place >= first[:, None]) & (place <= last[:, None])
        mean = (inside[..., None] * hidden[row]).sum(1) / inside.sum(1, keepdim=True)
        ends = [hidden[row, first], hidden[row, last]]
        return torch.tanh(self.mention(self.dropout(torch.cat([*ends, mean], -1))))

    def _pairs(self, sides: Sides, choices: Choices) -> Tensor:
        """The score of each pair, [P]."""
        text, around, entity, known, mention = sides
        alike = _inner(text, entity).masked_fill(~known[:, None], NEVER)
        best = alike.amax(2) * known.any(1, keepdim=True)  # each token of the text with the likest of the description
        back = alike.masked_fill(~around[:, :, None], NEVER).amax(1)
        signs = torch.cat([text, choices.shared, best[..., None], _inner(text, mention[:, None])], -1)
        weight = _weights(self.weigh_text(signs), around)
        entity_weight = _weights(self.weigh_entity(torch.cat([entity, _inner(entity, mention[:, None])], -1)), known)
        shared = choices.shared * around[..., None]
        plain = [
            choices.prior,
            (weight * shared).sum(1),
            shared.sum(1) / around.sum(1, keepdim=True).clamp_min(1),
            (weight[..., 0] * best).sum(1, keepdim=True),
            (entity_weight[..., 0] * back).sum(1, keepdim=True) * around.any(1, keepdim=True),
        ]
        plain = torch.cat(plain, -1)
        summary = (entity_weight * entity).sum(1)
        aligned = (weight * text * (alike.softmax(2) @ entity)).sum(1)
        deep = [mention, mention * summary, (weight * text).sum(1) * summary, aligned, plain]
        return (self.plain(plain) + self.deep(self.dropout(torch.cat(deep, -1))))[:, 0]


def _sides(text: Tensor, mask: Tensor, entities: Tensor, known: Tensor, mention: Tensor, choices: Choices) -> Sides:
    pair, entity = choices.mention, choices.entity
    row, first, last = (column[pair, None] for column in choices[:3])
    place = torch.arange(mask.shape[1], device=mask.device)
    around = mask[row[:, 0]] & ((place < first) | (place > last))
    return Sides(text[row[:, 0]], around, entities[entity], known[entity], mention[pair])


def _inner(one: Tensor, other: Tensor) -> Tensor:
    """Scaled inner products of [P, L, A] and [P, S, A], [P, L, S]."""
    return one @ other.transpose(1, 2) / one.shape[-1] ** 0.5


def _weights(scores: Tensor, mask: Tensor) -> Tensor:
    """Softmax of [P, L, 1] over the tokens that the mask [P, L] allows; all 0 where it allows none."""
    return scores.masked_fill(~mask[..., None], NEVER).softmax(1) * mask[..., None]


def _weighing(columns: int) -> nn.Linear:
    """A linear score that is at first the first column."""
    layer = nn.Linear(columns, 1)
    nn.init.zeros_(layer.bias)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(1, columns))
    return layer


def _layers(columns: int, size: int, dropout: float) -> nn.Sequential:
    """Two layers whose score is at first 0."""
    made = nn.Sequential(nn.Linear(columns, size), nn.GELU(), nn.Dropout(dropout), nn.Linear(size, 1))
    nn.init.zeros_(made[-1].weight)
    nn.init.zeros_(made[-1].bias)
    return made
