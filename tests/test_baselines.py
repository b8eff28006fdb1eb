"""What the search is compared with: prunings that meet the target and say what they kept."""

from copy import deepcopy

import baselines
import pytest
import torch
from pocketstyle.latency_model import SpeedModel
from pocketstyle.networks import build, ugatit_spec


@pytest.fixture(scope="module")
def teacher():
    torch.manual_seed(0)
    return build(ugatit_spec(64, 16, 2))


PRUNINGS = {
    "uniform": lambda network, target: baselines.uniform(network, "pixel4", target)[0],
    "magnitude": lambda network, target: baselines.magnitude(network, "pixel4", target, 0.25),
    "random": lambda network, target: baselines.random_widths(network, "pixel4", target, 0.25, 0),
}


@pytest.mark.parametrize("name", PRUNINGS)
def test_a_pruning_meets_the_target_with_the_teachers_channels(name, teacher):
    model = SpeedModel.load("pixel4")
    target = 0.85 * model.latency(teacher.kernels())
    network, kept = PRUNINGS[name](deepcopy(teacher), target)
    assert 0.9 * target < model.latency(network.kernels()) <= target
    assert {n: len(k) for n, k in kept.items()} == network.spec.widths
    weights, first = teacher.stem.conv.weight, kept["stem"]
    assert torch.equal(network.stem.conv.weight, weights[first])


def test_uniform_keeps_the_same_share_of_every_width(teacher):
    network, kept = baselines.with_share(deepcopy(teacher), 0.5)
    assert network.spec.widths == {n: w // 2 for n, w in teacher.spec.widths.items()}
    strength = baselines.norms(teacher)["stem"]
    assert strength[kept["stem"]].min() >= strength.sort().values[len(strength) // 2 - 1]


def test_a_channels_group_is_what_writes_and_what_reads_it(teacher):
    """By hand, for the hidden maps of a residual block: one convolution writes, one reads."""
    block = teacher.encoder["encoder0"]
    written = block.conv1.weight.square().sum((1, 2, 3))
    read = block.conv2.weight.square().sum((0, 2, 3))
    group = baselines.norms(teacher, ("out", "in"))["encoder0"]
    torch.testing.assert_close(group, (written + read).sqrt())
    torch.testing.assert_close(baselines.norms(teacher)["encoder0"], written.sqrt())
