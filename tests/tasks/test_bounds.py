"""What bounds leave out is the least likely, and is counted."""

from collections import Counter

import pytest
import torch

from ie_cli.nn.span_scores import SpanScores, span_mask
from ie_cli.records import Record, Relation, Span
from ie_cli.tasks import relation_casrel
from ie_cli.tasks._bounds import FULL, best_spans, top_per_row
from ie_cli.tasks._relations import Labels
from ie_cli.text.characters import CharacterTokenizer, build_vocabulary

CELLS = span_mask(torch.tensor([[True, True, True], [True, False, False]]))  # of two types 12 and 2 spans


@pytest.mark.parametrize(("most", "rows", "full"), [(12, [12, 2], 0), (11, [11, 2], 1), (2, [2, 2], 1), (1, [1, 1], 2)])
def test_the_best_spans_of_each_text_and_how_many_texts_have_more(most, rows, full):
    torch.manual_seed(0)
    scores = SpanScores(torch.rand(2, 3, 3), torch.rand(2, 2, 3), torch.rand(2, 2, 3))
    dropped = Counter()
    found = best_spans(scores, 0.0, CELLS, most, dropped)
    assert torch.bincount(found.row).tolist() == rows
    assert dropped == ({FULL: full} if full else {})
    for row in (0, 1):
        every = scores.dense()[row][CELLS[row].expand(2, 3, 3)].sort(descending=True).values
        assert torch.equal(found.score[found.row == row].sort(descending=True).values, every[: rows[row]])


def test_nothing_found_is_nothing_dropped():
    dropped = Counter()
    scores = SpanScores(*(torch.zeros(shape) for shape in ((2, 3, 3), (2, 2, 3), (2, 2, 3))))
    assert len(best_spans(scores, 0.0, CELLS, 5, dropped).row) == 0 and not dropped


def test_the_highest_of_each_row():
    row, score = torch.tensor([1, 0, 1, 1, 0]), torch.tensor([0.1, 0.2, 0.5, 0.3, 0.9])
    assert top_per_row(row, score, 2).tolist() == [4, 1, 2, 3]


def test_subjects_beyond_the_bound_of_casrel_are_counted():
    text = "李四写活着"
    spans = Span(3, 5, "书", "活着"), Span(0, 2, "人", "李四")
    labels = Labels.of([Record(text, relations=[Relation("作者", *spans)])])
    tokenizer = CharacterTokenizer(build_vocabulary([text], min_count=1, min_bigram_count=1))
    model = relation_casrel.Model(Encoder(), tokenizer, labels, relation_casrel.Settings(max_subjects=2)).eval()
    subjects = torch.full((1, 5, 1, 2), 9.0)  # every token is a subject
    model.decode(relation_casrel.Outputs(torch.zeros(1, 5, 8), subjects), torch.ones(1, 5, dtype=torch.bool))
    assert model.codec.dropped == {"subjects of windows that have more than model.max_subjects": 3}


class Encoder(torch.nn.Module):
    width, limit = 8, None
