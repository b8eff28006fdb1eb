"""What every network from pictures to pictures is: maps by stage, and a cost by part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor, nn

from ..latency_model.kernel import Kernel
from .spec import Spec
from .width import Width

Parts = Iterator[tuple[str, Iterator[Kernel]]]


class PictureNetwork(nn.Module):
    """[B, 3, H, W] in [-1, 1] → the same; H and W are multiples of `multiple`.

    A subclass computes `maps` and lists its `parts`.

    Attributes:
        spec: what it is made of.
        widths: its Widths by name.
    """

    features: ClassVar[dict[str, str]]
    """The maps of `forward_with_features`, each with the name of its Width; the last one is what
    becomes the picture."""

    multiple: ClassVar[int] = 4
    """Of which a frame's sides are: a stride of 2 for each halving."""

    fit: ClassVar[str] = "crop"
    """How pictures of other shapes are played (`sdk.Stylizer.stylize`)."""

    inner_family: ClassVar[str | None] = None
    """Of the network inside this one, from whose weights it can start."""

    outside: ClassVar[tuple[str, ...]] = ()
    """What of that network it does not contain: the parts that read and write a picture."""

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
