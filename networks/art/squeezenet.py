"""SqueezeNet 1.1 (Iandola et al. 2016) up to its last fire module."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...latency_model.kernel import Kernel
from ..width import Concatenation, Width
from ..zero_padded import ZeroPaddedConv2d, halved, halved_kernels
from .trunk import ReceptiveField, Trunk

STAGES = ((), (2, 3), (4, 5), (6, 7, 8, 9))  # fire modules at 1/2, 1/4, 1/8 and 1/16
FIRES = {2: (16, 64), 3: (16, 64), 4: (32, 128), 5: (32, 128)}  # squeezed, expanded twice
FIRES |= {6: (48, 192), 7: (48, 192), 8: (64, 256), 9: (64, 256)}


def squeezenet_channels(maps: int) -> dict[str, int]:
    """Channels of every convolution of the first so many maps, 1 to 4."""
    made = {"conv1": 64}
    for number in (number for stage in STAGES[:maps] for number in stage):
        squeezed, expanded = FIRES[number]
        made |= {f"fire{number}_squeeze": squeezed}
        made |= {f"fire{number}_{side}": expanded for side in ("1x1", "3x3")}
    return made


class SqueezeNet(Trunk):
    """Maps at 1/2 (64 channels), 1/4 (128), 1/8 (256) and 1/16 (512).

    Args:
        widths: by `squeezenet_channels`.
        maps: how many, 1 to 4.
    """

    def __init__(self, widths: nn.ModuleDict, maps: int):
        super().__init__()
        field = ReceptiveField()
        inside: Width | Concatenation = widths["conv1"]
        # the classifier has no zeros; a row more keeps sides even
        self.conv1 = ZeroPaddedConv2d(self.colours.out_width, inside, 3, 2)
        features, fields = [inside], [field.see(3, 2)]
        self.fires, self.stages = nn.ModuleDict(), STAGES[:maps]
        for stage in self.stages[1:]:
            field.see(3, 2)
            for number in stage:
                own = [widths[f"fire{number}_{part}"] for part in ("squeeze", "1x1", "3x3")]
                self.fires[str(number)] = fire = Fire(inside, *own)
                inside, seen = fire.out_width, field.see(3)
            features.append(inside)
            fields.append(seen)
        self.features, self.receptive_fields = tuple(features), tuple(fields)
        self.strides = (2, 4, 8, 16)[:maps]

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = [F.relu(self.conv1(self.colours(x)))]
        for stage in self.stages[1:]:
            x = halved(maps[-1])
            for number in stage:
                x = self.fires[str(number)](x)
            maps.append(x)
        return maps

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        yield from self.colours.kernels(h, w)
        yield from self.conv1.kernels(h, w)
        h, w = h // 2, w // 2
        for stage, width in zip(self.stages[1:], self.features, strict=False):
            yield from halved_kernels(width.count, h, w)
            h, w = h // 2, w // 2
            for number in stage:
                yield from self.fires[str(number)].kernels(h, w)


class Fire(nn.Module):
    """1x1 down, then 1x1 and 3x3 up side by side."""

    def __init__(self, inside: Width | Concatenation, squeezed: Width, one: Width, three: Width):
        super().__init__()
        self.squeeze = ZeroPaddedConv2d(inside, squeezed, 1)
        self.expand_1x1 = ZeroPaddedConv2d(squeezed, one, 1)
        self.expand_3x3 = ZeroPaddedConv2d(squeezed, three, 3)
        self.out_width = Concatenation((one, three))

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.squeeze(x))
        return torch.cat((F.relu(self.expand_1x1(x)), F.relu(self.expand_3x3(x))), 1)

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        """Kernels for an input of h×w."""
        for layer in (self.squeeze, self.expand_1x1, self.expand_3x3):
            yield from layer.kernels(h, w)
        c = self.out_width.count
        yield Kernel("CONCATENATION", c, c, 1, 1, 1, h, w)
