"""photo2cartoon's hourglass: down four times and up again, on a trunk of three Widths."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...latency_model.kernel import Kernel
from ..layers import Conv2d
from ..normalisation import InstanceNorm
from ..width import Concatenation, Width

DEPTH = 4  # halvings


class DenseBlock(nn.Module):
    """x plus the concatenation of three 3x3 convolutions, each of what the one before has made.

    So the trunk's channels are the three convolutions' in a row: their Widths are its parts.
    """

    def __init__(self, trunk: Concatenation):
        super().__init__()
        a, b, c = trunk.parts
        self.norm1, self.conv1 = InstanceNorm(trunk), Conv2d(trunk, a, 3)
        self.norm2, self.conv2 = InstanceNorm(a), Conv2d(a, b, 3)
        self.norm3, self.conv3 = InstanceNorm(b), Conv2d(b, c, 3)

    def forward(self, x: Tensor) -> Tensor:
        one = self.conv1(F.relu(self.norm1(x)))
        two = self.conv2(F.relu(self.norm2(one)))
        three = self.conv3(F.relu(self.norm3(two)))
        return x + torch.cat((one, two, three), 1)

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        for layer in (self.norm1, self.conv1, self.norm2, self.conv2, self.norm3, self.conv3):
            yield from layer.kernels(h, w)
        c = self.conv1.in_width.count
        yield Kernel("CONCATENATION", c, c, 1, 1, 1, h, w)
        yield Kernel("ADD", 2 * c, c, 1, 1, 1, h, w)


class Hourglass(nn.Module):
    """[B, trunk, H, W] → the same, or [B, 3, H, W] if it is the `last`; H and W multiples of 16.

    What comes out of the glass becomes a sketch in RGB; both are added to the trunk.
    """

    def __init__(self, trunk: Concatenation, inner: Width, *, last: bool = False):
        super().__init__()
        self.skips, self.downs, self.ups = (
            nn.ModuleList(DenseBlock(trunk) for _ in range(DEPTH)) for _ in range(3)
        )
        self.centre, self.end = DenseBlock(trunk), DenseBlock(trunk)
        self.mix, self.norm = Conv2d(trunk, inner, 1), InstanceNorm(inner)
        sketch = Width("sketch", 3)
        self.sketch = Conv2d(inner, sketch, 1, bias=True)
        self.trunk, self.last = trunk, last
        if not last:
            self.keep = Conv2d(inner, trunk, 1, bias=True)
            self.back = Conv2d(sketch, trunk, 1, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        y, kept = x, []
        for skip, down in zip(self.skips, self.downs, strict=True):
            kept.append(skip(y))
            y = down(F.avg_pool2d(y, 2))
        y = self.centre(y)
        for up in self.ups:
            y = kept.pop() + F.interpolate(up(y), scale_factor=2, mode="nearest")
        y = F.relu(self.norm(self.mix(self.end(y))))
        sketch = self.sketch(y)
        return sketch if self.last else x + self.keep(y) + self.back(sketch)

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        c = self.trunk.count
        sides = [(h >> level, w >> level) for level in range(DEPTH + 1)]
        for level, (skip, down) in enumerate(zip(self.skips, self.downs, strict=True), 1):
            yield from skip.kernels(*sides[level - 1])
            yield Kernel("AVERAGE_POOL_2D", c, c, 2, 2, 1, *sides[level])
            yield from down.kernels(*sides[level])
        yield from self.centre.kernels(*sides[DEPTH])
        for level, up in zip(reversed(range(DEPTH)), self.ups, strict=True):
            yield from up.kernels(*sides[level + 1])
            yield Kernel("RESIZE_NEAREST_NEIGHBOR", c, c, 1, 1, 1, *sides[level])
            yield Kernel("ADD", 2 * c, c, 1, 1, 1, *sides[level])
        yield from self.end.kernels(h, w)
        for layer in (self.mix, self.norm, self.sketch):
            yield from layer.kernels(h, w)
        if not self.last:
            yield from self.keep.kernels(h, w)
            yield Kernel("ADD", 2 * c, c, 1, 1, 1, h, w)
            yield from self.back.kernels(h, w)
            yield Kernel("ADD", 2 * c, c, 1, 1, 1, h, w)
