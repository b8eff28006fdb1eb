"""The student of a drawing that is aligned with its photo pixel by pixel.

Nothing depends on the statistics of the whole picture: every norm is static, and export folds them
all. What is drawn as it was passes by a full-size skip link.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor, nn

from ...frames import Size, frame_of
from ...latency_model.kernel import Kernel
from ..portrait.blocks import residual_add
from ..spec import Spec, register
from ..width import Axes, Gate, Width
from .channel_norm import ChannelNorm, StaticNorm
from .u_shaped import UShaped


def unet_spec(size: Size = 256, base: int = 24, blocks: int = 3) -> Spec:
    """`base` channels at half the frame, 3/2 of it at a quarter, three times it at an eighth.

    Args:
        blocks: residual blocks at an eighth; at a quarter there is one on either side, at half the
            frame one before the picture.
    """
    quarter, eighth, hidden = 3 * base // 2, 3 * base, 2 * base
    middle = [f"mid{i}" for i in range(blocks)]
    widths = {"stem": base, "quarter": quarter, "eighth": eighth}
    widths |= {"early0": quarter} | dict.fromkeys(middle, hidden) | {"late0": quarter}
    widths |= {"fine0": base}
    names = ("early0", *middle, "skip_quarter", "late0", "skip_half", "fine0", "skip_full")
    return Spec("unet", *frame_of(size), widths, names)


class FullSkip(nn.Module):
    """Adds the photo, each channel times a learnt gain; a closed gate leaves it out."""

    axes: ClassVar[Axes] = {"gain": ("out",)}

    def __init__(self, width: Width):
        super().__init__()
        self.gate = Gate(optional=True)
        self.in_width = self.out_width = width
        self.gain = nn.Parameter(torch.ones(width.channels))

    def forward(self, x: Tensor, photo: Tensor) -> Tensor:
        return x + (self.gate.open * self.gain)[:, None, None] * photo

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        """Kernels for pictures of h×w."""
        count = self.out_width.count
        yield Kernel("MUL", count, count, 1, 1, 1, h, w, self.gate.open)
        yield residual_add(self.out_width, h, w, self.gate)


@register("unet")
class Unet(UShaped):
    """Residual blocks with static norms; the picture is tanh(what was drawn + gain * photo)."""

    inner_norm: ClassVar[type[ChannelNorm]] = StaticNorm

    def __init__(self, spec: Spec):
        super().__init__(spec)
        self.skip_full = FullSkip(Width("output", 3)) if "skip_full" in spec.blocks else None

    def forward_with_features(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        made = self.maps(x)
        picture = self.to_rgb(made["up"])
        if self.skip_full is not None:
            picture = self.skip_full(picture, x)
        return torch.tanh(picture), made

    def rgb_kernels(self, h: int, w: int) -> Iterator[Kernel]:
        convolution, tanh = super().rgb_kernels(h, w)
        yield convolution
        if self.skip_full is not None:
            yield from self.skip_full.kernels(h, w)
        yield tanh
