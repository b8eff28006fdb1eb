"""Avatar-Net's style decorator (Sheng et al. 2018): whiten, swap, recolour.

The published network repeats transforms in its decoder ("hourglass"), with AdaIN at three levels;
this is its bottleneck alone.
"""

from __future__ import annotations

from torch import Tensor

from .swap import check_patch, style_patches, swapped
from .transfer import Statistics, Transfer
from .wct import RIDGE, composed, eigen, moments


class AvatarDecorator(Transfer):
    """Patches are compared where neither picture has colours of its own.

    Statistics: mean [B, 1, 1, C], the covariance's square root [B, 1, C, C], and
    `style_patches` of the style's whitened features.

    Args:
        patch: side of a patch.
        ridge: as `EigenWct`'s.
    """

    count = 4

    def __init__(self, patch: int = 3, ridge: float = RIDGE):
        super().__init__()
        check_patch(patch)
        self.patch, self.ridge = patch, ridge

    def statistics(self, style: Tensor) -> Statistics:
        mean, centred, covariance = moments(style.double())
        values, vectors = eigen(covariance, self.ridge)
        root = composed(values.sqrt(), vectors)
        white = (centred @ composed(values.rsqrt(), vectors)).permute(0, 3, 1, 2)
        patches = style_patches(white.to(style.dtype), self.patch)
        return mean.to(style.dtype), root.to(style.dtype), *patches

    def forward(self, content: Tensor, *statistics: Tensor) -> Tensor:
        mean, colouring, *patches = statistics
        _, centred, covariance = moments(content.double())
        values, vectors = eigen(covariance, self.ridge)
        white = centred @ composed(values.rsqrt(), vectors)
        white = white.permute(0, 3, 1, 2).to(content.dtype)
        made = swapped(white, *patches).permute(0, 2, 3, 1)
        return (made @ colouring + mean).permute(0, 3, 1, 2)
