"""How the examples of a step are shared out, and that sums over micro-batches are what one batch would give."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny import TASKS, gradients, states, steps

from ie_cli.training import batches
from ie_cli.training.settings import Train


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=30),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from(["texts", "tokens"]),
)
def test_every_example_is_in_one_micro_batch_and_the_weights_add_up(lengths, batch, accumulate, processes, mean_over):
    settings = Train(batch=batch, accumulate=accumulate)
    by_rank = [
        list(batches.micro_batches(lengths, settings, 1, rank=rank, processes=processes, mean_over=mean_over))
        for rank in range(processes)
    ]
    assert {len(found) for found in by_rank} == {batches.steps(lengths, settings, processes)}
    seen = []
    for step in zip(*by_rank, strict=True):
        parts = [p for mine in step for p in mine]
        assert all(mine and len(mine) <= accumulate for mine in step)
        assert all(0 < len(p.examples) <= batch for p in parts)
        used = [i for p in parts if p.loss_weight or mean_over == "tokens" for i in p.examples]
        whole = sum(lengths[i] if mean_over == "tokens" else 1 for i in set(used))
        assert sum(p.loss_weight for p in parts) == pytest.approx(1.0 if whole else 0.0)
        seen += set(used)
    if mean_over == "texts":
        assert sorted(seen) == list(range(len(lengths)))


def test_one_process_and_two_take_the_same_examples_in_each_step():
    lengths = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]
    alone = list(batches.micro_batches(lengths, Train(batch=4), 7))
    both = [list(batches.micro_batches(lengths, Train(batch=2), 7, rank=rank, processes=2)) for rank in (0, 1)]
    for whole, *parts in zip(alone, *both, strict=True):
        assert sorted(whole[0].examples) == sorted(i for mine in parts for p in mine for i in p.examples)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(("batch", "accumulate"), [(1, 5), (2, 3)])
def test_accumulated_gradients_are_those_of_one_batch(task, batch, accumulate):
    """Five texts of different lengths; of (2, 3) the last micro-batch has only one."""
    whole, parts = states(task, batch=5), states(task, batch=batch, accumulate=accumulate)
    assert steps(*whole) == pytest.approx(steps(*parts), rel=1e-5)
    expected, found = (gradients(state.model) for state, *_ in (whole, parts))
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-4, atol=1e-6, msg=name)
