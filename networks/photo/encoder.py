"""The encoder: VGG-19 up to relu5_1, at its full width or at a fraction of it."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn import functional as F

from ...latency_model.kernel import Kernel
from ..layers import Conv2d
from ..width import Width

STAGES = (("11", "12"), ("21", "22"), ("31", "32", "33", "34"), ("41", "42", "43", "44"), ("51",))
FULL = (64, 128, 256, 512, 512)  # channels of the stages


def vgg_channels(stages: tuple[int, ...] = FULL) -> dict[str, int]:
    """Channels of every convolution, by its name in the network's spec."""
    return {
        f"conv{name}": channels
        for names, channels in zip(STAGES, stages, strict=True)
        for name in names
    }


class VggEncoder(nn.Module):
    """Pictures [B, 3, H, W] of 0..1 → relu1_1 … relu5_1, at 1, 1/2 … 1/16 of the sides.

    As style transfer has it: reflected edges, max pooling, and a 1x1 convolution in front that
    takes over the normalisation of colours.
    """

    def __init__(self, widths: nn.ModuleDict):
        """Args: widths: by `vgg_channels`."""
        super().__init__()
        picture = Width("input", 3)
        self.conv0 = Conv2d(picture, Width("colours", 3), 1, bias=True)
        before = self.conv0.out_width
        for name in (name for names in STAGES for name in names):
            width = widths[f"conv{name}"]
            setattr(self, f"conv{name}", Conv2d(before, width, 3, bias=True))
            before = width

    def forward(self, x: Tensor) -> list[Tensor]:
        x, maps = self.conv0(x), []
        for stage in STAGES:
            if maps:
                x = F.max_pool2d(x, 2)
            for name in stage:
                x = F.relu(getattr(self, f"conv{name}")(x))
                if name == stage[0]:
                    maps.append(x)
        return maps

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        """Kernels for an input of h×w."""
        yield from self.conv0.kernels(h, w)
        for i, stage in enumerate(STAGES):
            if i:
                h, w = h // 2, w // 2
                c = getattr(self, f"conv{STAGES[i - 1][-1]}").out_width.count
                yield Kernel("MAX_POOL_2D", c, c, 2, 2, 1, h, w)
            for name in stage:
                yield from getattr(self, f"conv{name}").kernels(h, w)
