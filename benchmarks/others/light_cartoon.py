"""The light CartoonGAN generators (mnicnc404/CartoonGan-tensorflow): from their checkpoints.

ShuffleNet-V2 units between 5x5 convolutions. Their "instance norm" (keras-contrib's with its
defaults) takes its statistics over the whole map with all channels, with one gamma and one beta,
and adds its epsilon to the deviation.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

EPSILON = 1e-3
BLOCKS = 8


class Norm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gamma, self.beta = nn.Parameter(torch.ones(1)), nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        over = (1, 2, 3)
        deviation = x.std(over, keepdim=True, unbiased=False) + EPSILON
        return (x - x.mean(over, keepdim=True)) / deviation * self.gamma + self.beta


class Depthwise(nn.Conv2d):
    """3x3 as TensorFlow pads it: at stride 2 and even sides at the end alone."""

    def __init__(self, channels: int, stride: int = 1):
        super().__init__(channels, channels, 3, stride, groups=channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.pad(x, (0, 1, 0, 1) if self.stride[0] == 2 else (1, 1, 1, 1)))


def conv(cin: int, cout: int, k: int = 1, bias: bool = False) -> nn.Conv2d:
    return nn.Conv2d(cin, cout, k, padding=k // 2, bias=bias)


def shuffled(x: Tensor) -> Tensor:
    """The channels of two halves in turn."""
    n, c, height, width = x.shape
    return x.view(n, 2, c // 2, height, width).transpose(1, 2).reshape(n, c, height, width)


class Unit(nn.Module):
    """Half of the channels pass, half are convolved."""

    def __init__(self, channels: int):
        super().__init__()
        half = channels // 2
        self.model = nn.Sequential(
            *(conv(half, half), Norm(), nn.ReLU(), Depthwise(half), Norm()),
            *(conv(half, half), Norm(), nn.ReLU()),
        )

    def forward(self, x: Tensor) -> Tensor:
        passed, seen = x.chunk(2, 1)
        return shuffled(torch.cat((passed, self.model(seen)), 1))


class Down(nn.Module):
    """Half the sides, twice the channels."""

    def __init__(self, channels: int):
        super().__init__()
        self.r_model = nn.Sequential(
            *(conv(channels, channels), Norm(), nn.ReLU()),
            *(Depthwise(channels, 2), Norm(), conv(channels, channels)),
        )
        self.l_model = nn.Sequential(Depthwise(channels, 2), Norm(), conv(channels, channels))
        self.bn_act = nn.Sequential(Norm(), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return shuffled(self.bn_act(torch.cat((self.l_model(x), self.r_model(x)), 1)))


class Up(nn.Module):
    """Twice the sides, half the channels."""

    def __init__(self, channels: int):
        super().__init__()
        self.model = nn.Sequential(conv(channels, channels // 2, bias=True), Unit(channels // 2))

    def forward(self, x: Tensor) -> Tensor:
        return self.model(F.interpolate(x, scale_factor=2, mode="bilinear"))


class LightCartoon(nn.Module):
    """Pictures [B, 3, H, W] of -1..1 to cartoons, the same."""

    def __init__(self) -> None:
        super().__init__()
        first = nn.Sequential(nn.Identity(), conv(3, 96, 5, bias=True), Norm(), nn.ReLU())
        self.flat_conv1 = nn.ModuleDict({"model": first})
        self.down_conv1, self.down_conv2 = Down(96), Down(192)
        self.residual_blocks = nn.Sequential(*(Unit(384) for _ in range(BLOCKS)))
        self.up_conv1, self.up_conv2 = Up(384), Up(192)
        self.final_conv = nn.Sequential(nn.Identity(), conv(96, 3, 5, bias=True))

    def forward(self, x: Tensor) -> Tensor:
        x = self.flat_conv1["model"](x)
        x = self.residual_blocks(self.down_conv2(self.down_conv1(x)))
        return self.final_conv(self.up_conv2(self.up_conv1(x))).tanh()


def light_cartoon(variables: Mapping[str, np.ndarray]) -> LightCartoon:
    """From a checkpoint's variables by name, "down_conv1/l_model/layer-2/kernel".

    Raises:
        RuntimeError: they are not those of this network.
    """
    state = {}
    for name, value in variables.items():
        *path, leaf = name.replace("layer-", "").split("/")
        tensor = torch.from_numpy(value)
        if leaf == "kernel":
            tensor, leaf = tensor.permute(3, 2, 0, 1), "weight"
        elif leaf == "depthwise_kernel":
            tensor, leaf = tensor.permute(2, 3, 0, 1), "weight"
        state[".".join((*path, leaf))] = tensor.contiguous()
    network = LightCartoon()
    network.load_state_dict(state)
    return network.eval()
