"""Weights of classifiers, in the layouts in which they are published, for the trunks here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import FormatError
from ...frames import Size
from ..photo.encoder import IMAGENET_DEVIATION, IMAGENET_MEAN, load_encoder, stages_of
from ..spec import Spec
from .artnet import art_spec
from .googlenet import FEATURES, INCEPTIONS, GoogLeNet
from .mobilenet import MobileNet
from .squeezenet import FIRES
from .trunk import Trunk
from .vgg import VggTrunk

BVLC_MEAN = (104.0, 117.0, 123.0)  # blue, green, red
IMAGENET = (
    tuple(255 * value for value in IMAGENET_MEAN),
    tuple(255 * value for value in IMAGENET_DEVIATION),
)
FIRST_KEYS = {  # of each layout: the trunk that it is of
    "conv1_7x7_s2.weight": "googlenet",
    "conv1.conv.weight": "googlenet-bn",
    "b0.dw.weight": "mobilenet",
    "features.1.conv.0.0.weight": "mobilenet",
    "squeezenet0_conv0_weight": "squeezenet",
    "features.3.squeeze.weight": "squeezenet",
    "conv11.weight": "vgg",
    "features.28.weight": "vgg",
}


def trunk_of(tensors: dict[str, Tensor]) -> str:
    """The name of the trunk that weights are of.

    Raises:
        FormatError: of none.
    """
    for key, name in FIRST_KEYS.items():
        if key in tensors:
            return name
    known = ", ".join(dict.fromkeys(FIRST_KEYS.values()))
    raise FormatError(f"no weights of a trunk that is known here: {known}")


def spec_of(tensors: dict[str, Tensor], maps: int, size: Size = 256, **options: Any) -> Spec:
    """The network on the trunk that weights are of.

    Args:
        maps, size, options: as in `art_spec`.

    Raises:
        FormatError: weights of no trunk.
        UsageError: as `art_spec`.
    """
    name = trunk_of(tensors)
    if name == "vgg":
        options["stages"] = stages_of(tensors)
    return art_spec(name, maps, size, **options)


def load_trunk(trunk: Trunk | VggTrunk, tensors: dict[str, Tensor]) -> None:
    """Take over a classifier's weights; batch norms are folded.

    Layouts: BVLC's GoogLeNet under Caffe's names; torchvision's googlenet, mobilenet_v2,
    squeezenet1_1 and vgg19; MobileNetV2 as "stem", "b0.dw" …; SqueezeNet as the ONNX model zoo has
    it; VGG-19 of style transfer.

    Raises:
        FormatError: a layer is missing, or of other channels.
    """
    if isinstance(trunk, VggTrunk):
        load_encoder(trunk, tensors)
        return
    if isinstance(trunk, GoogLeNet):
        published = trunk.norm1 is not None
        found = _bvlc(tensors) if published else _torchvision_googlenet(tensors)
    elif isinstance(trunk, MobileNet):
        found = _mobilenet(tensors)
    else:
        found = _squeezenet(tensors)
    wanted = trunk.state_dict()
    taken = dict(found)
    for name, value in wanted.items():
        if name.startswith("colours.") or name.endswith((".band", ".one")):
            continue
        if name not in taken:
            raise FormatError(f"no weights of this trunk: {name} is missing")
        if taken[name].shape != value.shape:
            raise FormatError(
                f"the trunk's {name} is {list(value.shape)}, the weights' {list(taken[name].shape)}"
            )
    trunk.load_state_dict({n: taken.get(n, value).float() for n, value in wanted.items()})
    if isinstance(trunk, GoogLeNet) and trunk.norm1 is not None:
        trunk.load_colours(BVLC_MEAN, (1.0, 1.0, 1.0), flipped=True)
        with torch.no_grad():  # ReLUs and pools pass a factor on, the norms know of it
            for name, parameter in trunk.named_parameters():
                if name.endswith("bias") or name == "colours.weight":
                    parameter.mul_(FEATURES)
    else:
        trunk.load_colours(*IMAGENET)


def _bvlc(tensors: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    places = {"conv1": "conv1_7x7_s2", "conv2_reduce": "conv2_3x3_reduce", "conv2": "conv2_3x3"}
    for name in INCEPTIONS:
        for branch in ("1x1", "3x3_reduce", "3x3", "5x5_reduce", "5x5", "pool_proj"):
            places[f"inceptions.{name}.branch_{branch}"] = f"inception_{name}_{branch}"
    yield from _picked(tensors, places)


def _torchvision_googlenet(tensors: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    places = {"conv1": "conv1", "conv2_reduce": "conv2", "conv2": "conv3"}
    branches = {"1x1": "branch1", "3x3_reduce": "branch2.0", "3x3": "branch2.1"}
    branches |= {"5x5_reduce": "branch3.0", "5x5": "branch3.1", "pool_proj": "branch4.1"}
    for name in INCEPTIONS:
        for branch, place in branches.items():
            places[f"inceptions.{name}.branch_{branch}"] = f"inception{name}.{place}"
    for name, place in places.items():
        yield from _folded(tensors, name, f"{place}.conv", f"{place}.bn", 1e-3)


def _mobilenet(tensors: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    if "b0.dw.weight" in tensors:
        for name, value in tensors.items():
            yield (name if name.startswith("stem") else f"blocks.{name}"), value
        return
    yield from _folded(tensors, "stem", "features.0.0", "features.0.1", 1e-5)
    for number in range(17):
        start = f"features.{number + 1}.conv"
        parts = ("dw", "project") if number == 0 else ("expand", "dw", "project")
        for i, part in enumerate(parts):
            last = part == "project"
            layer, norm = (
                (f"{start}.{i}", f"{start}.{i + 1}")
                if last
                else (
                    f"{start}.{i}.0",
                    f"{start}.{i}.1",
                )
            )
            yield from _folded(tensors, f"blocks.b{number}.{part}", layer, norm, 1e-5)


def _squeezenet(tensors: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    if "squeezenet0_conv0_weight" in tensors:
        renamed = {  # squeezenet0_conv3_bias
            f"{name.rpartition('_')[0]}.{name.rpartition('_')[2]}": t for name, t in tensors.items()
        }
        places = {"conv1": "squeezenet0_conv0"}
        for i, number in enumerate(FIRES):
            for j, part in enumerate(("squeeze", "expand_1x1", "expand_3x3")):
                places[f"fires.{number}.{part}"] = f"squeezenet0_conv{1 + 3 * i + j}"
        yield from _picked(renamed, places)
        return
    places = {"conv1": "features.0"}
    for number, index in zip(FIRES, (3, 4, 6, 7, 9, 10, 11, 12), strict=True):
        parts = {"squeeze": "squeeze", "expand_1x1": "expand1x1", "expand_3x3": "expand3x3"}
        for part, place in parts.items():
            places[f"fires.{number}.{part}"] = f"features.{index}.{place}"
    yield from _picked(tensors, places)


def _picked(tensors: dict[str, Tensor], places: dict[str, str]) -> Iterator[tuple[str, Tensor]]:
    for name, place in places.items():
        for part in ("weight", "bias"):
            if f"{place}.{part}" in tensors:
                yield f"{name}.{part}", tensors[f"{place}.{part}"]


def _folded(
    tensors: dict[str, Tensor], name: str, layer: str, norm: str, epsilon: float
) -> Iterator[tuple[str, Tensor]]:
    """A convolution without bias and the batch norm behind it, as one convolution."""
    keys = [f"{norm}.{part}" for part in ("weight", "bias", "running_mean", "running_var")]
    if f"{layer}.weight" not in tensors or any(key not in tensors for key in keys):
        return
    gamma, beta, mean, variance = (tensors[key] for key in keys)
    factor = gamma / (variance + epsilon).sqrt()
    yield f"{name}.weight", tensors[f"{layer}.weight"] * factor[:, None, None, None]
    yield f"{name}.bias", beta - mean * factor
