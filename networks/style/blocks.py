"""What the students for phones are built of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...latency_model.kernel import Kernel
from ..layers import ConvTranspose2d
from ..normalisation import spatial_mean, spatial_mean_kernels
from ..portrait.blocks import residual_add
from ..width import Axes, Gate, Width
from ..zero_padded import ZeroPaddedConv2d
from .channel_norm import ChannelNorm, StaticNorm


class StudentBlock(nn.Module):
    """x + norm(conv(relu(norm(conv(x))))) with zero padding; the last norm is static.

    Args:
        inner_norm: the first one.
    """

    def __init__(self, trunk: Width, hidden: Width, inner_norm: type[ChannelNorm]):
        super().__init__()
        self.gate = Gate()
        self.conv1, self.norm1 = ZeroPaddedConv2d(trunk, hidden, 3), inner_norm(hidden)
        self.conv2, self.norm2 = ZeroPaddedConv2d(hidden, trunk, 3), StaticNorm(trunk)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm1(self.conv1(x)))
        return x + self.norm2(self.conv2(y), self.gate.open)

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        """Kernels for a map of h×w."""
        for layer in (self.conv1, self.norm1, self.conv2, self.norm2):
            yield from layer.kernels(h, w, self.gate.open)
        yield residual_add(self.norm2.out_width, h, w, self.gate)


class Skip(nn.Module):
    """Adds a map of the encoder to one of the decoder; a closed gate leaves it out."""

    def __init__(self, width: Width):
        super().__init__()
        self.gate, self.width = Gate(optional=True), width

    def forward(self, x: Tensor, skipped: Tensor) -> Tensor:
        return x + self.gate.open * skipped

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        """Kernels for maps of h×w."""
        yield residual_add(self.width, h, w, self.gate)


class FullSkip(nn.Module):
    """Adds the photo, each channel times a learnt gain; a closed gate leaves it out."""

    axes: ClassVar[Axes] = {"gain": ("out",)}

    def __init__(self, width: Width):
        super().__init__()
        self.gate = Gate(optional=True)
        self.in_width = self.out_width = width
        self.gain = nn.Parameter(torch.ones(width.channels))

    def forward(self, x: Tensor, photo: Tensor) -> Tensor:
        return x + (self.gate.open * self.gain)[None, :, None, None] * photo

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        """Kernels for pictures of h×w."""
        count = self.out_width.count
        yield Kernel("MUL", count, count, 1, 1, 1, h, w, self.gate.open)
        yield residual_add(self.out_width, h, w, self.gate)


class Context(nn.Module):
    """x + conv(relu(conv(mean of x over the picture))): what depends on the picture as a whole,
    as its light does, reaches every place (as in squeeze-and-excitation, Hu et al. 2018)."""

    def __init__(self, trunk: Width, hidden: Width):
        super().__init__()
        self.gate, self.trunk = Gate(optional=True), trunk
        self.conv1, self.conv2 = (
            ZeroPaddedConv2d(trunk, hidden, 1),
            ZeroPaddedConv2d(hidden, trunk, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.gate.open * self.conv2(F.relu(self.conv1(spatial_mean(x))))

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        """Kernels for a map of h×w."""
        yield from spatial_mean_kernels(self.trunk.count, h, w, self.gate.open)
        for layer in (self.conv1, self.conv2):
            yield from layer.kernels(1, 1, self.gate.open)
        count = self.trunk.count  # of one map: the other is a vector
        yield Kernel("ADD", count, count, 1, 1, 1, h, w, self.gate.open)


def halving(in_width: Width, out_width: Width, k: int) -> ZeroPaddedConv2d:
    """k×k convolution of stride 2 that pads as TFLite's SAME does, so that it needs no PAD."""
    return ZeroPaddedConv2d(in_width, out_width, k, stride=2, before=(k - 2) // 2)


def doubling(in_width: Width, out_width: Width) -> ConvTranspose2d:
    """4×4 transposed convolution: every output pixel meets four taps."""
    return ConvTranspose2d(in_width, out_width, k=4)


def down_kernels(conv: ZeroPaddedConv2d, norm: ChannelNorm, h: int, w: int) -> Iterator[Kernel]:
    """Of a halving convolution and its norm, for an input of h×w."""
    yield from conv.kernels(h, w)
    yield from norm.kernels(h // 2, w // 2)


def relu_kernel(width: Width, h: int, w: int, share: float | Tensor = 1.0) -> Kernel:
    """Of a ReLU that no other kernel takes in."""
    return Kernel("RELU", width.count, width.count, 1, 1, 1, h, w, share)


def joined_kernels(up: ConvTranspose2d, skip: Skip | None, h: int, w: int) -> Iterator[Kernel]:
    """Of a doubling convolution, the skip link behind it and a ReLU, for an input of h×w.

    The ReLU is part of the skip's addition where there is one; the delegate takes none into a
    transposed convolution.
    """
    yield from up.kernels(h, w)
    if skip is None:
        yield relu_kernel(up.out_width, 2 * h, 2 * w)
        return
    yield from skip.kernels(2 * h, 2 * w)
    if skip.gate.alpha is not None:
        yield relu_kernel(up.out_width, 2 * h, 2 * w, 1 - skip.gate.open)
