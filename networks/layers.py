"""Convolution over Widths.

A layer says along which axes its tensors shrink (`axes`, used by `compact`) and what it costs
(`kernels`, contract C4).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..latency_model.kernel import Kernel
from .width import Concatenation, Width


class Conv2d(nn.Module):
    """k×k convolution with reflection padding, [B, Cin, H, W] → [B, Cout, H/stride, W/stride].

    Args:
        masked: the layer itself applies the mask of `out_width`. Left False where a normalisation
            follows: it divides the scale of its input away, so a mask in front of it would get no
            gradient from the loss; the normalisation applies the mask instead.
    """

    axes = {"weight": ("out", "in"), "bias": ("out",)}

    def __init__(
        self,
        in_width: Width | Concatenation,
        out_width: Width,
        k: int,
        stride: int = 1,
        *,
        bias: bool = False,
        masked: bool = False,
    ):
        super().__init__()
        self.in_width, self.out_width = in_width, out_width
        self.k, self.stride, self.masked = k, stride, masked
        self.weight = nn.Parameter(torch.empty(out_width.channels, in_width.channels, k, k))
        self.bias = nn.Parameter(torch.empty(out_width.channels)) if bias else None
        _initialise(self.weight, self.bias)

    def forward(self, x: Tensor) -> Tensor:
        weight, bias = self.weight, self.bias
        if self.masked and (mask := self.out_width.mask) is not None:
            weight = weight * mask[:, None, None, None]
            bias = None if bias is None else bias * mask
        if self.k > 1:
            x = F.pad(x, (self.k // 2,) * 4, mode="reflect")
        return F.conv2d(x, weight, bias, self.stride)

    def kernels(self, h: int, w: int, share: float | Tensor = 1.0) -> Iterator[Kernel]:
        """Kernels for an input of h×w."""
        cin, cout = self.in_width.count, self.out_width.count
        if self.k > 1:
            p = 2 * (self.k // 2)
            yield Kernel("MIRROR_PAD", cin, cin, 1, 1, 1, h + p, w + p, share)
        h, w = h // self.stride, w // self.stride
        yield Kernel("CONV_2D", cin, cout, self.k, self.stride, 1, h, w, share)


def _initialise(weight: Tensor, bias: Tensor | None) -> None:
    """torch's own default for convolutions."""
    nn.init.kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        bound = 1 / math.sqrt(weight[0].numel())
        nn.init.uniform_(bias, -bound, bound)
