"""The sandwich swap transform S² (ArtNet, An et al. 2020): AdaIN, style swap, AdaIN."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from ...errors import UsageError
from ...latency_model.kernel import Kernel
from .adain import AdaIn
from .swap import check_patch, edged, grid_stride, overlaps, style_patches, swapped
from .transfer import Statistics, Transfer

MOST = 256  # of the style's patches: of a finer map every so many, or the cost grows with the
# square of the pixels
SHARE = 0.5


class SandwichSwap(Transfer):
    """Content in the style's space, its patches exchanged for the style's, colours set right.

    The first AdaIN makes patches comparable, the swap brings texture, the last AdaIN gives the
    whole the style's mean and deviation, which a choice of patches does not have. Swapped features
    are mixed with those that were to be swapped, which remember what the picture shows: of the
    transforms here this one keeps most edges for what it takes of the style (docs/art.md).

    Statistics: mean and deviation [B, 1, 1, C], `style_patches`, and the mean and deviation of
    what gives the colours, which is the style itself unless `coloured` says otherwise.

    Args:
        patch, most: as in `StyleSwap`.
        share: how much of the features is exchanged, in (0, 1]; 1 is the paper's.
    """

    count = 6

    def __init__(self, patch: int = 3, most: int | None = MOST, share: float = SHARE):
        super().__init__()
        check_patch(patch)
        if not 0 < share <= 1:
            raise UsageError(f"a share of {share} of the features; it is above 0 and at most 1")
        self.patch, self.most, self.share, self.adain = patch, most, share, AdaIn()

    def statistics(self, style: Tensor) -> Statistics:
        own = self.adain.statistics(style)
        return (*own, *style_patches(style, self.patch, self.most), *own)

    def forward(self, content: Tensor, *statistics: Tensor) -> Tensor:
        mean, deviation, keys, values, *colours = statistics
        x = self.adain(content, mean, deviation)
        return self.adain(torch.lerp(x, self.swapped(x, keys, values), self.share), *colours)

    def swapped(self, x: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """The style's patches in place of the content's."""
        return swapped(x, keys, values)

    def kernels(self, c: int | Tensor, h: int, w: int) -> Iterator[Kernel]:
        """Of `ConvolutionalSandwichSwap`, which is what phones run."""
        stride = grid_stride(h, w, self.most)
        n, p = -(-h // stride) * -(-w // stride), 2 * (self.patch // 2)
        yield from self.adain.kernels(c, h, w)
        if p:
            yield Kernel("MIRROR_PAD", c, c, 1, 1, 1, h + p, w + p)
        yield Kernel("CONV_2D", c, n, self.patch, 1, 1, h, w)
        yield Kernel("REDUCE_MAX", n, 1, 1, 1, 1, h, w)
        for op in ("GREATER_EQUAL", "CAST"):
            yield Kernel(op, n, n, 1, 1, 1, h, w)
        yield Kernel("SUM", n, 1, 1, 1, 1, h, w)
        yield Kernel("DIV", n, n, 1, 1, 1, h, w)
        yield Kernel("CONV_2D", n, c, self.patch, 1, 1, h, w)
        for op in ("MUL", "SUB", "MUL", "ADD"):  # overlaps, and the mixture
            yield Kernel(op, c, c, 1, 1, 1, h, w)
        yield from self.adain.kernels(c, h, w)


class ConvolutionalSandwichSwap(SandwichSwap):
    """The swap as two convolutions whose weights are the style's: one picture at a time.

    Between them the choice, as ones where the largest similarity is; patches that tie are
    averaged. GPUs know neither argmax nor gather, but this.
    """

    def statistics(self, style: Tensor) -> Statistics:
        """As `SandwichSwap`'s, of one picture.

        The colours are computed once more, of the same pixels: of two outputs that are one tensor,
        LiteRT's GPU delegate leaves one unwritten, without a word.
        """
        *own, _, _ = super().statistics(style)
        return (*own, *self.adain.statistics(style.mT))

    def swapped(self, x: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        h, w = x.shape[2:]
        similar = F.conv2d(edged(x, self.patch), keys.permute(0, 3, 1, 2))
        chosen = (similar >= similar.amax(1, keepdim=True)).to(x.dtype)
        chosen = chosen / chosen.sum(1, keepdim=True)
        laid = F.conv2d(chosen, values.permute(0, 3, 1, 2), padding=self.patch // 2)
        return laid * (1 / overlaps(h, w, self.patch))[None].to(x)


def coloured(texture: Statistics, colour: Statistics) -> Statistics:
    """The statistics of one style with the colours of another; both of `SandwichSwap`."""
    return (*texture[:-2], *colour[-2:])
