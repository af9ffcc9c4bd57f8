"""What is minimised: R-Drop and smoothing by brute force on dense scores, and precision."""

import pytest
import torch
from tiny import POINTERS, RECORDS, TASKS, gradients, model, states, steps, train

from ie_cli.errors import IEError
from ie_cli.nn import precision as precisions
from ie_cli.nn.zlpr import zlpr
from ie_cli.training.objective import Objective
from ie_cli.training.settings import Smoothing
from ie_cli.training.step import State

BOTH = pytest.mark.parametrize("head", ["efficient", "global_pointer"])


def batch(made):
    return made.collate([example for r in RECORDS for example in made.codec.examples(r, 64)[0]])


@BOTH
@pytest.mark.parametrize("task", POINTERS)
def test_r_drop_adds_the_divergence_of_two_passes(task, head):
    """(L1 + L2) / 2 + weight / 2 * sum over cells of (sigmoid s - sigmoid t)(s - t), a mean over texts."""
    made = model(task, head=head, dropout=0.4)
    rows = batch(made)
    torch.manual_seed(3)
    found = Objective(made, train(r_drop=2.0))(rows)
    torch.manual_seed(3)
    one, other = (made(rows.inputs) for _ in range(2))
    losses = (made.loss(one, rows) + made.loss(other, rows)) / 2
    apart = 0.0
    heads = (made.pointer_scores(outputs) for outputs in (one, other))
    for s, t, cells in zip(*heads, made.cells(rows.inputs.mask), strict=True):
        s, t = s.dense(), t.dense()
        apart += ((s.sigmoid() - t.sigmoid()) * (s - t))[cells[:, None].expand_as(s)].sum() / len(RECORDS)
    assert apart > 1e-3
    assert found.item() == pytest.approx((losses + apart).item(), rel=1e-5)


def test_r_drop_without_dropout_is_the_plain_loss():
    made = model("ner_pointer")
    rows = batch(made)
    assert Objective(made, train(r_drop=5.0))(rows).item() == pytest.approx(Objective(made, train())(rows).item())


@BOTH
def test_smoothing_is_zlpr_with_soft_targets(head):
    made = model("ner_pointer", head=head)
    rows = batch(made)
    found = Objective(made, train(smoothing=Smoothing(0.2, 0.01)))(rows)
    scores = made(rows.inputs).dense().double()
    target = torch.full_like(scores, 0.01)
    target[tuple(rows.gold[:, [0, 2, 3, 4]].T)] = 0.8
    cells = made.cells(rows.inputs.mask)[0][:, None].expand_as(scores)
    expected = zlpr(scores.flatten(2), target.flatten(2), cells.flatten(2)).sum(1).mean()
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("task", POINTERS)
def test_smoothing_reaches_every_head(task):
    """With all targets at 0.5, gold and rest, no gold cell says anything any more."""
    made = model(task)
    rows, other = batch(made), batch(made)
    other.gold[:, 3:] = 0
    blind = Objective(made, train(smoothing=Smoothing(0.5, 0.5)))
    assert blind(rows).item() == pytest.approx(blind(other).item())
    assert Objective(made, train())(rows).item() != pytest.approx(Objective(made, train())(other).item())


@pytest.mark.parametrize("task", sorted(set(TASKS) - {*POINTERS, "multi"}))
@pytest.mark.parametrize("method", [{"r_drop": 1.0}, {"smoothing": Smoothing(0.1)}])
def test_heads_that_have_no_such_thing_say_so(task, method):
    with pytest.raises(IEError, match=rf"train\.{next(iter(method))} needs a pointer head, which {task} has not"):
        Objective(model(task), train(**method))


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("task", TASKS)
def test_16_bits_give_nearly_the_same_loss_in_32_bits_and_train(task, precision):
    made = model(task)
    rows = batch(made)
    wide, narrow = (Objective(made, train(precision=p))(rows) for p in ("float32", precision))
    assert narrow.dtype in (torch.float32, torch.float64)
    assert narrow.item() == pytest.approx(wide.item(), rel=0.03)
    state, *rest = states(task, batch=5, precision=precision)
    losses = steps(state, *rest, 6)
    assert losses[-1] < losses[0]
    assert {w.dtype for w in state.model.parameters()} == {torch.float32}
    assert all(g.dtype == torch.float32 and g.isfinite().all() for g in gradients(state.model).values())


def test_the_forward_pass_is_in_16_bits_where_it_is_asked_for():
    seen = {}
    for precision in ("float32", "bfloat16"):
        made = model("ner_pointer")
        made.head.project.register_forward_hook(lambda *call, p=precision: seen.update({p: call[2].dtype}))
        Objective(made, train(precision=precision))(batch(made))
    assert seen == {"float32": torch.float32, "bfloat16": torch.bfloat16}


def test_only_float16_scales_its_losses():
    for precision, scaled in {"float32": False, "bfloat16": False, "float16": True}.items():
        assert State(model("ner_pointer"), train(precision=precision)).scaler.is_enabled() == scaled


@pytest.mark.parametrize(("able", "chosen"), [(True, "bfloat16"), (False, "float32")])
def test_auto_is_settled_before_training_and_kept_in_the_recipe(able, chosen, monkeypatch):
    monkeypatch.setattr(precisions, "computes_bfloat16", lambda device: able)
    assert train(precision="auto").precision == chosen
