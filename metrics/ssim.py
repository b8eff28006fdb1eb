"""Structural similarity (Wang et al. 2004), as scikit-image computes it with Gaussian weights."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

WINDOW, SIGMA = 11, 1.5
K1, K2 = 0.01, 0.03
RANGE = 2.0  # of values in [-1, 1]


def ssim(x: Tensor, y: Tensor, k2: float = K2) -> Tensor:
    """Mean structural similarity of each pair of pictures, 1 for equal ones.

    Args:
        x, y: [N, C, H, W] in [-1, 1], sides of at least 11.
        k2: of the contrast term; smaller ones see fainter steps and fainter noise.

    Returns:
        [N]: the mean over channels and over the positions where the window fits.
    """
    channels = x.shape[1]
    offsets = torch.arange(WINDOW, dtype=x.dtype, device=x.device) - WINDOW // 2
    line = torch.exp(-offsets.square() / (2 * SIGMA**2))
    line = (line / line.sum()).expand(channels, 1, WINDOW)

    def blur(t: Tensor) -> Tensor:
        t = F.conv2d(t, line[:, :, :, None], groups=channels)
        return F.conv2d(t, line[:, :, None, :], groups=channels)

    # variances are small differences of large numbers: never in bfloat16
    with torch.autocast(x.device.type, enabled=False):
        mean_x, mean_y = blur(x), blur(y)
        var_x = blur(x * x) - mean_x.square()
        var_y = blur(y * y) - mean_y.square()
        covariance = blur(x * y) - mean_x * mean_y
    c1, c2 = (K1 * RANGE) ** 2, (k2 * RANGE) ** 2
    numerator = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    denominator = (mean_x.square() + mean_y.square() + c1) * (var_x + var_y + c2)
    return (numerator / denominator).mean((1, 2, 3))
