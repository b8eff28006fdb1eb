"""Style networks: the published layers, imported weights, costs (C4), compaction (C3)."""

import math
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings
from pocketstyle.errors import FormatError
from pocketstyle.latency_model import SpeedModel, total_macs
from pocketstyle.networks import (
    STYLE_SPECS,
    Width,
    build,
    fast_style_spec,
    read_published,
    searchable,
    start_search,
)
from pocketstyle.networks.style.channel_norm import ChosenNorm, StaticNorm
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from .patterns import masked_and_compact, patterns, scrambled

FAMILIES = sorted(STYLE_SPECS)
ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / os.environ.get("POCKETSTYLE_SHARED", "../shared") / "weights/fast_neural_style"


class Published(nn.Module):
    """The published layers (pytorch/examples, fast_neural_style), by torch's own modules."""

    def __init__(self, base: int = 4, blocks: int = 2):
        super().__init__()
        ends = [(3, base, 9), (base, 2 * base, 3), (2 * base, 4 * base, 3)]
        backs = [(4 * base, 2 * base, 3), (2 * base, base, 3), (base, 3, 9)]
        for i, (cin, cout, k) in enumerate(ends, 1):
            setattr(self, f"conv{i}", nn.Conv2d(cin, cout, k, 1 if i == 1 else 2))
            setattr(self, f"in{i}", nn.InstanceNorm2d(cout, affine=True))
        for i in range(1, blocks + 1):
            block = nn.Module()
            for j in (1, 2):
                setattr(block, f"conv{j}", nn.Conv2d(4 * base, 4 * base, 3))
                setattr(block, f"in{j}", nn.InstanceNorm2d(4 * base, affine=True))
            setattr(self, f"res{i}", block)
        for i, (cin, cout, k) in enumerate(backs, 1):
            setattr(self, f"deconv{i}", nn.Conv2d(cin, cout, k))
            if i < 3:
                setattr(self, f"in{i + 3}", nn.InstanceNorm2d(cout, affine=True))
        self.blocks = [getattr(self, f"res{i}") for i in range(1, blocks + 1)]
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for name, value in self.named_parameters():
                if name.split(".")[-2].startswith("in"):
                    value.copy_(torch.rand(value.shape, generator=generator) + 0.3)
            self.deconv3.weight.mul_(120)  # torch's start would make pictures of one colour

    def forward(self, x):
        """Pictures of 0..255."""

        def conv(layer, x):
            return layer(F.pad(x, (layer.kernel_size[0] // 2,) * 4, mode="reflect"))

        for i in (1, 2, 3):
            x = F.relu(getattr(self, f"in{i}")(conv(getattr(self, f"conv{i}"), x)))
        for block in self.blocks:
            y = F.relu(block.in1(conv(block.conv1, x)))
            x = x + block.in2(conv(block.conv2, y))
        for i in (1, 2):
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = F.relu(getattr(self, f"in{i + 3}")(conv(getattr(self, f"deconv{i}"), x)))
        return conv(self.deconv3, x)


def as_example(state):
    """The keys of PyTorch's example, with the running statistics of its older files."""
    convs = ("conv1", "conv2", "conv3", "deconv1", "deconv2", "deconv3")
    made = {}
    for name, value in state.items():
        parts = name.split(".")
        if parts[-2] in convs:
            parts.insert(-1, "conv2d")
        made[".".join(parts)] = value
    made["in1.running_mean"] = torch.zeros(4)
    made["in1.running_var"] = torch.ones(4)
    return made


def test_full_size_is_the_published_network():
    network = build(fast_style_spec())
    assert sum(p.numel() for p in network.parameters()) == 1_679_235
    assert total_macs(network.kernels()) == pytest.approx(10.08e9, rel=1e-3)


@pytest.mark.parametrize("layout", ["npz", "pth", "example.pth"])
def test_imported_weights_compute_what_they_did(layout, tmp_path):
    published = Published()
    state, path = published.state_dict(), tmp_path / f"weights.{layout}"
    if layout == "npz":
        np.savez(path, **{name: value.numpy() for name, value in state.items()})
    else:
        torch.save(as_example(state) if layout == "example.pth" else state, path)
    network = read_published(path)
    x = torch.rand(2, 3, 32, 48)
    with torch.no_grad():
        expected = published(255 * x)
        assert expected.std() > 20 and expected.min() < 0  # so that the clamp shows
        found = 127.5 * (network(2 * x - 1) + 1)
    assert (found - expected.clamp(0, 255)).abs().max() <= 1e-3


@pytest.mark.parametrize("name", ["candy", "mosaic", "pointilism", "rain_princess", "udnie"])
def test_the_five_published_styles_are_read(name):
    path = PUBLISHED / f"{name}.npz"
    if not path.is_file():
        pytest.skip(f"no published weights at {PUBLISHED}")
    published = Published(32, 5)
    with np.load(path) as arrays:
        published.load_state_dict(
            {key: torch.from_numpy(arrays[key]).float() for key in arrays.files}
        )
    x = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = 127.5 * (read_published(path)(2 * x - 1) + 1)
        assert (found - published(255 * x).clamp(0, 255)).abs().max() <= 1e-3


class Code:
    """What a pickle runs when it is loaded."""

    def __reduce__(self):
        return (os.mkdir, ("loaded",))


def test_other_files_are_refused_in_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    state = Published().state_dict()
    torch.save({"model": Code()}, "code.pth")
    torch.save({"features.0.weight": torch.zeros(1)}, "vgg.pth")
    torch.save({**state, "conv1.weight": torch.zeros(4, 3, 5, 5)}, "kernel.pth")
    torch.save({name: v for name, v in state.items() if name != "res2.in1.bias"}, "part.pth")
    torch.save([1, 2], "list.pth")
    np.savez("pickled.npz", **{"conv1.weight": np.array([Code()], dtype=object)})
    whole = Path("vgg.pth").read_bytes()
    Path("short.pth").write_bytes(whole[: len(whole) // 2])
    with zipfile.ZipFile("empty.npz", "w"):
        pass
    wanted = {
        "code.pth": "code is never loaded",
        "vgg.pth": "it holds features.0.weight",
        "kernel.pth": "size mismatch for stem.conv.weight",
        "part.pth": "middle.block1.norm1.beta",
        "list.pth": "no state_dict",
        "pickled.npz": "code is never loaded",
        "short.pth": "no .pth of tensors",
        "empty.npz": "no conv1.weight",
        "missing.npz": "no such file",
    }
    for name, words in wanted.items():
        with pytest.raises(FormatError) as error:
            read_published(name)
        assert words in str(error.value) and "\n" not in str(error.value)
    assert not Path("loaded").exists()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("size", "base", "blocks"), [(32, 4, 1), ((48, 64), 6, 3)])
def test_macs_equal_torchs_flop_counter(family, size, base, blocks):
    network = build(STYLE_SPECS[family](size, base, blocks))
    x = torch.zeros(1, 3, *network.spec.frame)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(x)
    assert total_macs(network.kernels()) == counter.get_total_flops() / 2


@pytest.mark.parametrize("family", FAMILIES)
def test_output_is_a_picture_and_the_features_are_the_widths(family):
    network = build(STYLE_SPECS[family]((32, 48), 4, 1))
    x = torch.rand(2, 3, 32, 48) * 2 - 1
    picture, maps = network.forward_with_features(x)
    assert picture.shape == x.shape and picture.abs().max() <= 1
    assert list(maps) == list(network.features)
    for name, width in network.features.items():
        assert maps[name].shape[:2] == (2, network.widths[width].channels)


@pytest.mark.parametrize("family", FAMILIES)
def test_compact_equals_masked_down_to_one_channel(family):
    """Float64 and random weights: norms of one nearly constant channel magnify rounding."""

    @settings(max_examples=25, deadline=None, derandomize=True)
    @patterns
    def check(seed, open_share, gate_share):
        network = scrambled(build(STYLE_SPECS[family](32, 6, 2)), seed)
        start_search(network, keep_at_least=0.01)
        with torch.no_grad():
            network(torch.rand(4, 3, 32, 32))  # the statistics of static norms
        network.eval().double()
        small, x = masked_and_compact(network, seed, open_share, gate_share)
        with torch.no_grad():
            assert (network(x) - small.double()(x)).abs().max() <= 1e-10

    check()


def test_a_norm_is_torchs_instance_norm_or_its_batch_norm():
    norm = ChosenNorm(Width("w", 5))
    instance = nn.InstanceNorm2d(5, affine=True)
    batch = nn.BatchNorm2d(5, momentum=0.05)
    values = {"weight": torch.rand(5) + 0.5, "bias": torch.randn(5)}
    for one in (instance, batch):
        one.load_state_dict(values, strict=False)
    norm.load_state_dict({"gamma": values["weight"], "beta": values["bias"]}, strict=False)
    norm.gate.search([norm.gate])
    x = torch.randn(3, 5, 8, 8) * 3 + 1
    torch.testing.assert_close(norm(x), instance(x), atol=1e-5, rtol=1e-4)
    with torch.no_grad():
        norm.gate.alpha.copy_(torch.tensor([1.0, 0.0]))
    torch.testing.assert_close(norm(x), batch(x), atol=1e-5, rtol=1e-4)
    static = StaticNorm(Width("w", 5))
    static.load_state_dict(
        {name: value for name, value in norm.state_dict().items() if "gate" not in name}
    )
    torch.testing.assert_close(static.eval()(x), norm.eval()(x), atol=1e-5, rtol=1e-4)


def test_latency_alone_sees_norms_and_skips():
    """A closed norm or skip saves predicted time and no MACs, and all may be closed."""
    network = build(STYLE_SPECS["mobile-style"](64, 8, 1))
    start_search(network, keep_at_least=0.25)
    model = SpeedModel.load("s10")
    macs, ms = float(total_macs(network.kernels())), float(model.latency(list(network.kernels())))
    model.latency(list(network.kernels())).backward()
    _, gates = searchable(network)
    optional = [gate for gate in gates if gate.optional]
    assert len(optional) == 5 and all(gate.alpha.grad[1] > 0 for gate in optional)
    with torch.no_grad():
        for gate in optional:
            gate.alpha.copy_(torch.tensor([1.0, 0.0]))
    assert math.isclose(macs, float(total_macs(network.kernels())))
    assert float(model.latency(list(network.kernels()))) < 0.95 * ms
