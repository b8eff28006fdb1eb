"""The encoder: VGG-19 up to relu5_1, at its full width or at a fraction of it."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...errors import FormatError
from ...latency_model.kernel import Kernel
from ..layers import Conv2d
from ..width import Width

STAGES = (("11", "12"), ("21", "22"), ("31", "32", "33", "34"), ("41", "42", "43", "44"), ("51",))
FULL = (64, 128, 256, 512, 512)  # channels of the stages
FEATURES = 1 / 16  # of VGG's own: hundreds, whose squares float16 does not hold
LAYOUTS = "neither in torchvision's layout nor in style transfer's"
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def vgg_channels(stages: tuple[int, ...] = FULL) -> dict[str, int]:
    """Channels of every convolution, by its name in the network's spec.

    Args:
        stages: channels of all five, or of the first few; of the last one there is one layer.
    """
    layers = layers_of(len(stages))
    return {
        f"conv{name}": channels
        for names, channels in zip(layers, stages, strict=True)
        for name in names
    }


def layers_of(maps: int) -> tuple[tuple[str, ...], ...]:
    """The layers of the first so many stages that their maps, the first of each, need."""
    return (*STAGES[: maps - 1], STAGES[maps - 1][:1])


class VggEncoder(nn.Module):
    """Pictures [B, 3, H, W] of -1..1 → relu1_1 … relu5_1, at 1, 1/2 … 1/16 of the sides.

    Without the widths of the last ones the first few of these.

    As style transfer has it: reflected edges, max pooling, and a 1x1 convolution in front that
    takes over the normalisation of colours.
    """

    def __init__(self, widths: nn.ModuleDict):
        """Args: widths: by `vgg_channels`."""
        super().__init__()
        self.layers = layers_of(sum(f"conv{names[0]}" in widths for names in STAGES))
        picture = Width("input", 3)
        self.conv0 = Conv2d(picture, Width("colours", 3), 1, bias=True)
        before = self.conv0.out_width
        for name in (name for names in self.layers for name in names):
            width = widths[f"conv{name}"]
            setattr(self, f"conv{name}", Conv2d(before, width, 3, bias=True))
            before = width

    def forward(self, x: Tensor) -> list[Tensor]:
        x, maps = self.conv0(x), []
        for stage in self.layers:
            if maps:
                x = F.max_pool2d(x, 2)
            for name in stage:
                x = F.relu(getattr(self, f"conv{name}")(x))
                if name == stage[0]:
                    maps.append(x)
        return maps

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        """Kernels for an input of h×w."""
        yield from self.conv0.kernels(h, w)
        for i, stage in enumerate(self.layers):
            if i:
                h, w = h // 2, w // 2
                c = getattr(self, f"conv{self.layers[i - 1][-1]}").out_width.count
                yield Kernel("MAX_POOL_2D", c, c, 2, 2, 1, h, w)
            for name in stage:
                yield from getattr(self, f"conv{name}").kernels(h, w)


def load_encoder(encoder: VggEncoder, tensors: dict[str, Tensor]) -> None:
    """Take over weights of VGG-19, from the layout of style transfer or from torchvision's.

    The features become `FEATURES` of VGG's own.

    Args:
        tensors: "conv0.weight", "conv11.weight" … for pictures of 0..1, as WCT's encoders have
            them; or "features.0.weight" …, torchvision's, whose normalisation becomes conv0.

    Raises:
        FormatError: neither of them, or other channels than the encoder's.
    """
    if "features.0.weight" in tensors:
        tensors = _from_torchvision(tensors)
    state = encoder.state_dict()
    missing = sorted(state.keys() - tensors.keys())
    if missing:
        raise FormatError(f"no weights of a VGG-19 encoder, {LAYOUTS}: no {missing[0]}")
    for name, value in state.items():
        if tensors[name].shape != value.shape:
            raise FormatError(
                f"the encoder's {name} is {list(value.shape)}, the weights' "
                f"{list(tensors[name].shape)}"
            )
    taken = {name: tensors[name].float() for name in state}
    for name in taken:  # ReLUs and pools pass a factor on, so all maps become this share
        if name.endswith("bias") or name == "conv0.weight":
            taken[name] = FEATURES * taken[name]
    # our pictures are -1..1: w (x + 1) / 2 + b
    taken["conv0.weight"] = taken["conv0.weight"] / 2
    taken["conv0.bias"] = taken["conv0.bias"] + taken["conv0.weight"].sum((1, 2, 3))
    encoder.load_state_dict(taken)


def stages_of(tensors: dict[str, Tensor]) -> tuple[int, ...]:
    """Channels of the stages, of weights in either layout.

    Raises:
        FormatError: no weights of a VGG-19.
    """
    if "features.0.weight" in tensors:
        tensors = _from_torchvision(tensors)
    try:
        return tuple(len(tensors[f"conv{names[0]}.bias"]) for names in STAGES)
    except (KeyError, TypeError) as error:
        raise FormatError(f"no weights of a VGG-19 encoder, {LAYOUTS}: {error}") from error


def _from_torchvision(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    places, place = {}, 0
    for stage in STAGES:
        for name in stage:
            places[name], place = place, place + 2  # a ReLU behind each
        place += 1  # a pool behind each stage
    mean, deviation = (torch.tensor(values) for values in (IMAGENET_MEAN, IMAGENET_DEVIATION))
    made = {
        "conv0.weight": torch.diag(1 / deviation)[:, :, None, None],
        "conv0.bias": -mean / deviation,
    }
    for name, number in places.items():
        for part in ("weight", "bias"):
            key = f"features.{number}.{part}"
            if key in tensors:
                made[f"conv{name}.{part}"] = tensors[key]
    return made
