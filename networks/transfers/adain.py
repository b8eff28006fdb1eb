"""Adaptive instance normalisation (Huang and Belongie 2017): channel by channel."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from ...latency_model.kernel import Kernel
from ..normalisation import EPSILON, spatial_mean_kernels
from .transfer import Statistics, Transfer, channels_last_mean


class AdaIn(Transfer):
    """The style's mean and deviation of each channel in place of the content's.

    Statistics: mean and deviation, [B, 1, 1, C] each.
    """

    def statistics(self, style: Tensor) -> Statistics:
        style = style.permute(0, 2, 3, 1)
        mean = channels_last_mean(style)
        return mean, (channels_last_mean((style - mean).square()) + EPSILON).sqrt()

    def forward(self, content: Tensor, *statistics: Tensor) -> Tensor:
        style_mean, style_deviation = statistics
        content = content.permute(0, 2, 3, 1)
        centred = content - channels_last_mean(content)
        factor = (channels_last_mean(centred.square()) + EPSILON).rsqrt() * style_deviation
        return (centred * factor + style_mean).permute(0, 3, 1, 2)

    def kernels(self, c: int | Tensor, h: int, w: int) -> Iterator[Kernel]:
        yield from spatial_mean_kernels(c, h, w)
        for op in ("SUB", "MUL"):
            yield Kernel(op, c, c, 1, 1, 1, h, w)
        yield from spatial_mean_kernels(c, h, w)
        for op in ("ADD", "RESHAPE", "RSQRT", "MUL"):
            yield Kernel(op, c, c, 1, 1, 1, 1, 1)
        for op in ("MUL", "ADD"):
            yield Kernel(op, c, c, 1, 1, 1, h, w)
