"""Linear style transfer (Li et al. 2019): two small networks say which matrix to use."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..normalisation import EPSILON
from ..width import Concatenation, Width
from ..zero_padded import ZeroPaddedConv2d
from .transfer import Statistics, Transfer, channels_last_mean

INNER = 32  # channels of what the matrix works on


class LinearWct(Transfer):
    """Learned: x → r_s U T_s T_c D (x - mean_c) / r_c + mean_s.

    D brings features down to `INNER` channels, U up again; each T is what a small network makes of
    the covariance that it sees. r is the deviation of all features together, so that the networks
    see a picture's manner whatever its contrast is, and a style of twice the contrast gives twice
    the deviation.

    Statistics: mean [B, 1, 1, C] and T_s [B, 1, 32, 32].

    Args:
        features: their width.
    """

    def __init__(self, features: Width | Concatenation):
        super().__init__()
        self.features, inner = features, Width("inner", INNER)
        self.down = ZeroPaddedConv2d(features, inner, 1)
        self.up = nn.ModuleList(ZeroPaddedConv2d(inner, part, 1) for part in features.parts)
        self.of_content, self.of_style = _Matrix(features), _Matrix(features)

    def statistics(self, style: Tensor) -> Statistics:
        mean = channels_last_mean(style.permute(0, 2, 3, 1))
        centred, deviation = self._standardised(style)
        return mean, (deviation * self.of_style(centred))[:, None]

    def forward(self, content: Tensor, *statistics: Tensor) -> Tensor:
        mean, of_style = statistics
        centred, _ = self._standardised(content)
        matrix = of_style[:, 0] @ self.of_content(centred)
        small = self.down(centred)
        made = (matrix @ small.flatten(2)).unflatten(2, small.shape[2:])
        return torch.cat([up(made) for up in self.up], 1) + mean.permute(0, 3, 1, 2)

    def _standardised(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Features without their channels' means, of deviation 1 altogether; and what that was.

        Masked channels are 0 and do not count.
        """
        centred = x - x.mean((2, 3), keepdim=True)
        variance = centred.square().mean((2, 3)).sum(1) / self.features.count
        deviation = (variance + EPSILON).sqrt()
        return centred / deviation[:, None, None, None], deviation[:, None, None]


class _Matrix(nn.Module):
    """Features [B, C, H, W] → a matrix [B, 32, 32], by way of their covariance's direction."""

    def __init__(self, features: Width | Concatenation):
        super().__init__()
        self.convolutions, inside = nn.ModuleList(), features
        for channels in (128, 64, INNER):
            layer = ZeroPaddedConv2d(inside, Width("own", channels), 3)
            self.convolutions.append(layer)
            inside = layer.out_width
        self.full = ZeroPaddedConv2d(Width("square", INNER**2), Width("matrix", INNER**2), 1)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.convolutions:
            x = layer(x if layer is self.convolutions[0] else F.relu(x))
        x = x.flatten(2)
        covariance = (x @ x.mT / x.shape[2]).flatten(1)[..., None, None]
        covariance = F.normalize(covariance, dim=1) * INNER**0.5
        return self.full(covariance)[..., 0, 0].unflatten(1, (INNER, INNER))
