"""Convolution and transposed convolution over Widths.

A layer says along which axes its tensors shrink (`axes`, used by `compact`) and what it costs
(`kernels`, contract C4).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..latency_model.kernel import Kernel
from .width import Axes, Concatenation, Width


class Conv2d(nn.Module):
    """k×k convolution with reflection padding, [B, Cin, H, W] → [B, Cout, H/stride, W/stride].

    The mask of the input's width multiplies the weights here, at the consumer, and nowhere else:
    behind norm and ReLU, so that it gets a gradient from the loss even where it is 0 (an instance
    norm would divide a mask in front of it away, a ReLU would block it), and on a few weights
    instead of a map. A channel that no consumer reads is pruned.
    """

    axes: ClassVar[Axes] = {"weight": ("out", "in"), "bias": ("out",)}

    def __init__(
        self,
        in_width: Width | Concatenation,
        out_width: Width,
        k: int,
        stride: int = 1,
        *,
        bias: bool = False,
    ):
        super().__init__()
        self.in_width, self.out_width = in_width, out_width
        self.k, self.stride = k, stride
        self.weight = nn.Parameter(torch.empty(out_width.channels, in_width.channels, k, k))
        self.bias = nn.Parameter(torch.empty(out_width.channels)) if bias else None
        _initialise(self.weight, self.bias)

    def forward(self, x: Tensor) -> Tensor:
        weight, mask = self.weight, self.in_width.mask
        if mask is not None:
            weight = weight * mask[:, None, None]
        return self.convolve(x, weight)

    def convolve(self, x: Tensor, weight: Tensor) -> Tensor:
        """The convolution itself."""
        return F.conv2d(self.padded(x), weight, self.bias, self.stride)

    def padded(self, x: Tensor) -> Tensor:
        """The input with its edges, as the convolution goes over it."""
        return F.pad(x, (self.k // 2,) * 4, mode="reflect") if self.k > 1 else x

    def kernels(self, h: int, w: int, share: float | Tensor = 1.0) -> Iterator[Kernel]:
        """Kernels for an input of h×w."""
        cin, cout = self.in_width.count, self.out_width.count
        if self.k > 1:
            p = 2 * (self.k // 2)
            yield Kernel("MIRROR_PAD", cin, cin, 1, 1, 1, h + p, w + p, share)
        h, w = h // self.stride, w // self.stride
        yield Kernel("CONV_2D", cin, cout, self.k, self.stride, 1, h, w, share)


class ConvTranspose2d(nn.Module):
    """k×k transposed convolution that doubles the map, [B, Cin, H, W] → [B, Cout, 2H, 2W].

    Stride 2, padding 1. k = 3 needs an output padding of 1, as CycleGAN's. With k = 4 every output
    pixel meets four taps, and TFLite needs no slice. The mask is as in `Conv2d`.
    """

    axes: ClassVar[Axes] = {"weight": ("in", "out"), "bias": ("out",)}

    def __init__(self, in_width: Width, out_width: Width, k: int = 3):
        super().__init__()
        self.in_width, self.out_width, self.k = in_width, out_width, k
        self.weight = nn.Parameter(torch.empty(in_width.channels, out_width.channels, k, k))
        self.bias = nn.Parameter(torch.empty(out_width.channels))
        _initialise(self.weight, self.bias)

    def forward(self, x: Tensor) -> Tensor:
        weight, mask = self.weight, self.in_width.mask
        if mask is not None:
            weight = weight * mask[:, None, None, None]
        return self.convolve(x, weight)

    def convolve(self, x: Tensor, weight: Tensor) -> Tensor:
        """The transposed convolution itself."""
        return F.conv_transpose2d(x, weight, self.bias, 2, padding=1, output_padding=self.k % 2)

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        """Kernels for an input of h×w; the slice cuts the margin of an exported 3×3 layer off."""
        cin, cout = self.in_width.count, self.out_width.count
        yield Kernel("TRANSPOSE_CONV", cin, cout, self.k, 2, 1, 2 * h, 2 * w)
        if self.k == 3:
            yield Kernel("SLICE", cout, cout, 1, 1, 1, 2 * h, 2 * w)


def _initialise(weight: Tensor, bias: Tensor | None) -> None:
    """torch's own default for convolutions."""
    nn.init.kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        bound = 1 / math.sqrt(weight[0].numel())
        nn.init.uniform_(bias, -bound, bound)
