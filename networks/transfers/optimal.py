"""Optimal transport between features (Lu et al. 2019): the least change that gives the style's
covariance."""

from __future__ import annotations

import torch
from torch import Tensor

from .transfer import Statistics, Transfer
from .wct import RIDGE, composed, eigen, moments


class OptimalWct(Transfer):
    """T = C^-1/2 (C^1/2 S C^1/2)^1/2 C^-1/2 for covariances C of content and S of style.

    Of all linear maps that take one Gaussian to the other, the one that moves features least
    (closed form; float64). Both have `wct`'s ridge.

    Statistics: mean [B, 1, 1, C] and covariance [B, 1, C, C].

    Args:
        ridge: as `EigenWct`'s.
    """

    def __init__(self, ridge: float = RIDGE):
        super().__init__()
        self.ridge = ridge

    def statistics(self, style: Tensor) -> Statistics:
        mean, _, covariance = moments(style.double())
        values, vectors = eigen(covariance, self.ridge)
        ridged = composed(values, vectors)
        return mean.to(style.dtype), ridged.to(style.dtype)

    def forward(self, content: Tensor, *statistics: Tensor) -> Tensor:
        mean, wanted = (t.double() for t in statistics)
        _, centred, covariance = moments(content.double())
        values, vectors = eigen(covariance, self.ridge)
        root = composed(values.sqrt(), vectors)
        inverse = composed(values.rsqrt(), vectors)
        between, axes = torch.linalg.eigh(root @ wanted @ root)
        between = between.clamp(min=0)[..., None, :]
        matrix = inverse @ composed(between.sqrt(), axes) @ inverse
        return (centred @ matrix + mean).permute(0, 3, 1, 2).to(content.dtype)
