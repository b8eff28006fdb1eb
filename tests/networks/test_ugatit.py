"""UGATIT: published sizes, costs (C4) and compaction (C3)."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pocketstyle.latency_model import total_macs
from pocketstyle.networks import (
    build,
    compact,
    is_open,
    load,
    searchable,
    start_search,
    ugatit_spec,
)
from pocketstyle.search import resolve_model
from torch.utils.flop_counter import FlopCounterMode


def scrambled(network, seed: int = 0):
    """The network with every vector parameter (rho, gamma, beta, bias) off its start value."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith(("rho", "gamma", "beta", "bias")):
                parameter.copy_(torch.rand(parameter.shape, generator=generator))
    return network


def test_full_size_is_the_published_light_form():
    network = build(ugatit_spec())
    assert sum(p.numel() for p in network.parameters()) == pytest.approx(10.59e6, rel=1e-3)
    assert total_macs(network.kernels()) == pytest.approx(52.50e9, rel=1e-3)


@pytest.mark.parametrize(("size", "base", "blocks"), [(32, 4, 1), (64, 6, 2), (48, 5, 4)])
def test_macs_equal_torchs_flop_counter(size, base, blocks):
    network = build(ugatit_spec(size, base, blocks))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, 3, size, size))
    assert total_macs(network.kernels()) == counter.get_total_flops() / 2


def test_output_is_a_picture_in_range_and_the_logits_are_two():
    network = build(ugatit_spec(32, 4, 1))
    picture, logit = network.forward_with_logit(torch.rand(2, 3, 32, 32) * 2 - 1)
    assert picture.shape == (2, 3, 32, 32)
    assert picture.abs().max() <= 1
    assert logit.shape == (2, 2)


patterns = given(
    seed=st.integers(0, 2**31), open_share=st.floats(0.0, 1.0), gate_share=st.floats(0.0, 1.0)
)


def masked_and_compact(network, seed: int, open_share: float, gate_share: float):
    """Close channels and gates at random, compact, and check that nothing has changed."""
    generator = torch.Generator().manual_seed(seed)
    widths, gates = searchable(network)
    with torch.no_grad():
        for width in widths:
            width.v.copy_((torch.rand(width.channels, generator=generator) < open_share).float())
        for gate in gates:
            opens = bool(torch.rand(1, generator=generator) < gate_share)
            gate.alpha.copy_(torch.tensor([0.0, 1.0]) if opens else torch.tensor([1.0, 0.0]))
    small = compact(network)
    masked_macs = float(total_macs(network.kernels()).detach())  # a float32 sum
    assert masked_macs == pytest.approx(total_macs(small.kernels()), rel=1e-6)
    assert small.spec.blocks == tuple(
        name for name, gate in zip(network.spec.blocks, gates, strict=True) if is_open(gate)
    )
    dtype = next(network.parameters()).dtype
    return small, torch.rand(2, 3, 32, 32, generator=generator, dtype=dtype) * 2 - 1


@settings(max_examples=25, deadline=None, derandomize=True)
@patterns
def test_compact_equals_masked(seed, open_share, gate_share):
    """Float32, trained weights, every pattern that a search can reach (a quarter of each width)."""
    network, _ = load(resolve_model("heads-teacher"))
    start_search(network, keep_at_least=0.25)
    small, x = masked_and_compact(network, seed, open_share, gate_share)
    with torch.no_grad():
        assert (network(x) - small(x)).abs().max() <= 1e-5
        logits = network.forward_with_logit(x)[1], small.forward_with_logit(x)[1]
        torch.testing.assert_close(*logits, atol=1e-5, rtol=1e-4)


@settings(max_examples=25, deadline=None, derandomize=True)
@patterns
def test_compact_equals_masked_down_to_one_channel(seed, open_share, gate_share):
    """Float64 and random weights: norms of one nearly constant channel magnify rounding."""
    network = scrambled(build(ugatit_spec(32, 6, 2)), seed)
    start_search(network, keep_at_least=0.01)
    network.double()
    small, x = masked_and_compact(network, seed, open_share, gate_share)
    with torch.no_grad():
        assert (network(x) - small.double()(x)).abs().max() <= 1e-10


def test_weights_behind_a_closed_mask_rest_and_come_back():
    network = scrambled(build(ugatit_spec(32, 4, 1)))
    start_search(network, keep_at_least=0.1)
    x = torch.rand(1, 3, 32, 32) * 2 - 1
    hidden, conv = network.widths["encoder0"], network.encoder["encoder0"].conv1
    with torch.no_grad():
        hidden.v[3] = 0.0
    network(x).square().sum().backward()
    assert conv.weight.grad[3].abs().max() == 0
    assert conv.weight.grad[2].abs().max() > 0
    assert hidden.v.grad[3] != 0  # the mask still learns whether opening would help

    network.zero_grad()
    with torch.no_grad():
        hidden.v[3] = 1.0
    network(x).square().sum().backward()
    assert conv.weight.grad[3].abs().max() > 0


def test_cost_has_gradients_everywhere():
    network = build(ugatit_spec(32, 4, 1))
    start_search(network, keep_at_least=0.25)
    total_macs(network.kernels()).backward()
    widths, gates = searchable(network)
    assert all(float(width.v.grad.min()) > 0 for width in widths)
    assert all(gate.alpha.grad[1] > 0 > gate.alpha.grad[0] for gate in gates)
