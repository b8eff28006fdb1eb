"""How every portrait generator begins."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from torch import Tensor

from ...latency_model.kernel import Kernel
from ..layers import Conv2d
from ..picture_network import Parts, PictureNetwork
from ..spec import Spec
from ..width import Concatenation, Width
from .blocks import Convolved


class Generator(PictureNetwork):
    """A picture network that begins with a 7x7 convolution and two strided ones."""

    def __init__(self, spec: Spec, *, bias: bool = False):
        """Args: bias: of the first three convolutions."""
        super().__init__(spec)
        w = self.widths
        self.stem = Convolved(Width("input", 3), self.stem_width(), 7, bias=bias)
        self.down1 = Convolved(self.stem_width(), w["down"], 3, stride=2, bias=bias)
        self.down2 = Convolved(w["down"], w["trunk"], 3, stride=2, bias=bias)

    def stem_width(self) -> Width | Concatenation:
        """What the stem writes."""
        return self.widths["stem"]

    def down(self, x: Tensor) -> Tensor:
        """Picture → the trunk's first map, [B, trunk, H/4, W/4]."""
        return self.down2(self.down1(self.stem(x)))

    def down_parts(self, h: int, w: int) -> Parts:
        """The parts of `down`."""
        yield "stem", self.stem.kernels(h, w)
        yield "down1", self.down1.kernels(h, w)
        yield "down2", self.down2.kernels(h // 2, w // 2)


def to_rgb_kernels(conv: Conv2d, h: int, w: int) -> Iterator[Kernel]:
    """The last convolution and the tanh behind it."""
    return chain(conv.kernels(h, w), [Kernel("TANH", 3, 3, 1, 1, 1, h, w)])
