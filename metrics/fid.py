"""Fréchet inception distance (Heusel et al. 2017, equation 6)."""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import UsageError


def fid(real: Tensor, fake: Tensor) -> float:
    """Distance between two sets of pictures, from their features; 0 for equal ones.

    |m - n|² + tr(C + D - 2 (C D)^½) with the means m, n and the covariances C, D (of N - 1) of
    the two sets. It falls as N grows, for the same pictures' sources: compare it at equal N only,
    and say N. On `features` of 768 channels it is what pytorch-fid gives with `--dims 768`, and
    no figure to set beside the usual one of 2048 channels.

    Args:
        real, fake: [N, D] and [M, D], at least two of each; N and M may be below D.

    Raises:
        UsageError: fewer than two pictures, or features of different length.
    """
    if min(len(real), len(fake)) < 2:
        raise UsageError(f"FID needs two pictures of each set, not {len(real)} and {len(fake)}")
    if real.shape[1] != fake.shape[1]:
        raise UsageError(f"FID of features of {real.shape[1]} and of {fake.shape[1]} channels")
    (mean, root), (fake_mean, fake_root) = _moments(real), _moments(fake)
    # With C = RᵀR and D = SᵀS, the eigenvalues of C D are those of (R Sᵀ)(R Sᵀ)ᵀ, so that
    # tr (C D)^½ is the sum of the singular values of R Sᵀ: no root of a matrix, and nothing
    # special where N is below D and the covariances have no inverse.
    shared = torch.linalg.svdvals(root @ fake_root.T).sum()
    distance = (mean - fake_mean).square().sum()
    spread = root.square().sum() + fake_root.square().sum() - 2 * shared
    return max(0.0, float(distance + spread))  # rounding leaves -1e-13 of equal sets


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean [D], and R [min(N, D), D] with RᵀR the covariance, in float64."""
    x = features.double()
    mean = x.mean(0)
    root = (x - mean) / (len(x) - 1) ** 0.5
    if len(root) > root.shape[1]:
        root = torch.linalg.qr(root, mode="r").R
    return mean, root
