"""Every portrait family: costs (C4), compaction (C3), and the graph that is converted."""

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import settings
from pocketstyle.errors import UsageError
from pocketstyle.latency_model import total_macs
from pocketstyle.networks import (
    PORTRAIT_SPECS,
    PatchDiscriminator,
    build,
    cyclegan_spec,
    photo2cartoon_spec,
    searchable,
    start_search,
    ugatit_deep_spec,
    ugatit_full_spec,
    ugatit_spec,
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


def test_photo2cartoon_has_the_published_layers():
    """By the published layer table at 32 channels, less the classifiers' two biases."""
    dense = 9 * (32 * 16 + 16 * 8 + 8 * 8)
    glass = 14 * dense + 32 * 32 + (32 * 3 + 3)  # 13 blocks in it, one behind, the 1x1, the sketch
    back = (32 * 32 + 32) + (3 * 32 + 32)  # which the last one does not have
    linear = 128 * 128 + 128
    soft = 2 * (2 * linear + linear) + 2 * 128
    ends = 49 * 3 * 32 + 9 * (32 * 64 + 64 * 128) + 9 * (128 * 64 + 64 * 32) + 49 * 3 * 3
    middle = 4 * 2 * 9 * 128**2 + 2 * 128 + (256 * 128 + 128) + 2 * linear
    decoder = 4 * 2 * (9 * 128**2 + 128 + soft)
    norms = 3 * (64 + 32)
    network = build(photo2cartoon_spec())
    wanted = ends + middle + decoder + norms + 4 * glass + 3 * back
    assert sum(p.numel() for p in network.parameters()) == wanted == 3_773_733


def test_an_hourglass_needs_four_channels():
    with pytest.raises(UsageError, match="4 base channels, not 3"):
        photo2cartoon_spec(32, 3)


@pytest.mark.parametrize(
    ("family", "frame", "nearest"),
    [
        ("cyclegan", (66, 63), "multiples of 4; the nearest is 68x64"),
        ("ugatit", (2, 481), "multiples of 4; the nearest is 4x480"),
        ("ugatit-deep", (40, 32), "multiples of 16; the nearest is 48x32"),
        ("photo2cartoon", (32, 39), "multiples of 16; the nearest is 32x32"),
        ("ugatit-full", (32, 48), "ugatit-full at 32x48 is no square"),
    ],
)
def test_a_frame_that_does_not_suit_is_refused(family, frame, nearest):
    with pytest.raises(UsageError, match=nearest):
        build(PORTRAIT_SPECS[family](frame, 4, 1))


def test_a_deep_ugatit_is_a_light_one_between_halvings():
    deep, light = build(ugatit_deep_spec(128, 8, 2)), build(ugatit_spec(32, 8, 2))
    own, inner = dict(deep.parts()), dict(light.parts())
    for name in inner.keys() - {"stem", "to_rgb"}:
        assert list(own[name]) == list(inner[name]), name
    assert total_macs(build(ugatit_deep_spec()).kernels()) == pytest.approx(1.676e9, rel=1e-3)


def test_a_content_is_pooled_once_however_many_look_at_it():
    """Where encoder1 is gone, both decoders look at what encoder0 left behind."""
    spec = photo2cartoon_spec(32, 8, 2)
    whole, less = build(spec), build(replace(spec, blocks=("encoder0", "decoder1", "decoder0")))

    def contents(network):
        return [name for name, _ in network.parts() if name.startswith("content")]

    assert contents(whole) == ["content0", "content1"] and contents(less) == ["content0"]


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
@pytest.mark.parametrize(("frame", "base", "blocks"), [(32, 4, 1), ((32, 64), 6, 2), (48, 5, 4)])
def test_macs_equal_torchs_flop_counter(family, frame, base, blocks):
    if family == "ugatit-full" and frame == (32, 64):
        frame = 64  # it is built for squares
    network = build(PORTRAIT_SPECS[family](frame, base, blocks))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, 3, *network.spec.frame))
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
