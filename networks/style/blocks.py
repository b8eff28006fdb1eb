"""Blocks of the student for phones."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn import functional as F

from ...latency_model.kernel import Kernel
from ..portrait.blocks import residual_add
from ..width import Gate, Width
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
