"""UGATIT: the published light form, compaction of trained weights, masks that come back."""

import pytest
import torch
from hypothesis import settings
from pocketstyle.latency_model import total_macs
from pocketstyle.networks import build, load, start_search, ugatit_spec
from pocketstyle.search import resolve_model

from .patterns import masked_and_compact, patterns, scrambled


def test_full_size_is_the_published_light_form():
    network = build(ugatit_spec())
    assert sum(p.numel() for p in network.parameters()) == pytest.approx(10.59e6, rel=1e-3)
    assert total_macs(network.kernels()) == pytest.approx(52.50e9, rel=1e-3)


def test_output_is_a_picture_in_range_and_the_logits_are_two():
    network = build(ugatit_spec(32, 4, 1))
    picture, logit = network.forward_with_logit(torch.rand(2, 3, 32, 32) * 2 - 1)
    assert picture.shape == (2, 3, 32, 32)
    assert picture.abs().max() <= 1
    assert logit.shape == (2, 2)


@settings(max_examples=25, deadline=None, derandomize=True)
@patterns
def test_compact_equals_masked(seed, open_share, gate_share):
    """Float32, trained weights, every pattern that a search can reach (a quarter of each width)."""
    network, _ = load(resolve_model("heads-teacher"))
    start_search(network, keep_at_least=0.25)
    small, x = masked_and_compact(network, seed, open_share, gate_share)
    x = x[..., :32, :32]  # any size will do
    with torch.no_grad():
        assert (network(x) - small(x)).abs().max() <= 1e-5
        logits = network.forward_with_logit(x)[1], small.forward_with_logit(x)[1]
        torch.testing.assert_close(*logits, atol=1e-5, rtol=1e-4)


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
