"""Relations with GPLinker: a pointer head for entities and two for links (kexue.fm/archives/8888).

    {"text": "《活着》的作者是余华", "relations": [{"predicate": "作者",
     "subject": {"start": 1, "end": 3, "type": "图书", "text": "活着"},
     "object": {"start": 8, "end": 10, "type": "人物", "text": "余华"}}]}

A triple is predicted where its subject, its object, the link of their first tokens and the link of
their last tokens all are. No score tensor with an axis of predicates is made, neither in training
(ie_cli.nn.zlpr) nor here: links are scored where a subject meets an object.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ie_cli.nn.pointer import pointer
from ie_cli.nn.span_links import links
from ie_cli.nn.span_scores import SpanScores, TypeScores, span_mask
from ie_cli.nn.span_zlpr import smoothed_zlpr
from ie_cli.nn.zlpr import HARD, Targets, prior_score, probability_of, score_of, total
from ie_cli.tasks._bounds import best_spans
from ie_cli.tasks._codec import Batch
from ie_cli.tasks._model import TaskModel
from ie_cli.tasks._relations import Codec, Labels, LinkLabel, TokenLink
from ie_cli.text.batch import Inputs
from ie_cli.text.encoding import Tokenizer


@dataclass
class Settings:
    """Settings of the heads.

    Attributes:
        head: "efficient" or "global_pointer", for all three; published are both.
        head_size: inner size d of the pointers.
        dropout: on the encoder's output.
        prior: start the biases where the label counts put them, not at 0.
        schema: a label for every combination of subject type, predicate and object type of the training
            records, and an entity head for each type: what is predicted then fits the schema.
        threshold: probability from which entities and links are predicted; 0.5 is s > 0.
        max_spans: entity spans of one window at most, the likeliest; keeps an untrained model in bounds.
        window_overlap: tokens that neighbouring windows of a long text share.
    """

    head: str = "efficient"
    head_size: int = 64
    dropout: float = 0.1
    prior: bool = True
    schema: bool = False
    threshold: float = 0.5
    max_spans: int = 100
    window_overlap: int = 64


Scores = tuple[SpanScores | TypeScores, ...]  # of entities, head links, tail links


class Model(TaskModel):
    """Encoder and three pointer heads."""

    kind, has_pointers = "relations", True

    def __init__(self, encoder: nn.Module, tokenizer: Tokenizer, labels: Labels, settings: Settings):
        super().__init__(encoder)
        counts = labels.table(settings.schema)
        table = list(counts)
        self.codec = Codec(tokenizer, labels, settings, encoder.limit, tuple(table))
        self.dropout = nn.Dropout(settings.dropout)
        sides = _entity_heads(table, settings.schema)
        self.register_buffer("ends", torch.tensor([[sides[key] for key in _ends(x, settings.schema)] for x in table]))
        shape = {"size": settings.head_size}
        rates = _rates(labels, counts, sides, settings.schema) if settings.prior else (None, None)
        self.entities = pointer(settings.head, encoder.width, len(sides), rates[0], **shape)
        self.heads, self.tails = (
            pointer(settings.head, encoder.width, len(table), rates[1], rotary=False, **shape) for _ in range(2)
        )

    def forward(self, inputs: Inputs) -> Scores:
        hidden = self.dropout(self.encoder(inputs.features, inputs.mask))
        return self.entities(hidden), self.heads(hidden), self.tails(hidden)

    def pointer_scores(self, outputs: Scores) -> Scores:
        return outputs

    def cells(self, mask: Tensor) -> tuple[Tensor, ...]:
        anywhere = span_mask(mask, triangle=False)  # an object may stand before its subject
        return span_mask(mask), anywhere, anywhere

    def loss(self, scores: Scores, batch: Batch, targets: Targets = HARD) -> Tensor:
        """ZLPR summed over the types of each head and over the three heads, averaged over texts: a scalar."""
        one, other = batch.gold.reshape(-1, 2, 5).unbind(1)
        row, label, pair = one[:, 0], one[:, 2], (one[:, 3:], other[:, 3:])
        spans = [torch.column_stack([row, self.ends[label, i], pair[i]]) for i in range(2)]
        linked = [torch.column_stack([row, label, pair[0][:, i], pair[1][:, i]]) for i in range(2)]
        gold = (torch.cat(spans), *linked)
        parts = zip(scores, gold, self.cells(batch.inputs.mask), strict=True)
        return total(*(smoothed_zlpr(*part, targets) for part in parts))

    def decode(self, scores: Scores, mask: Tensor) -> list[list[TokenLink]]:
        """The links of each row whose four parts all exceed the threshold; the least is its probability."""
        settings = self.codec.settings
        limit = score_of(settings.threshold)
        spans = best_spans(scores[0], limit, span_mask(mask), settings.max_spans, self.codec.dropped)
        rows: list[list[TokenLink]] = [[] for _ in range(mask.shape[0])]
        from_object = torch.tensor([name.of_object for name in self.codec.table], device=mask.device)
        for labels in (~from_object).nonzero().squeeze(1), from_object.nonzero().squeeze(1):
            kinds = self.ends[labels]
            left, right = (spans.pick(torch.isin(spans.kind, kinds[:, i])) for i in range(2))
            found = links(left, right, *scores[1:], labels, kinds, limit)
            probability = probability_of(found.score)
            one, other = found.left, found.right
            columns = (one.row, found.label, one.first, one.last, other.first, other.last, probability)
            for row, label, *ends, sure in zip(*(column.tolist() for column in columns), strict=True):
                rows[row].append(TokenLink(label, tuple(ends[:2]), tuple(ends[2:]), sure))
        return rows


def _ends(name: LinkLabel, schema: bool) -> list[tuple[str, str | None]]:
    """The entity heads of a label's two spans: roles, with their types if the schema counts."""
    roles = ("object" if name.of_object else "subject", "object")
    return [(role, kind if schema else None) for role, kind in zip(roles, (name.one, name.other), strict=True)]


def _entity_heads(table: Iterable[LinkLabel], schema: bool) -> dict[tuple[str, str | None], int]:
    keys = {key for name in table for key in _ends(name, schema)}
    return {key: i for i, key in enumerate(sorted(keys, key=str, reverse=True))}  # subjects first


def _rates(labels: Labels, counts: dict[LinkLabel, int], sides: dict, schema: bool) -> tuple[Tensor, Tensor]:
    """Scores to start from, of entity heads and links: their share of all spans, and of all pairs of tokens."""
    spans = torch.zeros(len(sides))
    for name, count in counts.items():
        for key in _ends(name, schema):
            spans[sides[key]] += count
    for role, distinct in (("subject", labels.subjects), ("object", labels.objects)):
        mine = [i for (side, _), i in sides.items() if side == role]
        spans[mine] *= distinct / spans[mine].sum()  # one span may take part in many links
    pairs = torch.tensor(list(counts.values())) / (2 * labels.cells)
    return prior_score(spans / labels.cells), prior_score(pairs)
