"""The fast style network (Johnson et al. 2016, with instance norm by Ulyanov et al. 2016).

As PyTorch's examples publish it: at 32 base channels, five blocks and 256x256 it has 1.68 M
parameters and 10.08 GMACs. Its pictures are of -1..1 here, of 0..255 there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from ...frames import Size, frame_of
from ...latency_model.kernel import Kernel
from ..layers import Conv2d
from ..picture_network import Parts, PictureNetwork
from ..portrait.blocks import residual_add
from ..spec import Spec, register
from ..width import Gate, Width
from .channel_norm import AffineInstanceNorm


def fast_style_spec(size: Size = 256, base: int = 32, blocks: int = 5) -> Spec:
    """The published architecture, scaled: `base` channels in the stem, `blocks` in the middle."""
    names = tuple(f"block{i}" for i in range(blocks))
    widths = {"stem": base, "down": 2 * base, "trunk": 4 * base}
    widths |= dict.fromkeys(names, 4 * base)
    return Spec("fast-style", *frame_of(size), widths | {"up1": 2 * base, "up2": base}, names)


@register("fast-style")
class FastStyle(PictureNetwork):
    """Down twice, residual blocks whose trunk is one Width, up twice by nearest neighbours."""

    features: ClassVar[dict[str, str]] = {
        "down": "trunk",
        "middle": "trunk",
        "up1": "up1",
        "up2": "up2",
    }
    fit = "frame"

    def __init__(self, spec: Spec):
        super().__init__(spec)
        w = self.widths
        self.stem = NormedConv(Width("input", 3), w["stem"], 9)
        self.down1 = NormedConv(w["stem"], w["down"], 3, stride=2)
        self.down2 = NormedConv(w["down"], w["trunk"], 3, stride=2)
        self.middle = nn.ModuleDict({name: Block(w["trunk"], w[name]) for name in spec.blocks})
        self.up1 = NormedConv(w["trunk"], w["up1"], 3, doubles=True)
        self.up2 = NormedConv(w["up1"], w["up2"], 3, doubles=True)
        self.to_rgb = Conv2d(w["up2"], Width("output", 3), 9, bias=True)

    def maps(self, x: Tensor) -> dict[str, Tensor]:
        made = {"down": self.down2(self.down1(self.stem(x)))}
        x = made["down"]
        for block in self.middle.values():
            x = block(x)
        made["middle"] = x
        made["up1"] = self.up1(x)
        made["up2"] = self.up2(made["up1"])
        return made

    def picture(self, x: Tensor) -> Tensor:
        return self.to_rgb(x).clamp(-1, 1)

    def parts(self, h: int | None = None, w: int | None = None) -> Parts:
        h, w = h or self.spec.height, w or self.spec.width
        yield "stem", self.stem.kernels(h, w)
        yield "down1", self.down1.kernels(h, w)
        yield "down2", self.down2.kernels(h // 2, w // 2)
        for name, block in self.middle.items():
            yield name, block.kernels(h // 4, w // 4)
        yield "up1", self.up1.kernels(h // 4, w // 4)
        yield "up2", self.up2.kernels(h // 2, w // 2)
        yield "to_rgb", self.to_rgb.kernels(h, w)


class NormedConv(nn.Module):
    """Nearest-neighbour doubling where it `doubles`, convolution, instance norm, ReLU."""

    def __init__(
        self, in_width: Width, out_width: Width, k: int, stride: int = 1, *, doubles: bool = False
    ):
        super().__init__()
        self.conv = Conv2d(in_width, out_width, k, stride, bias=True)
        self.norm, self.doubles = AffineInstanceNorm(out_width), doubles

    def forward(self, x: Tensor) -> Tensor:
        if self.doubles:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
        return F.relu(self.norm(self.conv(x)))

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        """Kernels for an input of h×w."""
        if self.doubles:
            h, w, c = 2 * h, 2 * w, self.conv.in_width.count
            yield Kernel("RESIZE_NEAREST_NEIGHBOR", c, c, 1, 1, 1, h, w)
        yield from self.conv.kernels(h, w)
        yield from self.norm.kernels(h // self.conv.stride, w // self.conv.stride)


class Block(nn.Module):
    """Residual block without a ReLU at its end; its gate multiplies the last norm's scale."""

    def __init__(self, trunk: Width, hidden: Width):
        super().__init__()
        self.gate = Gate()
        self.conv1, self.norm1 = Conv2d(trunk, hidden, 3, bias=True), AffineInstanceNorm(hidden)
        self.conv2, self.norm2 = Conv2d(hidden, trunk, 3, bias=True), AffineInstanceNorm(trunk)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm1(self.conv1(x)))
        return x + self.norm2(self.conv2(y), self.gate.open)

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        """Kernels for a map of h×w."""
        for layer in (self.conv1, self.norm1, self.conv2, self.norm2):
            yield from layer.kernels(h, w, self.gate.open)
        yield residual_add(self.norm2.out_width, h, w, self.gate)
