"""Events of the real sets from the scores of their gold: what comes back, and what a graph of spans cannot say."""

from collections import Counter
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from ie_cli.errors import Report
from ie_cli.locate import PlaceChoice, locate
from ie_cli.registry import load
from ie_cli.scoring import counts_for, score_all
from ie_cli.tasks import _event_documents, event_gplinker
from ie_cli.tasks._event_documents import Graph
from ie_cli.tasks._events import Labels, Node, parts
from ie_cli.text.encoding import Encoding

EE = Path(__file__).parents[3] / "shared" / "data" / "ee"
if not EE.is_dir():
    pytest.skip("no real data beside the repository", allow_module_level=True)


def characters(text):
    return Encoding({"ids": [1] * len(text)}, list(range(len(text))), list(range(1, len(text) + 1)))


def records(format, file):
    found = load("ie_cli.formats", format).read(str(EE / file), Report())
    return [locate(record, PlaceChoice.nearest).record for record in found]


def ends(one, other, which):
    return min(one[which], other[which]), max(one[which], other[which])


def gold_graph(cells, type_of):
    """What the heads would give for a window: links know places of first and of last tokens, and nothing else."""
    cells = [tuple(cells[i : i + 4]) for i in range(0, len(cells), 4)]
    together = [pair for pair in combinations(cells, 2) if pair[0][0] == pair[1][0]]
    heads, tails = ({ends(one[2:], other[2:], which) for one, other in together} for which in (0, 1))
    nodes = [Node(*cell, 1.0) for cell in dict.fromkeys(cell[1:] for cell in cells)]
    links = {}
    for (i, a), (j, b) in combinations(enumerate(nodes), 2):
        if type_of(a) == type_of(b):
            links[i, j] = float(ends(a[1:], b[1:], 0) in heads and ends(a[1:], b[1:], 1) in tails)
    return Graph(nodes, links)


def back(found, window):
    """The records from the scores of their own gold, read in windows of so many characters."""
    labels = Labels.of(found)
    settings = event_gplinker.Settings(window_overlap=min(64, window // 4))
    codec = event_gplinker.Codec(characters, labels, settings, None)
    out = []
    for record in found:
        examples, _ = codec.examples(record, window)
        windows = codec.windows(record.text, characters(record.text), window)
        graphs = [gold_graph(e["cells"], lambda node: labels.roles[node.label].event) for e in examples]
        out.append(codec.assemble(replace(record, events=None), characters(record.text), windows, graphs))
    assert not codec.dropped
    return out


@pytest.mark.parametrize(
    ("format", "file", "right", "predicted", "gold"),
    [
        # Of the 181 that do not come back 65 lie within another event of their type, and 116 within a clique
        # of spans of several events; such cliques are also the 281 that are too many.
        ("fewfc", "fewfc/train_base.json", 4458, 4739, 4639),
        ("duee", "duee1/duee_train_sample.json", 686, 690, 686),
    ],
)
def test_events_of_sentences_come_back(format, file, right, predicted, gold):
    found = records(format, file)
    again = back(found, 512)
    arguments = score_all(counts_for("events", "argument"), found, again).micro
    assert arguments.precision == arguments.recall == 1
    total = score_all(counts_for("events", "event"), found, again).total
    assert (total.tp, total.n_pred, total.n_gold) == (right, predicted, gold)


def overlaps(found):
    """Spans within another, spans that cross another's edge, spans in several events, and in several roles of one."""
    seen = Counter()
    for record in found:
        events = [roles(event) for event in record.events]
        arguments = {(a.start, a.end) for event in record.events for a in event.arguments if a.start is not None}
        for one, other in combinations(sorted(arguments), 2):
            inside = one[0] == other[0] or other[1] <= one[1]
            seen["nested" if inside else "crossing"] += inside or other[0] < one[1]
        seen["in several events"] += sum(sum(span in event for event in events) > 1 for span in arguments)
        seen["in several roles"] += sum(n > 1 for event in events for n in event.values())
    return +seen


def roles(event):
    """How many roles each place has in an event; a choice has no place of its own."""
    found = {(role, s.start, s.end) for (_, role, value), s in parts(event) if value is None and s.start is not None}
    return Counter((start, end) for _, start, end in found)


@pytest.mark.parametrize(
    ("format", "file", "nested", "crossing", "shared", "twice"),
    [
        ("fewfc", "fewfc/train_base.json", 141, 9, 2943, 192),
        ("fewfc", "fewfc/train_trans.json", 0, 0, 65, 0),
        ("duee", "duee1/duee_train_sample.json", 30, 0, 75, 2),
        ("duee_fin", "duee_fin/duee_fin_dev_first300.json", 15, 0, 184, 25),
    ],
)
def test_overlaps_of_the_real_sets(format, file, nested, crossing, shared, twice):
    counts = {"nested": nested, "crossing": crossing, "in several events": shared, "in several roles": twice}
    assert overlaps(records(format, file)) == +Counter(counts)


@pytest.mark.parametrize(("window", "joined", "apart"), [(128, 0.8141, 0.7166), (510, 0.9601, 0.9521)])
def test_joining_the_pieces_of_documents_pays(window, joined, apart, monkeypatch):
    found = records("duee_fin", "duee_fin/duee_fin_dev_first300.json")
    assert score_all(counts_for("events", "duee_fin"), found, back(found, window)).micro.f1 == pytest.approx(
        joined, abs=1e-4
    )
    monkeypatch.setattr(_event_documents, "_agree", lambda *_: False)
    assert score_all(counts_for("events", "duee_fin"), found, back(found, window)).micro.f1 == pytest.approx(
        apart, abs=1e-4
    )
