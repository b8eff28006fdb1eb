"""CycleGAN's ResNet generator (Zhu et al. 2017), built on Widths and Gates.

With 9 blocks, 64 base channels and 256x256 it has 11.38 M parameters and 49.6 GMACs; the 56.8 G
that publications state count its transposed convolutions at the output's resolution, four times
their work. The strided convolutions pad by reflection here, as all others do, not with zeros.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from ...frames import Size, frame_of
from ...latency_model.kernel import Kernel
from ..layers import Conv2d, ConvTranspose2d
from ..normalisation import InstanceNorm
from ..spec import Spec, register
from ..width import Width
from .blocks import ResidualBlock
from .generator import Generator, Parts, to_rgb_kernels

DEVIATION = 0.02  # of the normal distribution that weights start from


def cyclegan_spec(size: Size = 256, base: int = 64, blocks: int = 9) -> Spec:
    """The published architecture, scaled: `base` channels in the stem, `blocks` in the middle."""
    names = tuple(f"block{i}" for i in range(blocks))
    widths = {"stem": base, "down": 2 * base, "trunk": 4 * base}
    widths |= {name: 4 * base for name in names}
    return Spec("cyclegan", *frame_of(size), widths | {"up1": 2 * base, "up2": base}, names)


@register("cyclegan")
class CycleganGenerator(Generator):
    """Down twice, residual blocks whose trunk is one Width, up twice by transposed convolutions."""

    features: ClassVar[dict[str, str]] = {
        "down": "trunk",
        "middle": "trunk",
        "up1": "up1",
        "up2": "up2",
    }

    def __init__(self, spec: Spec):
        super().__init__(spec, bias=True)
        w = self.widths
        self.middle = nn.ModuleDict(
            {name: ResidualBlock(w["trunk"], w[name], bias=True) for name in spec.blocks}
        )
        self.up1 = Deconvolved(w["trunk"], w["up1"])
        self.up2 = Deconvolved(w["up1"], w["up2"])
        self.to_rgb = Conv2d(w["up2"], Width("output", 3), 7, bias=True)
        for name, parameter in self.named_parameters():
            if name.endswith("weight"):
                nn.init.normal_(parameter, 0, DEVIATION)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def maps(self, x: Tensor) -> dict[str, Tensor]:
        made = {"down": self.down(x)}
        x = made["down"]
        for block in self.middle.values():
            x = block(x)
        made["middle"] = x
        made["up1"] = self.up1(x)
        made["up2"] = self.up2(made["up1"])
        return made

    def parts(self, h: int | None = None, w: int | None = None) -> Parts:
        h, w = h or self.spec.height, w or self.spec.width
        yield from self.down_parts(h, w)
        for name, block in self.middle.items():
            yield name, block.kernels(h // 4, w // 4)
        yield "up1", self.up1.kernels(h // 4, w // 4)
        yield "up2", self.up2.kernels(h // 2, w // 2)
        yield "to_rgb", to_rgb_kernels(self.to_rgb, h, w)


class Deconvolved(nn.Module):
    """Transposed convolution that doubles the map, instance norm, ReLU."""

    def __init__(self, in_width: Width, out_width: Width):
        super().__init__()
        self.conv, self.norm = ConvTranspose2d(in_width, out_width), InstanceNorm(out_width)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(x)))

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        """Kernels for an input of h×w."""
        yield from self.conv.kernels(h, w)
        yield from self.norm.kernels(2 * h, 2 * w)
