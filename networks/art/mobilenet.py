"""MobileNetV2 (Sandler et al. 2018) up to its last block at 1/16, batch norms folded."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn import functional as F

from ...latency_model.kernel import Kernel
from ..width import Width
from ..zero_padded import DepthwiseConv2d, ZeroPaddedConv2d
from .trunk import ReceptiveField, Trunk

# blocks at 1/2, 1/4, 1/8 and 1/16: expansion, and channels of those that follow one another
STAGES = (((1, (16,)),), ((6, (24, 24)),), ((6, (32,) * 3),), ((6, (64,) * 4), (6, (96,) * 3)))


def mobilenet_channels(maps: int) -> dict[str, int]:
    """Channels of the stem, of every trunk and of every block's hidden maps, 1 to 4 maps."""
    made, inside, number = {"stem": 32}, 32, 0
    for stage in STAGES[:maps]:
        for expansion, trunk in stage:
            made[f"trunk{number}"] = trunk[0]
            for channels in trunk:
                if expansion > 1:
                    made[f"b{number}"] = expansion * inside
                inside, number = channels, number + 1
    return made


class MobileNet(Trunk):
    """Maps at 1/2 (16 channels), 1/4 (24), 1/8 (32) and 1/16 (96), without an activation.

    Blocks that are added to one another share one Width, named after the first.

    Args:
        widths: by `mobilenet_channels`.
        maps: how many, 1 to 4.
    """

    def __init__(self, widths: nn.ModuleDict, maps: int):
        super().__init__()
        field = ReceptiveField()
        inside = widths["stem"]
        # zeros all around, which is above and to the left where sides are even
        self.stem = ZeroPaddedConv2d(self.colours.out_width, inside, 3, 2, before=1)
        field.see(3, 2)
        self.blocks, self.ends = nn.ModuleDict(), []
        features, fields, number = [], [], 0
        for level, stage in enumerate(STAGES[:maps]):
            halves = level > 0
            for expansion, trunk in stage:
                out = widths[f"trunk{number}"]
                for _ in trunk:
                    hidden = widths[f"b{number}"] if expansion > 1 else inside
                    block = InvertedResidual(inside, hidden, out, 2 if halves else 1)
                    self.blocks[f"b{number}"] = block
                    seen = field.see(3, 2 if halves else 1)
                    inside, halves, number = out, False, number + 1
            self.ends.append(f"b{number - 1}")
            features.append(inside)
            fields.append(seen)
        self.features, self.receptive_fields = tuple(features), tuple(fields)
        self.strides = (2, 4, 8, 16)[:maps]

    def forward(self, x: Tensor) -> list[Tensor]:
        x, maps = F.relu6(self.stem(self.colours(x))), []
        for name, block in self.blocks.items():
            x = block(x)
            if name in self.ends:
                maps.append(x)
        return maps

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        yield from self.colours.kernels(h, w)
        yield from self.stem.kernels(h, w)
        h, w = h // 2, w // 2
        for block in self.blocks.values():
            yield from block.kernels(h, w)
            h, w = h // block.dw.stride, w // block.dw.stride


class InvertedResidual(nn.Module):
    """1x1 up, 3x3 of each channel, 1x1 down; added to what came in where that fits."""

    def __init__(self, inside: Width, hidden: Width, out: Width, stride: int):
        super().__init__()
        self.expand = None if hidden is inside else ZeroPaddedConv2d(inside, hidden, 1)
        self.dw = DepthwiseConv2d(hidden, stride, before=1)
        self.project = ZeroPaddedConv2d(hidden, out, 1)
        self.adds = inside is out

    def forward(self, x: Tensor) -> Tensor:
        made = x if self.expand is None else F.relu6(self.expand(x))
        made = self.project(F.relu6(self.dw(made)))
        return x + made if self.adds else made

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        """Kernels for an input of h×w."""
        if self.expand is not None:
            yield from self.expand.kernels(h, w)
        yield from self.dw.kernels(h, w)
        h, w = h // self.dw.stride, w // self.dw.stride
        yield from self.project.kernels(h, w)
        if self.adds:
            c = self.project.out_width.count
            yield Kernel("ADD", 2 * c, c, 1, 1, 1, h, w)
