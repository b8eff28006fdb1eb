"""Every portrait family: costs (C4), compaction (C3), and the graph that is converted."""

import math

import pytest
import torch
from hypothesis import settings
from pocketstyle.latency_model import total_macs
from pocketstyle.networks import (
    PORTRAIT_SPECS,
    PatchDiscriminator,
    build,
    cyclegan_spec,
    searchable,
    start_search,
    ugatit_full_spec,
)
from torch.utils.flop_counter import FlopCounterMode

from .patterns import masked_and_compact, patterns, scrambled

FAMILIES = sorted(PORTRAIT_SPECS)


def test_cyclegan_has_the_published_size():
    """Publications count a transposed convolution at its output's resolution: four times its work
    at stride 2."""
    network = build(cyclegan_spec())
    assert sum(p.numel() for p in network.parameters()) == 11_378_179
    counted = sum(k.macs * (4 if k.op == "TRANSPOSE_CONV" else 1) for k in network.kernels())
    assert counted == pytest.approx(56.80e9, rel=1e-3)


def test_full_ugatit_has_the_published_size():
    """Without allocating its 278.96 M parameters."""
    with torch.device("meta"):
        network = build(ugatit_full_spec())
    assert sum(p.numel() for p in network.parameters()) == pytest.approx(278.96e6, rel=1e-4)
    assert total_macs(network.kernels()) == pytest.approx(52.77e9, rel=1e-3)


def test_the_patch_discriminator_has_the_published_size_and_field_of_view():
    network = PatchDiscriminator(64)
    assert sum(p.numel() for p in network.parameters()) == 2_764_737
    x = torch.rand(1, 3, 128, 128, requires_grad=True)
    for module in network.modules():  # whose statistics would see the whole picture
        if isinstance(module, torch.nn.InstanceNorm2d):
            module.forward = lambda y: y
    (scores,) = network(x)
    scores[0, 0, 7, 7].backward()
    seen = x.grad[0].abs().sum(0).nonzero()
    assert (seen.amax(0) - seen.amin(0) + 1).tolist() == [70, 70]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("size", "base", "blocks"), [(32, 4, 1), (64, 6, 2), (48, 5, 4)])
def test_macs_equal_torchs_flop_counter(family, size, base, blocks):
    network = build(PORTRAIT_SPECS[family](size, base, blocks))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, 3, size, size))
    assert total_macs(network.kernels()) == counter.get_total_flops() / 2


@pytest.mark.parametrize("family", FAMILIES)
def test_output_is_a_picture_and_the_features_are_the_widths(family):
    network = build(PORTRAIT_SPECS[family](32, 4, 1))
    x = torch.rand(2, 3, 32, 32) * 2 - 1
    picture, maps = network.forward_with_features(x)
    assert picture.shape == x.shape and picture.abs().max() <= 1
    assert list(maps) == list(network.features)
    for name, width in network.features.items():
        assert maps[name].shape[:2] == (2, network.widths[width].channels)
    again, logit = network.forward_with_logit(x)
    torch.testing.assert_close(again, picture)
    assert logit is None if family == "cyclegan" else logit.shape == (2, 2)


@pytest.mark.parametrize("family", FAMILIES)
def test_compact_equals_masked_down_to_one_channel(family):
    """Float64 and random weights: norms of one nearly constant channel magnify rounding."""

    @settings(max_examples=25, deadline=None, derandomize=True)
    @patterns
    def check(seed, open_share, gate_share):
        network = scrambled(build(PORTRAIT_SPECS[family](32, 6, 2)), seed)
        start_search(network, keep_at_least=0.01)
        network.double()
        small, x = masked_and_compact(network, seed, open_share, gate_share)
        with torch.no_grad():
            assert (network(x) - small.double()(x)).abs().max() <= 1e-10

    check()


@pytest.mark.parametrize("family", FAMILIES)
def test_cost_has_gradients_everywhere(family):
    network = build(PORTRAIT_SPECS[family](32, 4, 1))
    start_search(network, keep_at_least=0.25)
    total_macs(network.kernels()).backward()
    widths, gates = searchable(network)
    assert all(math.isfinite(float(w.v.grad.sum())) and w.v.grad.min() > 0 for w in widths)
    assert all(gate.alpha.grad[1] > 0 > gate.alpha.grad[0] for gate in gates)
