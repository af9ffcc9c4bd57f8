"""Entity linking: mentions, and which entity of a knowledge base each means (kexue.fm/archives/6919).

    {"text": "比特币吸粉无数", "entities": [{"start": 0, "end": 3, "text": "比特币", "score": 0.93,
     "link": {"kb_id": "278410", "score": 0.98}, "candidates": [{"kb_id": "278410", "score": 0.98}]}]}

Mentions are found with a pointer head that knows where names of the base and words of jieba begin and
end. The article only filters the matches of the dictionary; here they are a feature, so that mentions
whose name the base lacks are found, too. Entities that a record has already are its mentions, unless all
are linked: such a record is annotated, and is read as if it were not. Then each mention is compared with
its candidates and with NIL, which wins where none fits (`nn.ranking`).

How often a name means an entity is counted in the training records, always without the record that is
being learned: so it will be in prediction. `leave_one_out` does the same with the base.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from ie_cli import kb
from ie_cli.matching import leftmost_longest
from ie_cli.nn.mixer import Mixer
from ie_cli.nn.ranking import Ranker
from ie_cli.nn.span_scores import SpanScores, TypeScores
from ie_cli.nn.zlpr import HARD, Targets
from ie_cli.records import Record
from ie_cli.tasks import _codec, ner_pointer
from ie_cli.tasks._codec import Example
from ie_cli.tasks._entities import TokenSpan
from ie_cli.tasks._linking_base import LinkingBase, names
from ie_cli.tasks._linking_cache import StateCache
from ie_cli.tasks._linking_codec import Codec, Wanted
from ie_cli.tasks._linking_entries import Described, Entries
from ie_cli.tasks._linking_features import SIZES, Matching
from ie_cli.tasks._linking_inputs import ABOUTS, PRIORS, RankingInputs, RankingInputsBuilder
from ie_cli.tasks._linking_labels import Labels as Labels
from ie_cli.tasks._linking_output import Answer, answer, with_links
from ie_cli.text.batch import Inputs, pad
from ie_cli.text.encoding import Tokenizer
from ie_cli.text.length_batches import BATCH_TOKENS, by_length


@dataclass
class Settings(ner_pointer.Settings):
    """Those of `ner_pointer` for the mentions, and:

    Attributes:
        kb: folder of the knowledge base (`ie kb build`).
        digest: of the base that the model was trained with; filled in.
        leave_one_out: the base was made of the training records: what it has from a record alone, names and
            lines of descriptions, is left out while that record is learned.
        given_mentions: the entities of a record are its mentions unless all have links; false finds mentions always.
        max_candidates: of a mention at most, those that its name means most often.
        ranked_mentions: mentions of a text that are linked in a step of training, by chance; all are found.
        negatives: wrong candidates of a mention in a step of training.
        description_length: tokens of an entity's names, types and description that are read.
        vector_size: size of the vectors by which text and description are compared.
        match_features: tell what of the text is in the description: characters, words, objects of facts, as published.
        annotation_rate: tell how often each name was annotated where it occurs in the training texts, as published.
        output_candidates: candidates of each mention in the output.
    """

    kb: str | None = None
    digest: str = ""
    leave_one_out: bool = False
    given_mentions: bool = True
    max_candidates: int = 30
    ranked_mentions: int = 2
    negatives: int = 3
    description_length: int = 48
    vector_size: int = 64
    match_features: bool = True
    annotation_rate: bool = True
    output_candidates: int = 10


@dataclass(frozen=True)
class Outputs:
    """Scores of mentions, and the encoded texts [B, L, D]."""

    mentions: SpanScores | TypeScores
    hidden: Tensor


@dataclass(frozen=True)
class Batch(_codec.Batch):
    """Also what is to be linked, and the descriptions for it (one empty one if there are none)."""

    ranking: RankingInputs
    entities: Inputs

    def to(self, device: torch.device | str) -> Batch:
        return Batch(*(part.to(device) for part in (self.inputs, self.gold, self.ranking, self.entities)))


class Model(ner_pointer.Model):
    """Encoder, pointer head for mentions, ranker of their candidates; the arguments are those of `ner_pointer`.

    Raises:
        IEError: the settings name no knowledge base.
    """

    kind = "links"

    def __init__(self, encoder: nn.Module, tokenizer: Tokenizer, labels: Labels, settings: Settings):
        super().__init__(encoder, tokenizer, labels, settings)
        base = LinkingBase(settings.kb, settings.digest, labels)
        if not settings.digest:
            settings.kb, settings.digest = base.identify()
        self.codec = Codec(Matching(tokenizer, base, settings), labels, settings, encoder.limit, base=base)
        self.entries = Entries(base, tokenizer, settings)
        self.ranking = RankingInputsBuilder(base, labels, self.entries, settings, self.codec.dropped)
        self.cache = StateCache(lambda ident: self.entries.features(Described(ident, None)), self._states, BATCH_TOKENS)
        self.mixer = Mixer(encoder.width, SIZES)
        counts = {"priors": PRIORS, "abouts": ABOUTS, "nil_types": len(labels.nil_types)}
        self.ranker = Ranker(encoder.width, settings.vector_size, **counts, dropout=settings.dropout)

    def attach(self, folder: str | Path) -> None:
        """Link against another base than that of the training."""
        self.codec.base.attach(kb.open(folder))
        self.entries.clear()
        self.cache.clear()

    def count_matches(self, records: Iterable[Record]) -> None:
        """Count how often each name of the base is in the training texts; the labels get it."""
        matched: Counter[str] = Counter()
        for record in records:
            matched.update(names(record.text, leftmost_longest(self.codec.base.kb.matches(record.text))))
        self.codec.labels.matched = dict(sorted(matched.items()))

    def train(self, mode: bool = True) -> Model:
        self.cache.clear()  # the weights change
        return super().train(mode)

    # --- Training --------------------------------------------------------------------------------

    def collate(self, examples: Sequence[Example]) -> Batch:
        plain = [{name: x for name, x in example.items() if name != "links"} for example in examples]
        batch = _codec.collate(plain)
        contexts = [self.codec.context(example["links"]) for example in examples]
        ranking = self.ranking.build(contexts, batch.inputs.mask.shape[1], training=True)
        return Batch(
            batch.inputs, batch.gold, ranking, pad([*map(self.entries.features, ranking.entities)] or [{"ids": []}])
        )

    def forward(self, inputs: Inputs) -> Outputs:
        hidden = self.encoder(inputs.features, inputs.mask)
        return Outputs(self.head(self.mixer(self.dropout(hidden), inputs.features, inputs.mask)), hidden)

    def pointer_scores(self, outputs: Outputs) -> tuple[SpanScores | TypeScores]:
        return (outputs.mentions,)

    def loss(self, outputs: Outputs, batch: Batch, targets: Targets = HARD) -> Tensor:
        """That of the mentions, and the cross-entropy of what they mean, summed over a text's mentions: a scalar."""
        found = super().loss(outputs.mentions, batch, targets)
        ranking, mask = batch.ranking, batch.inputs.mask
        if not ranking.mentions:
            return found
        entities = self._encoded(batch.entities) if ranking.entities else None
        scores, types = self.ranker(outputs.hidden, mask, entities, batch.entities.mask, ranking.choices)
        chosen = functional.cross_entropy(scores, ranking.target, reduction="sum")
        if (ranking.nil_type >= 0).any():
            chosen = chosen + functional.cross_entropy(types, ranking.nil_type, ignore_index=-1, reduction="sum")
        return found + chosen / len(mask)

    def _encoded(self, inputs: Inputs) -> Tensor:
        return self.ranker.entities(self.encoder(inputs.features, inputs.mask))

    # --- Prediction ------------------------------------------------------------------------------

    def decode(self, outputs: Outputs, mask: Tensor) -> list[list[TokenSpan]]:
        """The likeliest mentions of each row."""
        return super().decode(outputs.mentions, mask)

    def refine(self, records: Sequence[Record]) -> list[Record]:
        """The records with a link for each entity that has a place and no link yet."""
        wanted = [some for number, record in enumerate(records) for some in self.codec.wanted(number, record)]
        answers: list[dict[int, Answer]] = [{} for _ in records]
        for batch in by_length([len(some.context.starts) for some in wanted], BATCH_TOKENS):
            some = [wanted[k] for k in batch]
            places = [(one.record, i) for one in some for i in one.entities]
            for (number, i), found in zip(places, self._answers(some), strict=True):
                answers[number][i] = found
        return [with_links(record, found) for record, found in zip(records, answers, strict=True)]

    def _answers(self, wanted: Sequence[Wanted]) -> Iterator[Answer]:
        """What each mention of some windows means."""
        inputs = self._inputs([some.features for some in wanted])
        hidden = self.encoder(inputs.features, inputs.mask)
        ranking = self.ranking.build([some.context for some in wanted], inputs.mask.shape[1], training=False)
        entities, known = (
            self.cache([entity.kb_id for entity in ranking.entities]) if ranking.entities else (None, None)
        )
        scores, types = self.ranker(hidden, inputs.mask, entities, known, ranking.choices.to(hidden.device))
        names = self.codec.labels.nil_types
        nil_types = [names[k] for k in types.argmax(1).tolist()] if names else [None] * len(scores)
        rows = zip(scores.float().softmax(1).tolist(), ranking.candidates, nil_types, strict=True)
        return (answer(*row, self.codec.settings.output_candidates) for row in rows)

    def _states(self, rows: list[dict[str, list[int]]]) -> list[Tensor]:
        inputs = self._inputs(rows)
        sizes = inputs.mask.sum(1).tolist()
        return [states[:size].clone() for states, size in zip(self._encoded(inputs), sizes, strict=True)]

    def _inputs(self, rows: list[dict[str, list[int]]]) -> Inputs:
        return pad(rows).to(next(self.parameters()).device)
