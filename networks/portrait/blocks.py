"""Blocks that several portrait generators are built of."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn import functional as F

from ...latency_model.kernel import Kernel
from ..layers import Conv2d
from ..normalisation import InstanceNorm, LayerInstanceNorm
from ..width import Gate, Width


class Convolved(nn.Module):
    """Convolution, instance norm, ReLU."""

    def __init__(
        self, in_width: Width, out_width: Width, k: int, stride: int = 1, *, bias: bool = False
    ):
        super().__init__()
        self.conv = Conv2d(in_width, out_width, k, stride, bias=bias)
        self.norm = InstanceNorm(out_width)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(x)))

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        yield from self.conv.kernels(h, w)
        yield from self.norm.kernels(h // self.conv.stride, w // self.conv.stride)


class ResidualBlock(nn.Module):
    """Residual block with instance norm; its gate multiplies the last norm's scale."""

    def __init__(self, trunk: Width, hidden: Width, *, bias: bool = False):
        super().__init__()
        self.gate = Gate()
        self.conv1, self.norm1 = Conv2d(trunk, hidden, 3, bias=bias), InstanceNorm(hidden)
        self.conv2, self.norm2 = Conv2d(hidden, trunk, 3, bias=bias), InstanceNorm(trunk)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm1(self.conv1(x)))
        return x + self.norm2(self.conv2(y), gate=self.gate.open)

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        for layer in (self.conv1, self.norm1, self.conv2, self.norm2):
            yield from layer.kernels(h, w, self.gate.open)
        yield residual_add(self.norm2.out_width, h, w, self.gate)


class Upsampled(nn.Module):
    """Nearest-neighbour doubling, 3x3 convolution, LIN, ReLU."""

    def __init__(self, in_width: Width, out_width: Width):
        super().__init__()
        self.conv, self.norm = Conv2d(in_width, out_width, 3), LayerInstanceNorm(out_width)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))))

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        """Kernels for an input of h×w."""
        c = self.conv.in_width.count
        yield Kernel("RESIZE_NEAREST_NEIGHBOR", c, c, 1, 1, 1, 2 * h, 2 * w)
        yield from self.conv.kernels(2 * h, 2 * w)
        yield from self.norm.kernels(2 * h, 2 * w)


def residual_add(trunk: Width, h: int, w: int, gate: Gate) -> Kernel:
    """The addition that ends a residual block."""
    return Kernel("ADD", 2 * trunk.count, trunk.count, 1, 1, 1, h, w, gate.open)
