"""UGATIT's light form between two more halvings: its trunk sees a face as a small picture's does.

A trunk at a quarter of the side sees about 150 pixels of it: all of a portrait at 64 px, half of
one at 256. Here the light form works on a map of a quarter of the side, and two strided
convolutions before it and two doublings behind it, narrow because they are large, reach the
picture. At 32 base channels and 256x256 it has 1.68 GMACs.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from ...frames import Size, frame_of
from ..layers import Conv2d
from ..spec import Spec, register
from ..width import Width
from .blocks import Convolved, Upsampled
from .generator import Parts, to_rgb_kernels
from .ugatit import UgatitGenerator, ugatit_spec


def ugatit_deep_spec(size: Size = 256, base: int = 32, blocks: int = 4) -> Spec:
    """The light form of `base` channels at a quarter of the sides, half as many at the whole."""
    inner = ugatit_spec(size, base, blocks)
    outer = max(1, base // 2)
    widths = {"outer1": outer, "outer2": base} | inner.widths | {"up3": base, "up4": outer}
    return Spec("ugatit-deep", *frame_of(size), widths, inner.blocks)


DOWN = ("halving1", "halving2", "down1", "down2")


@register("ugatit-deep")
class DeepUgatitGenerator(UgatitGenerator):
    """The light form's parts are named as there, but `stem` reads the picture itself."""

    features: ClassVar[dict[str, str]] = UgatitGenerator.features | {"up3": "up3", "up4": "up4"}

    multiple = 16
    inner_family = "ugatit"
    outside = ("stem.", "to_rgb.")

    def __init__(self, spec: Spec):
        super().__init__(spec)
        w = self.widths
        self.stem = Convolved(Width("input", 3), w["outer1"], 7)
        self.halving1 = Convolved(w["outer1"], w["outer2"], 3, stride=2)
        self.halving2 = Convolved(w["outer2"], w["stem"], 3, stride=2)
        self.up3, self.up4 = Upsampled(w["up2"], w["up3"]), Upsampled(w["up3"], w["up4"])
        self.to_rgb = Conv2d(w["up4"], Width("output", 3), 7)

    def down(self, x: Tensor) -> Tensor:
        """Picture → the trunk's first map, [B, trunk, H/16, W/16]."""
        return self.down2(self.down1(self.halving2(self.halving1(self.stem(x)))))

    def maps(self, x: Tensor) -> dict[str, Tensor]:
        made = super().maps(x)
        made["up3"] = self.up3(made["up2"])
        made["up4"] = self.up4(made["up3"])
        return made

    def parts(self, h: int | None = None, w: int | None = None) -> Parts:
        h, w = h or self.spec.height, w or self.spec.width
        yield "stem", self.stem.kernels(h, w)
        for i, name in enumerate(DOWN):
            yield name, getattr(self, name).kernels(h >> i, w >> i)
        yield from self.trunk_parts(h // 16, w // 16)
        yield "up3", self.up3.kernels(h // 4, w // 4)
        yield "up4", self.up4.kernels(h // 2, w // 2)
        yield "to_rgb", to_rgb_kernels(self.to_rgb, h, w)
