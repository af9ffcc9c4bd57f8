"""A model of several parts in training: records that are annotated for some of them, from disk to the step."""

import pytest
import torch
from tiny import POINTERS, RECORDS, examples, gradients, model, steps, train, weights

from ie_cli.errors import IEError
from ie_cli.records import Record, dumps
from ie_cli.training import data, step
from ie_cli.training.objective import Objective
from ie_cli.training.settings import Adversarial, Lookahead, Smoothing
from ie_cli.training.step import State

KNOWN = [("entities",), ("relations", "entities"), ("events",), (), ("relations",)]
# What the texts are annotated for differs.
PARTLY = [Record(r.text, **{part: getattr(r, part) for part in parts}) for r, parts in zip(RECORDS, KNOWN, strict=True)]


def batch(made, records=PARTLY):
    return made.collate([example for r in records for example in made.codec.examples(r, 64)[0]])


def test_what_nobody_has_annotated_stays_unknown_on_disk(tmp_path):
    (tmp_path / "x.jsonl").write_text("".join(dumps(r) + "\n" for r in [*PARTLY, Record("没有", entities=[])]))
    made = model("multi")
    part = data.Part((str(tmp_path / "x.jsonl"),))
    found = data.tokenise(part, made.codec, length=64, key="k", cache=str(tmp_path / "cache"), processes=1)
    columns = {name: found.rows[:][f"cells_{name}"] for name in ("entities", "relations", "events")}
    known = [{name for name, rows in columns.items() if rows[i] is not None} for i in range(6)]
    assert known == [*map(set, KNOWN), {"entities"}] and columns["entities"][5] == []
    assert found.texts == 6 and found.lost == {"record that is annotated for no part": 1}


@pytest.mark.parametrize(("size", "accumulate"), [(1, 5), (2, 3)])
def test_accumulated_gradients_are_those_of_one_batch(size, accumulate, monkeypatch):
    """Also where a micro-batch has no text for a part."""
    monkeypatch.setattr(step.optimiser, "set_lr", lambda *_: None)
    found = []
    for settings in (train(batch=5), train(batch=size, accumulate=accumulate)):
        made = model("multi")
        losses = steps(State(made, settings), examples(made, PARTLY), settings)
        found.append((losses, gradients(made)))
    (one, mine), (other, theirs) = found
    assert one == pytest.approx(other, rel=1e-5) and mine.keys() == theirs.keys()
    assert all(torch.allclose(g, theirs[name], atol=1e-5) for name, g in mine.items())


def test_r_drop_weighs_the_divergence_of_a_part_by_its_texts():
    """(L1 + L2) / 2 + weight / 2 * the divergences, each over the texts of its part, divided by all five texts."""
    made = model("multi", dropout=0.4)
    rows = batch(made)
    torch.manual_seed(3)
    found = Objective(made, train(r_drop=2.0))(rows)
    torch.manual_seed(3)
    one, other = (made(rows.inputs) for _ in range(2))
    apart = 0.0
    for task, view in rows.inputs.views.items():
        scores = [(out.parts[task],) if task == "ner_pointer" else out.parts[task] for out in (one, other)]
        for s, t, cells in zip(*scores, made.parts[task].cells(view.batch.inputs.mask), strict=True):
            s, t = s.dense(), t.dense()
            apart += ((s.sigmoid() - t.sigmoid()) * (s - t))[cells[:, None].expand_as(s)].sum() / 5
    expected = (made.loss(one, rows) + made.loss(other, rows)) / 2 + apart
    assert apart > 1e-3 and found.item() == pytest.approx(expected.item(), rel=1e-5)


def test_methods_of_pointers_need_them_in_every_part():
    made = model("multi", head_size=4)
    assert Objective(made, train(r_drop=1.0))(batch(made)) > 0
    assert Objective(made, train(smoothing=Smoothing(0.1)))(batch(made)) > 0
    made.parts["relation_gplinker"] = model("relation_casrel")
    with pytest.raises(IEError, match="which relation_casrel has not"):
        Objective(made, train(r_drop=1.0))


def test_a_step_moves_encoder_and_heads_at_their_rates_with_all_that_follows_them():
    settings = train(batch=5, lr=1e-4, head_lr=1e-2, ema=0.9, fgm=Adversarial(0.5), lookahead=Lookahead(2, 0.5))
    made = model("multi")
    state, before = State(made, settings), weights(made)
    peaks = {id(w): group["peak"] for group in state.optimiser.param_groups for w in group["params"]}
    for name, weight in made.named_parameters():
        assert peaks.pop(id(weight)) == (1e-4 if name.startswith("encoder.") else 1e-2)
    assert not peaks
    steps(state, examples(made, PARTLY), settings, 3)
    moved = {name.split(".")[0] for name, w in made.named_parameters() if not torch.equal(w, before[name])}
    assert moved == {"encoder", "parts"} and state.followers["ema"].model.encoder is not made.encoder
    assert {name.split(".")[1] for name in before if name.startswith("parts.")} == set(POINTERS)


def test_the_layers_of_a_shared_pretrained_encoder_can_be_checkpointed_and_have_rates_of_their_own(pretrained):
    settings = train(batch=5, lr=1e-3, layer_decay=0.5, checkpointing=True, fgm=Adversarial(0.5))
    made = model("multi", encoder=pretrained("Bert"))
    state = State(made, settings)
    peaks = sorted({group["peak"] for group in state.optimiser.param_groups})
    assert peaks == pytest.approx([2.5e-4, 5e-4, 1e-3, 0.01])  # embeddings, two layers, heads
    assert all(loss > 0 for loss in steps(state, examples(made, PARTLY), settings, 2))
