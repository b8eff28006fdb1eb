"""The student for phones: a U-shaped network of few, cheap kernels.

It differs from Johnson et al.'s network in what a phone's GPU feels and a count of MACs does not:

- the first convolution halves the frame, and no convolution runs at its full size but the last;
- zero padding, which is part of a convolution, in place of a reflection pad before each;
- transposed 4x4 convolutions, one kernel, in place of nearest-neighbour doubling and a convolution
  (every output pixel meets four taps, so there is no checkerboard by construction);
- static norms, which are part of the convolution before them, where an instance norm is not needed;
- residual blocks at an eighth of the frame, where a channel costs a quarter and sees twice as far;
- skip links from encoder to decoder (Ronneberger et al. 2015), so that edges need not pass there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from ...frames import Size, frame_of
from ...latency_model.kernel import Kernel
from ..picture_network import Parts, PictureNetwork
from ..spec import Spec, register
from ..width import Width
from .blocks import Skip, StudentBlock, doubling, down_kernels, halving, joined_kernels, relu_kernel
from .channel_norm import AffineInstanceNorm, ChannelNorm, ChosenNorm, StaticNorm

NORMS = ("norm_stem", "norm_down1", "norm_down2")  # instance norms that a search may close
SKIPS = ("skip_quarter", "skip_half")


def mobile_style_spec(size: Size = 256, base: int = 24, blocks: int = 3) -> Spec:
    """`base` channels at half the frame, 4/3 of it at a quarter, three times it at an eighth.

    Args:
        blocks: residual blocks at an eighth; at a quarter there is one on either side.
    """
    quarter, eighth, hidden = 4 * base // 3, 3 * base, 5 * base // 3
    middle = [f"mid{i}" for i in range(blocks)]
    widths = {"stem": base, "quarter": quarter, "eighth": eighth}
    widths |= {"early0": quarter} | dict.fromkeys(middle, hidden) | {"late0": quarter}
    stem, down1, down2 = NORMS
    after, before = SKIPS
    names = (stem, down1, "early0", down2, *middle, after, "late0", before)
    return Spec("mobile-style", *frame_of(size), widths, names)


@register("mobile-style")
class MobileStyle(PictureNetwork):
    """Down three times, residual blocks, up three times by transposed convolutions."""

    features: ClassVar[dict[str, str]] = {
        "half": "stem",
        "early": "quarter",
        "middle": "eighth",
        "late": "quarter",
        "up": "stem",
    }
    multiple, fit = 8, "frame"

    def __init__(self, spec: Spec):
        super().__init__(spec)
        w = self.widths

        def norm(name: str, width: Width) -> ChannelNorm:
            return ChosenNorm(width) if name in spec.blocks else StaticNorm(width)

        def blocks(stage: str, trunk: Width) -> nn.ModuleDict:
            names = (name for name in spec.blocks if name.startswith(stage))
            return nn.ModuleDict(
                {name: StudentBlock(trunk, w[name], AffineInstanceNorm) for name in names}
            )

        def skip(name: str, width: Width) -> Skip | None:
            return Skip(width) if name in spec.blocks else None

        self.stem = halving(Width("input", 3), w["stem"], 5)
        self.norm_stem = norm("norm_stem", w["stem"])
        self.down1 = halving(w["stem"], w["quarter"], 3)
        self.norm_down1 = norm("norm_down1", w["quarter"])
        self.early = blocks("early", w["quarter"])
        self.down2 = halving(w["quarter"], w["eighth"], 3)
        self.norm_down2 = norm("norm_down2", w["eighth"])
        self.mid = blocks("mid", w["eighth"])
        self.up1, self.norm_up1 = doubling(w["eighth"], w["quarter"]), StaticNorm(w["quarter"])
        self.skip_quarter = skip("skip_quarter", w["quarter"])
        self.late = blocks("late", w["quarter"])
        self.up2, self.norm_up2 = doubling(w["quarter"], w["stem"]), StaticNorm(w["stem"])
        self.skip_half = skip("skip_half", w["stem"])
        self.to_rgb = doubling(w["stem"], Width("output", 3))

    def maps(self, x: Tensor) -> dict[str, Tensor]:
        half = F.relu(self.norm_stem(self.stem(x)))
        early = F.relu(self.norm_down1(self.down1(half)))
        for block in self.early.values():
            early = block(early)
        middle = F.relu(self.norm_down2(self.down2(early)))
        for block in self.mid.values():
            middle = block(middle)
        late = F.relu(self.norm_up1(self.up1(middle)))
        if self.skip_quarter is not None:
            late = self.skip_quarter(late, early)
        for block in self.late.values():
            late = block(late)
        up = self.norm_up2(self.up2(late))
        if self.skip_half is not None:
            up = self.skip_half(up, half)
        return {"half": half, "early": early, "middle": middle, "late": late, "up": F.relu(up)}

    def static_pairs(self) -> Iterator[tuple[nn.Module, ChannelNorm]]:
        """Each convolution with the norm behind it, where that is static: export folds the two."""
        pairs = [
            (self.stem, self.norm_stem),
            (self.down1, self.norm_down1),
            (self.down2, self.norm_down2),
            (self.up1, self.norm_up1),
            (self.up2, self.norm_up2),
        ]
        for stage in (self.early, self.mid, self.late):
            pairs += [(block.conv2, block.norm2) for block in stage.values()]
        return ((conv, norm) for conv, norm in pairs if type(norm) is StaticNorm)

    def parts(self, h: int | None = None, w: int | None = None) -> Parts:
        h, w = h or self.spec.height, w or self.spec.width

        yield "stem", down_kernels(self.stem, self.norm_stem, h, w)
        yield "down1", down_kernels(self.down1, self.norm_down1, h // 2, w // 2)
        for name, block in self.early.items():
            yield name, block.kernels(h // 4, w // 4)
        yield "down2", down_kernels(self.down2, self.norm_down2, h // 4, w // 4)
        for name, block in self.mid.items():
            yield name, block.kernels(h // 8, w // 8)
        yield "up1", self._up1_kernels(h // 8, w // 8)
        for name, block in self.late.items():
            yield name, block.kernels(h // 4, w // 4)
        yield "up2", joined_kernels(self.up2, self.skip_half, h // 4, w // 4)
        yield "to_rgb", self._to_rgb_kernels(h, w)

    def _up1_kernels(self, h: int, w: int) -> Iterator[Kernel]:
        """No ReLU is fused into a transposed convolution: the delegate takes none."""
        yield from self.up1.kernels(h, w)
        yield relu_kernel(self.widths["quarter"], 2 * h, 2 * w)
        if self.skip_quarter is not None:
            yield from self.skip_quarter.kernels(2 * h, 2 * w)

    def _to_rgb_kernels(self, h: int, w: int) -> Iterator[Kernel]:
        yield from self.to_rgb.kernels(h // 2, w // 2)
        yield Kernel("TANH", 3, 3, 1, 1, 1, h, w)
