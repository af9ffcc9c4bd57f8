"""Which tokens are hidden from the encoder, and what stands in their place."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ie_cli.pretraining.settings import Masking
from ie_cli.text.batch import Inputs
from ie_cli.text.characters import UNKNOWN

NGRAMS = (0.4, 0.3, 0.2, 0.1)  # of one, two, three and four words
TOLD = ("begins", "ends", "covers")  # features that tell which dictionary word is there; 1 is "no word"


@dataclass(frozen=True, slots=True)
class Masked:
    """A batch of which some tokens are hidden.

    Attributes:
        inputs: what the encoder reads.
        ids: [B, L], the tokens as they are.
        chosen: [B, L] bool, those that must be guessed, at least one of each row.
        teacher: [B, L], the tokens in the teacher's vocabulary, or None.
    """

    inputs: Inputs
    ids: Tensor
    chosen: Tensor
    teacher: Tensor | None = None

    def to(self, device: torch.device | str) -> Masked:
        teacher = None if self.teacher is None else self.teacher.to(device)
        return Masked(self.inputs.to(device), self.ids.to(device), self.chosen.to(device), teacher)


def choose(starts: Tensor, mask: Tensor, settings: Masking) -> Tensor:
    """The tokens to guess, [B, L] bool: whole units until each row has its share, at least one of a row.

    Args:
        starts: [B, L], 1 where a word begins.
        mask: [B, L], True on tokens.
    """
    chosen = torch.zeros_like(mask)
    for row in range(len(mask)):
        size = int(mask[row].sum())
        begins = torch.ones(size, dtype=torch.bool) if settings.unit == "character" else starts[row, :size] > 0
        edges = [*begins.nonzero().flatten().tolist(), size]
        for first, stop in _units(edges, max(1, round(settings.share * size)), settings.unit):
            chosen[row, first:stop] = True
    return chosen


def _units(edges: list[int], wanted: int, unit: str) -> list[tuple[int, int]]:
    """Spans of tokens at random until they hold as many as wanted.

    Args:
        edges: where each word begins, and the end of the text.
    """
    taken, spans = set(), []
    for word in torch.randperm(len(edges) - 1).tolist():
        if wanted <= 0:
            break
        count = 1 + int(torch.multinomial(torch.tensor(NGRAMS), 1)) if unit == "ngram" else 1
        for other in range(word, min(word + count, len(edges) - 1)):
            if other not in taken and wanted > 0:
                taken.add(other)
                spans.append((edges[other], edges[other + 1]))
                wanted -= edges[other + 1] - edges[other]
    return spans


def corrupt(inputs: Inputs, chosen: Tensor, mask_id: int, settings: Masking) -> Inputs:
    """The inputs with the chosen tokens replaced: by the mask, by another token of the batch, or not at all.

    Features that would tell a hidden token are hidden with it.
    """
    ids = inputs.features["ids"]
    chance = torch.rand(ids.shape)
    masked = chosen & (chance < settings.mask)
    other = chosen & ~masked & (chance < settings.mask + settings.other)
    tokens = ids[inputs.mask]
    strangers = tokens[torch.randint(len(tokens), ids.shape)]
    features = dict(inputs.features)
    features["ids"] = torch.where(masked, mask_id, torch.where(other, strangers, ids))
    if "bigrams" in features:  # each token is in two: the one that ends with it, and the next one's
        following = torch.cat([torch.zeros_like(chosen[:, :1]), chosen[:, :-1]], 1)
        features["bigrams"] = torch.where((chosen | following) & inputs.mask, UNKNOWN, features["bigrams"])
    for name in TOLD:
        if name in features:
            features[name] = torch.where(chosen, UNKNOWN, features[name])
    return Inputs(features, inputs.mask)
