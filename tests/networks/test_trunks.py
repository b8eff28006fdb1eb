"""Trunks against torchvision's own classifiers, against numpy, and by what a classifier says."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from pocketstyle.datasets import to_tensor
from pocketstyle.errors import FormatError
from pocketstyle.latency_model import total_macs
from pocketstyle.networks import art_spec, build
from pocketstyle.networks.art import load_trunk, spec_of, trunk_of
from skimage import data
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

SHARED = Path(os.environ.get("POCKETSTYLE_SHARED", "../shared"))
MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
DEVIATION = torch.tensor([0.229, 0.224, 0.225])[:, None, None]


def published(path: str) -> dict[str, torch.Tensor]:
    path = SHARED / "weights" / path
    if not path.exists():
        pytest.skip(f"{path} is not there")
    with np.load(path) as arrays:
        return {name: torch.from_numpy(arrays[name]).float() for name in arrays.files}


def trunk_on(tensors: dict[str, torch.Tensor], maps: int = 4):
    trunk = build(spec_of(tensors, maps)).encoder.eval()
    load_trunk(trunk, tensors)
    return trunk


def photo(side: int = 224) -> torch.Tensor:
    """Of -1..1; from 0..1 of the classifiers, x / 2 + 1 / 2."""
    return to_tensor(data.coffee()[None, :side, 150 : 150 + side])


def randomised(model: torch.nn.Module) -> torch.nn.Module:
    """With batch norms that are no identities."""
    torch.manual_seed(0)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.7, 1.3)
            torch.nn.init.uniform_(module.bias, -0.2, 0.2)
            torch.nn.init.uniform_(module.running_mean, -0.2, 0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    return model.eval()


def outputs(model: torch.nn.Module, names: list[str]) -> list[torch.Tensor]:
    """What the named layers give for the photo."""
    found: dict[str, torch.Tensor] = {}
    for name in names:
        layer = model.get_submodule(name)
        layer.register_forward_hook(lambda _, __, out, name=name: found.update({name: out}))
    with torch.no_grad():
        model((photo() / 2 + 0.5 - MEAN) / DEVIATION)
    return [found[name] for name in names]


@pytest.mark.parametrize(
    ("kind", "layers"),
    [
        ("googlenet", ["conv1", "conv3", "inception3b", "inception4e"]),
        ("mobilenet_v2", ["features.1", "features.3", "features.6", "features.13"]),
        ("vgg19", ["features.1", "features.6", "features.11", "features.20", "features.29"]),
    ],
)
@torch.no_grad()
def test_it_is_torchvisions(kind, layers):
    """Random weights, batch norms folded; on a photo."""
    options = {"init_weights": True, "aux_logits": False} if kind == "googlenet" else {}
    model = randomised(getattr(torchvision.models, kind)(weights=None, **options))
    trunk = trunk_on(model.state_dict(), len(layers))
    made, wanted = trunk(photo()), outputs(model, layers)
    scale = 1 / 16 if kind == "vgg19" else 1  # what features are divided by on loading
    inner = slice(None)
    if kind == "vgg19":  # whose zeros are reflections here
        inner = slice(4, -4)
    for i, (one, other) in enumerate(zip(made, wanted, strict=True)):
        if kind == "vgg19" and i == 3:
            break  # the borders have come in
        one, other = one[..., inner, inner], scale * other[..., inner, inner]
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4 * float(other.abs().max()))


@torch.no_grad()
def test_squeezenet_is_torchvisions_but_for_the_lower_right_border():
    model = randomised(torchvision.models.squeezenet1_1(weights=None))
    trunk = trunk_on(model.state_dict())
    layers = ["features.1", "features.4", "features.7", "features.12"]
    for one, other in zip(trunk(photo()), outputs(model, layers), strict=True):
        h, w = (side // 2 for side in other.shape[2:])
        torch.testing.assert_close(one[..., :h, :w], other[..., :h, :w], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_squeezenet_says_what_photos_show():
    """With its own classifier on top: an espresso, a cat."""
    tensors = published("squeezenet/squeezenet1_1.npz")
    trunk = trunk_on(tensors)
    weight, bias = (tensors[f"squeezenet0_conv25_{part}"] for part in ("weight", "bias"))
    shown = {
        "coffee": (data.coffee()[:400, 100:500], {967, 504, 925, 968}),  # espresso, mug, cup
        "cat": (data.chelsea()[:300, 80:380], {281, 282, 285}),  # tabby, tiger, Egyptian cat
    }
    for name, (picture, classes) in shown.items():
        x = F.interpolate(to_tensor(picture[None].copy()), size=(224, 224), mode="area")
        logits = F.relu(F.conv2d(trunk(x)[-1], weight, bias)).mean((0, 2, 3))
        assert int(logits.argmax()) in classes, name


@torch.no_grad()
def test_bvlcs_googlenet_in_numpy():
    """Stem and norms of the published network, value by value, at places of the map."""
    tensors = published("googlenet/to_inception4e.npz")
    trunk, x = trunk_on(tensors, 3), photo(64)
    raw = (x[0].numpy()[::-1] + 1) * 127.5 - np.array([104, 117, 123]).reshape(3, 1, 1)
    padded = np.pad(raw, ((0, 0), (3, 3), (3, 3)))
    weight, bias = (tensors[f"conv1_7x7_s2.{part}"].numpy() for part in ("weight", "bias"))
    conv = np.stack(
        [
            [
                (weight * padded[None, :, 2 * i : 2 * i + 7, 2 * j : 2 * j + 7]).sum((1, 2, 3))
                for j in range(32)
            ]
            for i in range(32)
        ]
    )
    conv = np.maximum(conv + bias, 0).transpose(2, 0, 1)  # [64, 32, 32]
    np.testing.assert_allclose(64 * trunk(x)[0][0], conv, rtol=1e-3, atol=0.05)
    pooled = np.stack(
        [
            [conv[:, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3].max((1, 2)) for j in range(16)]
            for i in range(16)
        ]
    ).transpose(2, 0, 1)
    squares = np.pad(pooled**2, ((2, 2), (0, 0), (0, 0)))
    near = sum(squares[i : i + 64] for i in range(5))
    normed = pooled / (1 + 1e-4 / 5 * near) ** 0.75
    made = trunk.norm1(torch.from_numpy(pooled[None]).float() / 64)
    np.testing.assert_allclose(64 * made[0], normed, rtol=1e-3, atol=0.02)
    assert float((trunk.norm1(torch.zeros(1, 64, 2, 2))).abs().max()) == 0


@pytest.mark.parametrize("path", ["googlenet/to_inception4e.npz", "mobilenet_v2/onnx_zoo_7.npz"])
@torch.no_grad()
def test_published_weights_fit(path):
    tensors = published(path)
    for one in trunk_on(tensors)(photo()):
        assert one.isfinite().all() and float(one.std()) > 1e-3 and float(one.abs().max()) < 255


@pytest.mark.parametrize("name", ["googlenet", "googlenet-bn", "mobilenet", "squeezenet", "vgg"])
def test_strides_sizes_and_what_an_element_sees(name):
    torch.manual_seed(0)
    maps = 3
    trunk = build(art_spec(name, maps, stages=(4, 6, 8, 8, 8))).double().encoder.eval()
    x = torch.rand(1, 3, 96, 192, dtype=torch.float64)
    with FlopCounterMode(display=False) as counter:
        made = trunk(x)
    assert counter.get_total_flops() == 2 * total_macs(trunk.kernels(96, 192))
    for one, width, stride in zip(made, trunk.features, trunk.strides, strict=True):
        assert one.shape == (1, width.channels, 96 // stride, 192 // stride)
    # an element in the middle depends on its receptive field and on nothing else
    x.requires_grad_()
    for level, one in enumerate(trunk(x)):
        field, stride = trunk.receptive_fields[level], trunk.strides[level]
        (gradient,) = torch.autograd.grad(
            one[..., 48 // stride, 96 // stride].sum(), x, retain_graph=True
        )
        seen = gradient.abs().sum((0, 1, 2)).nonzero().flatten()
        # ReLUs hide some of it
        assert 0.6 * min(field, 192) <= int(seen[-1] - seen[0]) + 1 <= field


def test_weights_of_something_else():
    with pytest.raises(FormatError, match="no weights of a trunk"):
        trunk_of({"layer1.0.conv1.weight": torch.zeros(1)})
    trunk = build(art_spec("squeezenet", 3)).encoder
    model = torchvision.models.squeezenet1_1(weights=None).state_dict()
    del model["features.6.squeeze.bias"]
    with pytest.raises(FormatError, match=r"fires.4.squeeze.bias is missing"):
        load_trunk(trunk, model)
    model["features.6.squeeze.bias"] = torch.zeros(7)
    with pytest.raises(FormatError, match=r"is \[32\], the weights' \[7\]"):
        load_trunk(trunk, model)
