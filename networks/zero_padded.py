"""Convolutions and pools with zeros around the map, as classifiers have them.

Where a layer halves a map it pads so that exactly half is left, whatever the side a classifier
puts the zeros on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from ..latency_model.kernel import Kernel
from .layers import Conv2d
from .width import Axes, Concatenation, Width


class ZeroPaddedConv2d(Conv2d):
    """k×k convolution with a bias, [B, Cin, H, W] → [B, Cout, H/stride, W/stride].

    Args:
        before: rows and columns of zeros above and to the left where stride is 2; the rest of the
            k - 2 that it takes comes below and to the right.
    """

    groups = 1

    def __init__(
        self,
        in_width: Width | Concatenation,
        out_width: Width,
        k: int,
        stride: int = 1,
        before: int = 0,
    ):
        super().__init__(in_width, out_width, k, stride, bias=True)
        self.before, self.after = before, k - 2 - before

    def convolve(self, x: Tensor, weight: Tensor) -> Tensor:
        if self.stride == 1:  # torch's own zeros are cheaper than a larger map
            return F.conv2d(x, weight, self.bias, 1, self.k // 2, groups=self.groups)
        if self.before == self.after:
            return F.conv2d(x, weight, self.bias, self.stride, self.before, groups=self.groups)
        return F.conv2d(self.padded(x), weight, self.bias, self.stride, groups=self.groups)

    def padded(self, x: Tensor) -> Tensor:
        around = self.k // 2
        before, after = (around, around) if self.stride == 1 else (self.before, self.after)
        return F.pad(x, (before, after) * 2)

    def kernels(self, h: int, w: int, share: float | Tensor = 1.0) -> Iterator[Kernel]:
        """Kernels for an input of h×w."""
        cin, cout = self.in_width.count, self.out_width.count
        yield from self.pad_kernels(cin, h, w)
        h, w = h // self.stride, w // self.stride
        yield Kernel("CONV_2D", cin, cout, self.k, self.stride, 1, h, w, share)

    def pad_kernels(self, c: int | Tensor, h: int, w: int) -> Iterator[Kernel]:
        """Of the zeros, where they are not on the sides that TFLite's own padding has them on."""
        if self.stride > 1 and self.before != (self.k - 2) // 2:
            p = self.before + self.after
            yield Kernel("PAD", c, c, 1, 1, 1, h + p, w + p)


class DepthwiseConv2d(ZeroPaddedConv2d):
    """3×3 convolution of each channel alone; what it reads and writes is one Width.

    The mask comes with the layer behind, which reads the same channels.
    """

    axes: ClassVar[Axes] = {"weight": ("out",), "bias": ("out",)}

    def __init__(self, width: Width, stride: int = 1, before: int = 0):
        super().__init__(Width("own", 1), width, 3, stride, before)
        self.groups = width.channels

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        c = self.out_width.count
        yield from self.pad_kernels(c, h, w)
        h, w = h // self.stride, w // self.stride
        yield Kernel("DEPTHWISE_CONV_2D", c, c, 3, self.stride, c, h, w)


def halved(x: Tensor) -> Tensor:
    """3×3 maximum at every other pixel, [B, C, H, W] → [B, C, H/2, W/2], as Caffe rounds."""
    return F.max_pool2d(x, 3, 2, ceil_mode=True)


def halved_kernels(c: int | Tensor, h: int, w: int) -> Iterator[Kernel]:
    """Kernels of `halved` for an input of h×w."""
    yield Kernel("MAX_POOL_2D", c, c, 3, 2, 1, h // 2, w // 2)
