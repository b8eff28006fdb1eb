"""Adaptive instance normalisation (Huang and Belongie 2017): channel by channel."""

from __future__ import annotations

from torch import Tensor

from ..normalisation import EPSILON, spatial_mean
from .transfer import Statistics, Transfer


class AdaIn(Transfer):
    """The style's mean and deviation of each channel in place of the content's.

    Statistics: mean and deviation, [B, C, 1, 1] each.
    """

    def statistics(self, style: Tensor) -> Statistics:
        mean = spatial_mean(style)
        return mean, (spatial_mean((style - mean).square()) + EPSILON).sqrt()

    def forward(self, content: Tensor, *statistics: Tensor) -> Tensor:
        style_mean, style_deviation = statistics
        centred = content - spatial_mean(content)
        factor = (spatial_mean(centred.square()) + EPSILON).rsqrt() * style_deviation
        return centred * factor + style_mean
