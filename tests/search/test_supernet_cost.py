"""The cost of a supernet against the speed model's own answer, and against its kernels' MACs."""

import pytest
import torch
from pocketstyle.latency_model import total_macs
from pocketstyle.networks import (
    art_spec,
    build,
    cyclegan_spec,
    searchable,
    start_search,
    ugatit_spec,
)
from pocketstyle.search.supernet_cost import SupernetLatency, SupernetMacs


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("device", ["pixel4", "s10"])
@pytest.mark.parametrize("spec", [ugatit_spec(64, 16, 3), art_spec("mobilenet", 3, 64)])
def test_it_equals_the_speed_model_on_the_kernels_in_value_and_gradient(spec, device, seed):
    network, parameters = somewhere(spec, seed)
    latency = SupernetLatency(network, device)
    expected = latency.model.latency(network.kernels())
    agree(latency, expected, parameters)


@pytest.mark.parametrize(
    "spec", [ugatit_spec(64, 16, 3), cyclegan_spec(64, 8, 3), art_spec("mobilenet", 3, 64)]
)
def test_macs_are_the_kernels_in_value_and_gradient(spec):
    network, parameters = somewhere(spec, 0)
    expected = total_macs(network.kernels()) / 1e6
    agree(SupernetMacs(network), expected, parameters)


def somewhere(spec, seed):
    """A supernet at random masks, and the parameters of its search space."""
    network = build(spec)
    start_search(network, keep_at_least=0.1)
    widths, gates = searchable(network)
    parameters = [width.v for width in widths] + [gate.alpha for gate in gates]
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in parameters:
            parameter.copy_(torch.rand(parameter.shape, generator=random))
    return network, parameters


def agree(cost, expected, parameters):
    """The same value, and the same slope in every mask and gate."""
    wanted = torch.autograd.grad(expected, parameters)
    made = cost()
    got = torch.autograd.grad(made, parameters)
    assert made.item() == pytest.approx(expected.item(), rel=1e-6)
    assert cost.predict() == made.item()
    for a, b in zip(got, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-7)
    assert any(float(gradient.abs().sum()) > 0 for gradient in got[-len(cost.gates) :])
