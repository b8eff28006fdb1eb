"""The student of a drawing that is aligned with its photo pixel by pixel: a U-net.

Every norm is static, so that export folds them all. Three paths lead around the deepest maps:
skip links between maps of one size (Ronneberger et al. 2015), the photo itself, added to what is
drawn, and the mean over the picture, on which its tones depend.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...frames import Size, frame_of
from ...latency_model.kernel import Kernel
from ..picture_network import Parts, PictureNetwork
from ..spec import Spec, register
from ..width import Width
from ..zero_padded import ZeroPaddedConv2d
from .blocks import (
    Context,
    FullSkip,
    Skip,
    StudentBlock,
    doubling,
    down_kernels,
    halving,
    joined_kernels,
    relu_kernel,
)
from .channel_norm import StaticNorm

LEVELS = ("level1", "level2", "level3", "level4")  # half the frame, a quarter, …; each has a Width
UPWARDS = LEVELS[-2::-1]
BEFORE = {"level2": "early", "level3": "deep", "level4": "mid"}  # blocks on the way down
AFTER = {"level3": "rising", "level2": "late", "level1": "fine"}  # blocks on the way up


def unet_spec(size: Size = 256, base: int = 24, blocks: int = 2) -> Spec:
    """`base` channels at half the frame; 3/2, 5/2 and 7/2 of it at the levels below.

    Args:
        blocks: residual blocks at a sixteenth; every other level has one on the way up, those
            below half the frame one on the way down.
    """
    shares = dict(zip(LEVELS, (2, 3, 5, 7), strict=True))
    widths = {level: share * base // 2 for level, share in shares.items()}
    middle = [f"mid{i}" for i in range(blocks)]
    around = {"early0": "level2", "deep0": "level3"} | dict.fromkeys(middle, "level4")
    around |= {f"{AFTER[level]}0": level for level in LEVELS[:-1]}
    widths |= {name: widths[level] for name, level in around.items()} | {"context": base}
    widths["full"] = 3 * base // 5
    skips = [f"skip_{level}" for level in LEVELS[:-1]]
    return Spec("unet", *frame_of(size), widths, (*skips, *around, "context", "skip_full"))


@register("unet")
class Unet(PictureNetwork):
    """Four halvings by convolutions, four doublings by transposed ones.

    The picture is tanh(what was drawn + gain * photo).
    """

    features: ClassVar[dict[str, str]] = {
        "first": "level1",
        "down_level2": "level2",
        "down_level3": "level3",
        "down_level4": "level4",
        "up_level3": "level3",
        "up_level2": "level2",
        "up_level1": "level1",
    }
    multiple, fit = 16, "frame"

    def __init__(self, spec: Spec):
        super().__init__(spec)
        w, names = self.widths, spec.blocks

        def blocks(stage: str, trunk: Width) -> nn.ModuleDict:
            these = (name for name in names if name.startswith(stage))
            return nn.ModuleDict({name: StudentBlock(trunk, w[name], StaticNorm) for name in these})

        # an even side: its zeros are the same all around, or the photo, which two layers read,
        # would be transposed for a pad
        self.stem = halving(Width("input", 3), w["level1"], 4)
        self.norm_stem = StaticNorm(w["level1"])
        self.down, self.norm_down = nn.ModuleDict(), nn.ModuleDict()
        self.up, self.norm_up, self.skip = nn.ModuleDict(), nn.ModuleDict(), nn.ModuleDict()
        self.before, self.after = nn.ModuleDict(), nn.ModuleDict()
        for above, level in pairwise(LEVELS):
            self.down[level] = halving(w[above], w[level], 3)
            self.norm_down[level] = StaticNorm(w[level])
            self.before[level] = blocks(BEFORE[level], w[level])
            self.up[above] = doubling(w[level], w[above])
            self.norm_up[above] = StaticNorm(w[above])
            self.after[above] = blocks(AFTER[above], w[above])
            if f"skip_{above}" in names:
                self.skip[f"skip_{above}"] = Skip(w[above])
        self.context = None
        if "context" in names:
            self.context = Context(w["level4"], w["context"])
        self.to_full = None
        if "full" in w:  # a ReLU at full size: steps between tones become sharp
            self.to_full = doubling(w["level1"], w["full"])
            self.to_rgb = ZeroPaddedConv2d(w["full"], Width("output", 3), 3)
        else:
            self.to_rgb = doubling(w["level1"], Width("output", 3))
        self.skip_full = FullSkip(Width("output", 3)) if "skip_full" in names else None

    def maps(self, x: Tensor) -> dict[str, Tensor]:
        x = F.relu(self.norm_stem(self.stem(x)))
        made, skipped = {"first": x}, {"level1": x}
        for level in LEVELS[1:]:
            x = F.relu(self.norm_down[level](self.down[level](x)))
            if level == LEVELS[-1] and self.context is not None:
                x = self.context(x)
            for block in self.before[level].values():
                x = block(x)
            made[f"down_{level}"] = skipped[level] = x
        for level in UPWARDS:
            x = self.norm_up[level](self.up[level](x))
            if f"skip_{level}" in self.skip:
                x = self.skip[f"skip_{level}"](x, skipped[level])
            x = F.relu(x)
            for block in self.after[level].values():
                x = block(x)
            made[f"up_{level}"] = x
        return made

    def forward_with_features(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        made = self.maps(x)
        last = made["up_level1"]
        if self.to_full is not None:
            last = F.relu(self.to_full(last))
        picture = self.to_rgb(last)
        if self.skip_full is not None:
            picture = self.skip_full(picture, x)
        return torch.tanh(picture), made

    def static_pairs(self) -> Iterator[tuple[nn.Module, StaticNorm]]:
        """Each convolution with the norm behind it: export folds the two."""
        yield self.stem, self.norm_stem
        for convs, norms in ((self.down, self.norm_down), (self.up, self.norm_up)):
            yield from ((convs[level], norms[level]) for level in convs)
        for stage in (*self.before.values(), *self.after.values()):
            for block in stage.values():
                yield from ((block.conv1, block.norm1), (block.conv2, block.norm2))

    def parts(self, h: int | None = None, w: int | None = None) -> Parts:
        h, w = h or self.spec.height, w or self.spec.width
        scale, skips = 2, dict(self.skip.items())
        yield "stem", down_kernels(self.stem, self.norm_stem, h, w)
        for level in LEVELS[1:]:
            yield (
                f"down_{level}",
                down_kernels(self.down[level], self.norm_down[level], h // scale, w // scale),
            )
            scale *= 2
            if level == LEVELS[-1] and self.context is not None:
                yield "context", self.context.kernels(h // scale, w // scale)
            for name, block in self.before[level].items():
                yield name, block.kernels(h // scale, w // scale)
        for level in UPWARDS:
            skip = skips.get(f"skip_{level}")
            yield f"up_{level}", joined_kernels(self.up[level], skip, h // scale, w // scale)
            scale //= 2
            for name, block in self.after[level].items():
                yield name, block.kernels(h // scale, w // scale)
        yield "to_rgb", self._rgb_kernels(h, w)

    def _rgb_kernels(self, h: int, w: int) -> Iterator[Kernel]:
        if self.to_full is None:
            yield from self.to_rgb.kernels(h // 2, w // 2)
        else:
            yield from self.to_full.kernels(h // 2, w // 2)
            yield relu_kernel(self.widths["full"], h, w)
            yield from self.to_rgb.kernels(h, w)
        if self.skip_full is not None:
            yield from self.skip_full.kernels(h, w)
        yield Kernel("TANH", 3, 3, 1, 1, 1, h, w)
