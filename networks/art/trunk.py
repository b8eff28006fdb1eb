"""What every trunk is: a classifier's first layers, whose features say what is where and how."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ...latency_model.kernel import Kernel
from ..width import Concatenation, Width
from ..zero_padded import ZeroPaddedConv2d

FeatureWidth = Width | Concatenation


class Trunk(nn.Module):
    """Pictures [B, 3, H, W] of -1..1 → a map for every halving of the sides.

    The first layer of each, a 1x1 convolution, makes of -1..1 what the classifier was trained on.

    Attributes:
        features: widths of the maps, from the finest.
        strides: of the picture's pixels, from map to map.
        receptive_fields: side of what one element sees of the picture, pixels.
    """

    features: tuple[FeatureWidth, ...]
    strides: tuple[int, ...]
    receptive_fields: tuple[int, ...]

    def __init__(self):
        super().__init__()
        self.colours = ZeroPaddedConv2d(Width("input", 3), Width("colours", 3), 1)

    def forward(self, x: Tensor) -> list[Tensor]:
        raise NotImplementedError

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        """Kernels for an input of h×w, whose sides are multiples of the last stride."""
        raise NotImplementedError

    @torch.no_grad()
    def load_colours(
        self, mean: tuple[float, ...], deviation: tuple[float, ...], *, flipped: bool = False
    ) -> None:
        """Take pictures of -1..1 for the classifier's (pixel - mean) / deviation.

        Args:
            mean, deviation: of 0..255, in the classifier's order of colours.
            flipped: its order is BGR.
        """
        places = (2, 1, 0) if flipped else (0, 1, 2)
        self.colours.weight.zero_()
        for out, place in enumerate(places):
            self.colours.weight[out, place] = 127.5 / deviation[out]
            self.colours.bias[out] = (127.5 - mean[out]) / deviation[out]


class ReceptiveField:
    """Counts, layer by layer, how much of a picture an element sees."""

    def __init__(self):
        self.side, self.stride = 1, 1

    def see(self, k: int, stride: int = 1) -> int:
        """A layer of kernel side k; returns the side seen so far."""
        self.side += (k - 1) * self.stride
        self.stride *= stride
        return self.side
