"""What every portrait generator is: pictures to pictures, built of Widths, and its cost."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import ClassVar

import torch
from torch import Tensor, nn

from ...latency_model.kernel import Kernel
from ..layers import Conv2d
from ..spec import Spec
from ..width import Concatenation, Width
from .blocks import Convolved

Parts = Iterator[tuple[str, Iterator[Kernel]]]


class Generator(nn.Module):
    """[B, 3, H, W] in [-1, 1] → the same; H and W are multiples of `multiple`.

    All begin with a 7x7 convolution and two strided ones; a subclass computes `maps` and lists its
    `parts`, both from there.
    """

    features: ClassVar[dict[str, str]]
    """The maps of `forward_with_features`, each with the name of its Width; the last one is what
    becomes the picture."""

    multiple: ClassVar[int] = 4
    """Of which a frame's sides are: a stride of 2 for each halving."""

    fit: ClassVar[str] = "crop"
    """How pictures of other shapes are played (`sdk.Stylizer.stylize`); portraits are cropped."""

    inner_family: ClassVar[str | None] = None
    """Of the network inside this one, from whose weights it can start."""

    outside: ClassVar[tuple[str, ...]] = ()
    """What of that network it does not contain: the parts that read and write a picture."""

    def __init__(self, spec: Spec, *, bias: bool = False):
        """Args: bias: of the first three convolutions."""
        super().__init__()
        self.spec = spec
        self.widths = nn.ModuleDict({name: Width(name, n) for name, n in spec.widths.items()})
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

    def maps(self, x: Tensor) -> dict[str, Tensor]:
        """The maps that `features` names."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        return self.forward_with_features(x)[0]

    def forward_with_features(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Picture and the maps that a student can be taught, by stage."""
        made = self.maps(x)
        return self.drawn(made), made

    def drawn(self, made: dict[str, Tensor]) -> Tensor:
        """The picture that the last of the maps becomes."""
        return self.picture(made[next(reversed(self.features))])

    def picture(self, x: Tensor) -> Tensor:
        """The last map → RGB."""
        return torch.tanh(self.to_rgb(x))

    def forward_with_logit(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Picture and the domain classifier's logits [B, 2]; None where there is no classifier."""
        return self(x), None

    def parts(self, h: int | None = None, w: int | None = None) -> Parts:
        """Each part of the network: its name and its kernels for an input of h×w."""
        raise NotImplementedError

    def kernels(self, h: int | None = None, w: int | None = None) -> Iterator[Kernel]:
        """The converted graph's operators for an input of h×w (the spec's frame by default), C4."""
        for _, kernels in self.parts(h, w):
            yield from kernels


def to_rgb_kernels(conv: Conv2d, h: int, w: int) -> Iterator[Kernel]:
    """The last convolution and the tanh behind it."""
    return chain(conv.kernels(h, w), [Kernel("TANH", 3, 3, 1, 1, 1, h, w)])
