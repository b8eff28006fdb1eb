"""The optimiser of masks and gates."""

from copy import deepcopy

import pytest
import torch
from pocketstyle.networks import build, is_open, searchable, start_search, ugatit_spec
from pocketstyle.search.mask_optimizer import HYSTERESIS, MaskOptimizer


@pytest.fixture
def supernet():
    network = build(ugatit_spec(32, 4, 2))
    start_search(network, keep_at_least=0.25)
    return network


def pull(supernet, optimizer, rate):
    """A step down with the gradient 1 on every v and on every gate's lead."""
    widths, gates = searchable(supernet)
    optimizer.zero_grad()
    loss = sum(width.v.sum() for width in widths)
    (loss + sum(gate.alpha[1] - gate.alpha[0] for gate in gates)).backward()
    optimizer.step(rate)


def test_gates_move_at_half_the_rate_of_masks(supernet):
    widths, gates = searchable(supernet)
    pull(supernet, MaskOptimizer(supernet), 0.1)
    assert widths[0].v.tolist() == pytest.approx([0.9] * widths[0].channels, abs=1e-4)
    assert gates[0].alpha.tolist() == pytest.approx([0.05, 0.95], abs=1e-4)


def test_a_gate_that_crosses_its_threshold_goes_well_beyond(supernet):
    gates = searchable(supernet)[1]
    weak, strong = gates[0], gates[1]
    with torch.no_grad():
        weak.alpha.copy_(torch.tensor([0.5, 0.55]))
    optimizer = MaskOptimizer(supernet)
    pull(supernet, optimizer, 0.1)
    assert not is_open(weak) and weak.lead == pytest.approx(-HYSTERESIS)
    assert is_open(strong) and strong.lead == pytest.approx(0.9, abs=1e-4)  # did not cross
    pull(supernet, optimizer, 0.01)
    assert weak.lead == pytest.approx(-HYSTERESIS - 0.01, abs=2e-3)  # once, not at every step


def test_a_resumed_optimiser_goes_on(supernet):
    optimizer = MaskOptimizer(supernet)
    pull(supernet, optimizer, 0.1)
    state = deepcopy(optimizer.state())  # as a file would be: not the live moments
    before = deepcopy(supernet.state_dict())
    pull(supernet, optimizer, 0.1)
    wanted = [width.v.clone() for width in searchable(supernet)[0]]

    supernet.load_state_dict(before)
    resumed = MaskOptimizer(supernet)
    resumed.load(state)
    pull(supernet, resumed, 0.1)
    for width, v in zip(searchable(supernet)[0], wanted, strict=True):
        assert torch.equal(width.v, v)
