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
from ..width import Width

Parts = Iterator[tuple[str, Iterator[Kernel]]]


class Generator(nn.Module):
    """[B, 3, size, size] in [-1, 1] → the same.

    A subclass computes `maps` and lists its `parts`.
    """

    features: ClassVar[dict[str, str]]
    """The maps of `forward_with_features`, each with the name of its Width; the last one is what
    becomes the picture."""

    def __init__(self, spec: Spec):
        super().__init__()
        self.spec = spec
        self.widths = nn.ModuleDict({name: Width(name, n) for name, n in spec.widths.items()})

    def maps(self, x: Tensor) -> dict[str, Tensor]:
        """The maps that `features` names."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        return self.forward_with_features(x)[0]

    def forward_with_features(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Picture and the maps that a student can be taught, by stage."""
        made = self.maps(x)
        return self.picture(made[next(reversed(self.features))]), made

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
        """The converted graph's operators for an input of h×w (the spec's size by default), C4."""
        for _, kernels in self.parts(h, w):
            yield from kernels


def to_rgb_kernels(conv: Conv2d, h: int, w: int) -> Iterator[Kernel]:
    """The last convolution and the tanh behind it."""
    return chain(conv.kernels(h, w), [Kernel("TANH", 3, 3, 1, 1, 1, h, w)])
