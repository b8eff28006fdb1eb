"""GoogLeNet up to inception_4e (Szegedy et al. 2015): as published, and with batch norms.

The published one (BVLC) has local response norms and 5x5 branches; torchvision's and TF-slim's has
neither, its batch norms are folded here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...latency_model.kernel import Kernel
from ..width import Axes, Concatenation, Width
from ..zero_padded import ZeroPaddedConv2d, halved, halved_kernels
from .trunk import ReceptiveField, Trunk

STAGES = (("3a", "3b"), ("4a", "4b", "4c", "4d", "4e"))  # inceptions at 1/8 and 1/16
INCEPTIONS = {  # 1x1, 3x3_reduce, 3x3, 5x5_reduce, 5x5, pool_proj
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
}
BRANCHES = ("1x1", "3x3_reduce", "3x3", "5x5_reduce", "5x5", "pool_proj")
FEATURES = 1 / 64  # of BVLC's own, up to 3404: float16 holds no squares of those
LRN_SIZE, LRN_ALPHA = 5, 1e-4  # of Caffe's norms; beta is 3/4


def googlenet_channels(maps: int) -> dict[str, int]:
    """Channels of every convolution of the first so many maps, 2 to 4."""
    made = {"conv1": 64, "conv2_reduce": 64, "conv2": 192}
    for name in (name for stage in STAGES[: maps - 2] for name in stage):
        made |= {f"{name}_{b}": c for b, c in zip(BRANCHES, INCEPTIONS[name], strict=True)}
    return made


class GoogLeNet(Trunk):
    """Maps at 1/2 (64 channels), 1/4 (192), 1/8 (480) and 1/16 (832).

    Args:
        widths: by `googlenet_channels`.
        maps: how many, 2 to 4.
        published: with local response norms and 5x5 branches.
    """

    def __init__(self, widths: nn.ModuleDict, maps: int, *, published: bool):
        super().__init__()
        field, fields = ReceptiveField(), []
        self.conv1 = ZeroPaddedConv2d(self.colours.out_width, widths["conv1"], 7, 2, before=3)
        fields.append(field.see(7, 2))
        self.conv2_reduce = ZeroPaddedConv2d(widths["conv1"], widths["conv2_reduce"], 1)
        self.conv2 = ZeroPaddedConv2d(widths["conv2_reduce"], widths["conv2"], 3)
        self.stages = STAGES[: maps - 2]
        self.norm1 = LocalResponseNorm(widths["conv1"]) if published else None
        normed = published and self.stages  # what is in front of the first inception
        self.norm2 = LocalResponseNorm(widths["conv2"]) if normed else None
        field.see(3, 2)
        fields.append(field.see(3))
        inside: Width | Concatenation = widths["conv2"]
        features: list[Width | Concatenation] = [widths["conv1"], inside]
        self.inceptions = nn.ModuleDict()
        for stage in self.stages:
            field.see(3, 2)
            for name in stage:
                own = {branch: widths[f"{name}_{branch}"] for branch in BRANCHES}
                block = Inception(inside, own, 5 if published else 3)
                self.inceptions[name], inside = block, block.out_width
                fields.append(field.see(5 if published else 3))
            fields[-len(stage) :] = fields[-1:]
            features.append(inside)
        self.features, self.receptive_fields = tuple(features), tuple(fields)
        self.strides = (2, 4, 8, 16)[:maps]

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = [F.relu(self.conv1(self.colours(x)))]
        x = _normed(self.norm1, halved(maps[0]))
        maps.append(F.relu(self.conv2(F.relu(self.conv2_reduce(x)))))
        x = _normed(self.norm2, maps[-1])
        for stage in self.stages:
            x = halved(x)
            for name in stage:
                x = self.inceptions[name](x)
            maps.append(x)
        return maps

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        yield from self.colours.kernels(h, w)
        yield from self.conv1.kernels(h, w)
        yield from halved_kernels(self.conv1.out_width.count, h // 2, w // 2)
        h, w = h // 4, w // 4
        if self.norm1 is not None:
            yield from self.norm1.kernels(h, w)
        yield from self.conv2_reduce.kernels(h, w)
        yield from self.conv2.kernels(h, w)
        if self.norm2 is not None:
            yield from self.norm2.kernels(h, w)
        c = self.conv2.out_width.count
        for stage in self.stages:
            yield from halved_kernels(c, h, w)
            h, w = h // 2, w // 2
            for name in stage:
                yield from self.inceptions[name].kernels(h, w)
            c = self.inceptions[stage[-1]].out_width.count


class Inception(nn.Module):
    """Four branches side by side.

    Args:
        widths: by `BRANCHES`.
        k: kernel side of the third branch.
    """

    def __init__(self, inside: Width | Concatenation, widths: dict[str, Width], k: int):
        super().__init__()
        self.in_width = inside
        sides = {"3x3": 3, "5x5": k}
        for branch in BRANCHES:
            before = widths[f"{branch}_reduce"] if branch in sides else inside
            layer = ZeroPaddedConv2d(before, widths[branch], sides.get(branch, 1))
            setattr(self, f"branch_{branch}", layer)
        self.out_width = Concatenation([widths[b] for b in ("1x1", "3x3", "5x5", "pool_proj")])

    def forward(self, x: Tensor) -> Tensor:
        def branch(name: str, x: Tensor) -> Tensor:
            return F.relu(getattr(self, f"branch_{name}")(x))

        made = [
            branch("1x1", x),
            branch("3x3", branch("3x3_reduce", x)),
            branch("5x5", branch("5x5_reduce", x)),
            branch("pool_proj", F.max_pool2d(x, 3, 1, 1)),
        ]
        return torch.cat(made, 1)

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        """Kernels for an input of h×w."""
        for branch in BRANCHES[:-1]:
            yield from getattr(self, f"branch_{branch}").kernels(h, w)
        c = self.in_width.count
        yield Kernel("MAX_POOL_2D", c, c, 3, 1, 1, h, w)
        yield from self.branch_pool_proj.kernels(h, w)
        c = self.out_width.count
        yield Kernel("CONCATENATION", c, c, 1, 1, 1, h, w)


class LocalResponseNorm(nn.Module):
    """x / (1 + alpha / 5 · the squares of five neighbouring channels)^3/4, of `FEATURES` of x.

    The sum is a 1x1 convolution with a band of ones: phones run that, and where channels are
    pruned the others keep their neighbours.
    """

    axes: ClassVar[Axes] = {"band": ("out", "in"), "one": ("out",)}

    def __init__(self, width: Width):
        super().__init__()
        self.in_width = self.out_width = width
        place = torch.arange(width.channels)
        near = (place[:, None] - place).abs() <= LRN_SIZE // 2
        self.register_buffer("band", near.float()[:, :, None, None])
        self.register_buffer("one", torch.ones(width.channels))

    def forward(self, x: Tensor) -> Tensor:
        mask = self.in_width.mask
        band = self.band if mask is None else self.band * mask[:, None, None]
        # the factor goes to x first: float16 holds no squares of hundreds
        share = (LRN_ALPHA / LRN_SIZE) ** 0.5 / FEATURES
        inverse = F.conv2d((share * x).square(), band, self.one).rsqrt()
        return x * inverse * inverse.sqrt()

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        """Kernels for a map of h×w."""
        c = self.out_width.count
        for op in ("MUL", "MUL"):
            yield Kernel(op, c, c, 1, 1, 1, h, w)
        yield Kernel("CONV_2D", c, c, 1, 1, 1, h, w)
        for op in ("RSQRT", "MUL", "SQRT", "MUL"):
            yield Kernel(op, c, c, 1, 1, 1, h, w)


def _normed(norm: LocalResponseNorm | None, x: Tensor) -> Tensor:
    return x if norm is None else norm(x)
