"""What `heads.py` measures: the same work done our way, on the dense score tensor and with the gather-based loss.

The two references are written from their formulas (dense: arXiv 2208.02955 as the public PyTorch
implementations spell it; gather: kexue.fm/archives/8888). Both make the [B, C, L, L] scores.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ie_cli.nn.pointer import EfficientGlobalPointer
from ie_cli.nn.span_scores import SpanScores, span_mask
from ie_cli.nn.span_zlpr import span_zlpr
from ie_cli.nn.zlpr import total

HUGE = 1e12  # what the references put in the place of -inf
SPANS = 6  # gold spans in a text
WIDTH = 312  # of the encoder: a TinyBERT of 4 layers
VOCABULARY = 21128
ROLES = 282  # DuEE 1.0: (event type, role) pairs with triggers
# Copies of the score tensor that are there at once, measured; to tell beforehand what does not fit.
COPIES = {"dense": 8, "gather": 6}


def dense_loss(scores: SpanScores, gold: Tensor, cells: Tensor) -> Tensor:
    """ZLPR over the score tensor with a multi-hot target, [B, C]."""
    logits = scores.dense().masked_fill(~cells[:, None], -HUGE).flatten(2)
    target = torch.zeros_like(logits).unflatten(2, cells.shape[1:])
    target[gold.unbind(1)] = 1
    target = target.flatten(2)
    flipped = (1 - 2 * target) * logits
    zero = torch.zeros_like(logits[..., :1])
    wrong = torch.cat([flipped - target * HUGE, zero], -1)
    right = torch.cat([flipped - (1 - target) * HUGE, zero], -1)
    return torch.logsumexp(wrong, -1) + torch.logsumexp(right, -1)


def gather_loss(scores: SpanScores, gold: Tensor, cells: Tensor) -> Tensor:
    """The sparse ZLPR over the score tensor: log(1 + sum of all) + log(1 - e^(positives - all)), [B, C]."""
    logits = scores.dense().masked_fill(~cells[:, None], -HUGE).flatten(2)
    zero = torch.zeros_like(logits[..., :1])
    single = logits[gold[:, 0], gold[:, 1], gold[:, 2] * cells.shape[2] + gold[:, 3]]
    # Positives as columns [B, C, most of a type]; columns that a type does not fill count nothing.
    group = gold[:, 0] * logits.shape[1] + gold[:, 1]
    order = group.argsort(stable=True)
    counts = torch.bincount(group, minlength=logits.shape[0] * logits.shape[1])
    column = torch.arange(len(group), device=group.device) - (counts.cumsum(0) - counts)[group[order]]
    shape = (logits.shape[0] * logits.shape[1], int(counts.max()) if len(group) else 1)
    place = group[order], column
    low = logits.new_full(shape, -HUGE).index_put(place, single[order]).unflatten(0, logits.shape[:2])
    negated = logits.new_full(shape, -HUGE).index_put(place, -single[order]).unflatten(0, logits.shape[:2])
    every = torch.logsumexp(torch.cat([logits, zero], -1), -1)
    rest = torch.log((1 - torch.exp(torch.logsumexp(low, -1) - every)).clamp(1e-7, 1))
    return every + rest + torch.logsumexp(torch.cat([negated, zero], -1), -1)


LOSSES = {"ours": span_zlpr, "dense": dense_loss, "gather": gather_loss}


def some_gold(batch: int, types: int, length: int, spans: int = SPANS) -> Tensor:
    """[B * spans, 4] cells, start <= end, with few repetitions."""
    row = torch.arange(batch).repeat_interleave(spans)
    ends = torch.randint(0, length, (len(row), 2)).sort(1).values
    return torch.cat([row[:, None], torch.randint(0, types, (len(row), 1)), ends], 1)


def trained_scores(gold: Tensor, batch: int, types: int, length: int) -> SpanScores:
    """Scores as a trained head gives them: about -13 with a spread of 2.5, raised to about 9 at the gold spans.

    The boundaries of gold spans are raised in their rows and columns too, which gives near misses.
    """
    pair = torch.randn(batch, length, length) * 2 - 5
    start, end = (torch.randn(2, batch, length, types) - 4).transpose(2, 3)  # laid out as the head does
    row, kind, first, last = gold.unbind(1)
    pair[row, first, last] += 8
    start[row, kind, first] += 7
    end[row, kind, last] += 7
    return SpanScores(pair, start, end)


def all_cells(batch: int, length: int) -> Tensor:
    return span_mask(torch.ones(batch, length, dtype=torch.bool))


Work = Callable[[], object]


def loss_work(way: str, types: int, length: int, batch: int, device: str) -> Work:
    """Loss and its gradients from the three parts of the scores."""
    shapes = (batch, length, length), (batch, length, types), (batch, length, types)
    pair, start, end = (torch.randn(shape, device=device) for shape in shapes)
    scores = SpanScores(pair, start.transpose(1, 2), end.transpose(1, 2))  # laid out as the head does
    for part in scores:
        part.requires_grad_()
    gold, cells = some_gold(batch, types, length).to(device), all_cells(batch, length).to(device)
    return lambda: torch.autograd.grad(total(LOSSES[way](scores, gold, cells)), tuple(scores))


def head_work(way: str, types: int, length: int, batch: int, device: str) -> Work:
    """Head and loss, forward and backward, from the encoder's output."""
    head = EfficientGlobalPointer(WIDTH, types).to(device)
    hidden = torch.randn(batch, length, WIDTH, device=device, requires_grad=True)
    gold, cells = some_gold(batch, types, length).to(device), all_cells(batch, length).to(device)
    return lambda: torch.autograd.grad(total(LOSSES[way](head(hidden), gold, cells)), [hidden, *head.parameters()])


