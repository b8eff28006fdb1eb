"""Widths and gates: the straight-through rules of eq. 5-9."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pocketstyle.networks import Gate, Width, is_open
from pocketstyle.networks.width import Concatenation


def searched(values: list[float], minimum: int = 1) -> Width:
    width = Width("w", len(values))
    width.search(minimum)
    with torch.no_grad():
        width.v.copy_(torch.tensor(values))
    return width


def test_mask_is_one_above_the_threshold_only():
    assert searched([0.2, 0.5, 0.51, 1.0]).mask.tolist() == [0, 0, 1, 1]


def test_gradient_of_the_mask_reaches_v_unchanged():
    width = searched([0.2, 0.9, 0.4])
    (width.mask * torch.tensor([3.0, -2.0, 5.0])).sum().backward()
    assert width.v.grad.tolist() == [3.0, -2.0, 5.0]


def test_count_is_differentiable_and_counts():
    width = searched([0.2, 0.9, 0.7])
    assert float(width.count) == 2
    width.count.backward()
    assert width.v.grad.tolist() == [1.0, 1.0, 1.0]


def test_minimum_keeps_the_largest():
    width = searched([0.1, 0.4, 0.3, 0.2], minimum=2)
    assert width.kept.tolist() == [1, 2]


def test_mask_follows_an_optimiser_that_does_not_raise_the_version():
    width = searched([0.6, 0.9])
    optimizer = torch.optim.Adam([width.v], lr=0.2, fused=True)
    width.mask.sum().backward()
    optimizer.step()
    assert width.mask.tolist() == [0, 1]


def test_mask_without_gradient_does_not_hide_the_differentiable_one():
    width = searched([0.9, 0.9])
    with torch.no_grad():
        assert not width.mask.requires_grad
    assert width.mask.requires_grad


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.lists(st.floats(0, 1), min_size=1))
def test_concatenation_keeps_what_its_parts_keep(first, second):
    parts = searched(first), searched(second)
    together = Concatenation(parts)
    mask = torch.cat([part.mask.detach() for part in parts])
    assert together.channels == len(first) + len(second)
    assert torch.equal(together.kept, mask.nonzero().flatten())
    assert float(together.count) == float(mask.sum())


@pytest.mark.parametrize(("skip", "block", "opens"), [(0.0, 1.0, 1), (0.3, 0.3, 1), (0.4, 0.3, 0)])
def test_gate_opens_where_alpha_1_is_not_above_alpha_2(skip, block, opens):
    gate, other = Gate(), Gate()
    for one in (gate, other):
        one.search([gate, other])
    with torch.no_grad():
        gate.alpha.copy_(torch.tensor([skip, block]))
    assert float(gate.open) == opens
    gate.open.backward()
    assert gate.alpha.grad.tolist() == [-1.0, 1.0]


def test_the_last_block_of_a_stage_stays():
    stage = [Gate(), Gate(), Gate()]
    for gate, lead in zip(stage, (-0.3, -0.1, -0.2), strict=True):
        gate.search(stage)
        with torch.no_grad():
            gate.alpha.copy_(torch.tensor([0.0, lead]))
    assert [is_open(gate) for gate in stage] == [False, True, False]
    with torch.no_grad():  # none is nearer to opening than another: still one, not all
        for gate in stage:
            gate.alpha.copy_(torch.tensor([1.0, 0.0]))
    assert sum(is_open(gate) for gate in stage) == 1


def test_fixed_width_and_gate_are_plain_numbers():
    assert Width("w", 7).count == 7
    assert Gate().open == 1.0
