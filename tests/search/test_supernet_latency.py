"""The latency of a supernet against the speed model's own answer for its kernels."""

import pytest
import torch
from pocketstyle.networks import build, searchable, start_search, ugatit_spec
from pocketstyle.search.supernet_latency import SupernetLatency


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("device", ["pixel4", "s10"])
def test_it_equals_the_speed_model_on_the_kernels_in_value_and_gradient(device, seed):
    network = build(ugatit_spec(64, 16, 3))
    start_search(network, keep_at_least=0.1)
    latency = SupernetLatency(network, device)
    widths, gates = searchable(network)
    parameters = [width.v for width in widths] + [gate.alpha for gate in gates]
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in parameters:
            parameter.copy_(torch.rand(parameter.shape, generator=random))

    expected = latency.model.latency(network.kernels())
    wanted = torch.autograd.grad(expected, parameters)
    made = latency()
    got = torch.autograd.grad(made, parameters)
    assert made.item() == pytest.approx(expected.item(), rel=1e-6)
    assert latency.predict() == made.item()
    for a, b in zip(got, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-7)
    assert any(float(gradient.abs().sum()) > 0 for gradient in got[-len(gates) :])
