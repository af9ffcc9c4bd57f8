"""Events with GPLinker: a pointer head for roles and two for links (kexue.fm/archives/8926).

    {"text": "周二李四辞职", "events": [{"type": "组织关系-辞/离职", "trigger": {"start": 4, "end": 6, "text": "辞职"},
     "arguments": [{"role": "离职者", "start": 2, "end": 4, "text": "李四"}]}]}

The trigger is one more role of its type. Two spans are in one event if their first tokens and their
last tokens are linked; an event is a maximal set of spans of one type in which all are linked to all.
That is exact where the links are right; `_event_cliques` allows for links that are missed.
The links know spans, not roles. So a span in two roles of one event is linked to itself. What cannot
be told apart: of two events of one type an event within the other; and events that share a span in
different roles give every combination (tests/tasks/test_event_models.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor, nn

from ie_cli.nn.pointer import pointer
from ie_cli.nn.span_links import couples
from ie_cli.nn.span_scores import SpanCells, SpanScores, TypeScores, span_mask
from ie_cli.nn.span_zlpr import smoothed_zlpr
from ie_cli.nn.zlpr import HARD, Targets, prior_score, probability_of, score_of, total
from ie_cli.records import Record
from ie_cli.tasks import _events
from ie_cli.tasks._bounds import best_spans
from ie_cli.tasks._codec import Batch
from ie_cli.tasks._event_cliques import Limits
from ie_cli.tasks._event_documents import Graph, group_events, merge_graphs
from ie_cli.tasks._events import Labels, Node, event, place, triggers
from ie_cli.tasks._model import TaskModel
from ie_cli.text.batch import Inputs
from ie_cli.text.encoding import Encoding, Tokenizer
from ie_cli.text.windows import Window


@dataclass
class Settings:
    """Settings of the heads.

    Attributes:
        head: "efficient" or "global_pointer", for all three.
        head_size: inner size d of the pointers.
        dropout: on the encoder's output.
        prior: start the biases where the label counts put them, not at 0.
        threshold: probability from which spans are predicted, and links of spans that overlap or have one
            role; 0.5 is s > 0.
        min_link: probability of a link below which it keeps any two spans apart (`_event_cliques`).
        same_trigger_threshold: a second event with the same trigger is kept only if every link is more probable.
        max_spans: spans of one window at most, the likeliest; keeps an untrained model in bounds.
        require_trigger: leave out events without a trigger, as the published script does for submissions.
        window_overlap: tokens that neighbouring windows of a long text share.
    """

    head: str = "efficient"
    head_size: int = 64
    dropout: float = 0.1
    prior: bool = True
    threshold: float = 0.5
    min_link: float = 0.1
    same_trigger_threshold: float = 0.9
    max_spans: int = 200
    require_trigger: bool = False
    window_overlap: int = 64


Scores = tuple[SpanScores | TypeScores, ...]  # of roles, head links, tail links


class Codec(_events.Codec):
    """The shared codec, and events from the graphs of windows."""

    def assemble(
        self, record: Record, encoding: Encoding, windows: Sequence[Window], graphs: Sequence[Graph]
    ) -> Record:
        """The record with the events of its windows, in order of place (see `_event_documents.group_events`)."""
        whole = merge_graphs(
            _placed(graph, window[0], encoding) for window, graph in zip(windows, graphs, strict=True) if graph
        )
        found_groups, beyond = group_events(whole, self.labels.roles, record.text, self._limits)
        if beyond:
            self.dropped["spans in too dense a graph of events"] += beyond
        if surplus := sum(len(triggers(self.labels.roles, group.nodes)[1:]) for group in found_groups):
            self.dropped["triggers of events that have a likelier one"] += surplus
        events = [event(self.labels.roles, record.text, *group) for group in found_groups]
        if self.settings.require_trigger:
            events = [e for e in events if e.trigger is not None]
        return replace(record, events=sorted(events, key=place))

    @property
    def _limits(self) -> Limits:
        return Limits(self.settings.threshold, self.settings.min_link, self.settings.same_trigger_threshold)


def _placed(graph: Graph, offset: int, encoding: Encoding) -> Graph:
    """The graph of a window with characters of the text for its tokens."""
    nodes = [
        Node(n.label, encoding.starts[n.start + offset], encoding.ends[n.end + offset], n.score) for n in graph.nodes
    ]
    return Graph(nodes, graph.links)


class Model(TaskModel):
    """Encoder and three pointer heads."""

    kind, has_pointers = "events", True

    def __init__(self, encoder: nn.Module, tokenizer: Tokenizer, labels: Labels, settings: Settings):
        super().__init__(encoder)
        self.codec = Codec(tokenizer, labels, settings, encoder.limit)
        self.dropout = nn.Dropout(settings.dropout)
        names = sorted({role.event for role in labels.roles})
        self.register_buffer("types", torch.tensor([names.index(role.event) for role in labels.roles]))
        shape = {"size": settings.head_size}
        priors = _priors(labels) if settings.prior else (None, None)
        self.roles = pointer(settings.head, encoder.width, len(labels.roles), priors[0], **shape)
        self.heads, self.tails = (
            pointer(settings.head, encoder.width, 1, priors[1], rotary=False, **shape) for _ in range(2)
        )

    def forward(self, inputs: Inputs) -> Scores:
        hidden = self.dropout(self.encoder(inputs.features, inputs.mask))
        return self.roles(hidden), self.heads(hidden), self.tails(hidden)

    def pointer_scores(self, outputs: Scores) -> Scores:
        return outputs

    def cells(self, mask: Tensor) -> tuple[Tensor, ...]:
        return (span_mask(mask),) * 3

    def loss(self, scores: Scores, batch: Batch, targets: Targets = HARD) -> Tensor:
        """ZLPR summed over the roles and over the three heads, averaged over texts: a scalar."""
        row, item, _, first, last = batch.gold.unbind(1)
        one, other = couples(row * (item.max() + 1 if len(item) else 1) + item)
        linked = (
            torch.column_stack(
                [row[one], torch.zeros_like(one), torch.minimum(x[one], x[other]), torch.maximum(x[one], x[other])]
            )
            for x in (first, last)
        )
        parts = zip(scores, (batch.gold[:, [0, 2, 3, 4]], *linked), self.cells(batch.inputs.mask), strict=True)
        return total(*(smoothed_zlpr(*part, targets) for part in parts))

    def decode(self, scores: Scores, mask: Tensor) -> list[Graph]:
        """The spans of each row above the threshold, and for each two of one type how likely they are linked."""
        settings = self.codec.settings
        limit = score_of(settings.threshold)
        spans = best_spans(scores[0], limit, span_mask(mask), settings.max_spans, self.codec.dropped)
        spans = spans.pick(spans.row.argsort(stable=True))
        kinds = self.types[spans.kind]
        one, other = couples(spans.row * (int(self.types.max()) + 1) + kinds)
        link = _link_scores(scores[1:], spans, one, other)
        return list(_graphs(spans, one, other, probability_of(link), len(mask)))


def _link_scores(links: Scores, spans: SpanCells, one: Tensor, other: Tensor) -> Tensor:
    """[N], the lesser score of the link of first tokens and that of last tokens."""
    kind = torch.zeros_like(one)
    parts = [
        head.at(spans.row[one], kind, torch.minimum(x[one], x[other]), torch.maximum(x[one], x[other]))
        for head, x in zip(links, (spans.first, spans.last), strict=True)
    ]
    return torch.minimum(*parts)


def _graphs(spans: SpanCells, one: Tensor, other: Tensor, likely: Tensor, rows: int) -> Iterator[Graph]:
    """The graph of each row from spans that are sorted by row."""
    begins = torch.searchsorted(spans.row, torch.arange(rows + 1, device=spans.row.device)).tolist()
    columns = (spans.kind, spans.first, spans.last, probability_of(spans.score))
    nodes = [Node(*node) for node in zip(*(column.tolist() for column in columns), strict=True)]
    links: dict[int, dict[tuple[int, int], float]] = defaultdict(dict)
    texts = spans.row[one].tolist()
    for row, i, j, score in zip(texts, one.tolist(), other.tolist(), likely.tolist(), strict=True):
        links[row][i - begins[row], j - begins[row]] = score
    for row, (low, high) in enumerate(pairwise(begins)):
        yield Graph(nodes[low:high], links[row])


def _priors(labels: Labels) -> tuple[Tensor, Tensor]:
    """Scores to start from, of roles and of links: their share of all spans."""
    counts = torch.tensor([role.count for role in labels.roles])
    return prior_score(counts / labels.cells), prior_score(torch.tensor([labels.links / labels.cells]))