def decode_work(way: str, types: int, length: int, batch: int, device: str) -> Work:
    """All spans above 0; returns them as flat indices."""
    gold = some_gold(batch, types, length)
    scores = SpanScores(*(part.to(device) for part in trained_scores(gold, batch, types, length)))
    cells = all_cells(batch, length).to(device)

    def ours() -> Tensor:
        found = scores.above(0.0, cells)
        return (((found.row * types + found.kind) * length + found.first) * length + found.last).sort().values

    def dense() -> Tensor:
        return ((scores.dense() > 0) & cells[:, None]).flatten().nonzero().squeeze(1)

    return ours if way == "ours" else dense


class Encoder(nn.Module):
    """4 transformer layers of width 312, as TinyBERT has them."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, WIDTH)
        layer = nn.TransformerEncoderLayer(WIDTH, 12, 1200, batch_first=True, activation="gelu")
        self.body = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)

    def forward(self, ids: Tensor) -> Tensor:
        return self.body(self.words(ids))


class Head(NamedTuple):
    """A pointer head of a model.

    Attributes:
        gold: cells of a text that are right.
        triangle: whether a span may not end before it begins.
    """

    types: int
    rotary: bool = True
    gold: int = SPANS
    triangle: bool = True


def training_step(way: str, shapes: list[Head], length: int, batch: int, device: str) -> Work:
    """One step of AdamW on an encoder and some heads."""
    ids = torch.randint(0, VOCABULARY, (batch, length), device=device)
    mask = torch.ones(batch, length, dtype=torch.bool, device=device)
    cells = [span_mask(mask, triangle=shape.triangle) for shape in shapes]
    encoder = Encoder().to(device)
    heads = nn.ModuleList(EfficientGlobalPointer(WIDTH, shape.types, rotary=shape.rotary) for shape in shapes)
    heads = heads.to(device)
    gold = [some_gold(batch, shape.types, length, shape.gold).to(device) for shape in shapes]
    optimiser = torch.optim.AdamW([*encoder.parameters(), *heads.parameters()])

    def step() -> None:
        hidden = encoder(ids)
        losses = [LOSSES[way](head(hidden), *where) for head, *where in zip(heads, gold, cells, strict=True)]
        optimiser.zero_grad()
        total(*losses).backward()
        optimiser.step()

    return step


def step_work(way: str, types: int, length: int, batch: int, device: str) -> Work:
    """A whole training step with one head."""
    return training_step(way, [Head(types)], length, batch, device)


def event_work(way: str, types: int, length: int, batch: int, device: str) -> Work:
    """A training step of GPLinker for events: the roles, head links and tail links, summed (kexue.fm/archives/8926)."""
    link = Head(1, rotary=False, gold=SPANS * (SPANS - 1) // 2)
    return training_step(way, [Head(types), link, link], length, batch, device)


def relation_work(way: str, types: int, length: int, batch: int, device: str) -> Work:
    """A training step of GPLinker for relations: entities, and two links a predicate (kexue.fm/archives/8888)."""
    link = Head(types, rotary=False, gold=3, triangle=False)
    return training_step(way, [Head(2), link, link], length, batch, device)


WORK = {"loss": loss_work, "head": head_work, "decode": decode_work, "step": step_work, "event": event_work,
        "relation": relation_work}  # fmt: skip


def digest(result: object) -> str | None:
    """A short name of what was found, to compare between ways; None for a result that is no tensor."""
    if not isinstance(result, Tensor):
        return None
    return hashlib.sha1(result.cpu().numpy().tobytes()).hexdigest()[:12]
