"""A transform for each region of a picture: sky to sky, ground to ground, as masks pair them."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from ...errors import UsageError
from .transfer import Statistics, Transfer


class RegionWise(Transfer):
    """Another transform, in every region of the content with the style's region of that label.

    A content's label that the style lacks takes the whole style; a region that vanishes between
    the pixels of small features plays no part there.

        network.transfer = RegionWise(EigenWct(), content_labels, style_labels)

    Args:
        transfer: any that looks at pixels one by one: regions are no rectangles.
        content, style: labels of their pictures' pixels, int64[H, W] of any size each.

    Raises:
        UsageError: labels of another kind or shape, or a transform of patches.
    """

    def __init__(self, transfer: Transfer, content: Tensor, style: Tensor):
        super().__init__()
        if hasattr(transfer, "patch"):
            raise UsageError(f"{type(transfer).__name__} looks at patches, which regions have not")
        for name, labels in (("content", content), ("style", style)):
            if labels.dtype != torch.int64 or labels.ndim != 2 or 0 in labels.shape:
                raise UsageError(
                    f"the {name}'s labels are int64[H, W], not {labels.dtype}{list(labels.shape)}"
                )
        self.transfer, self.content, self.style = transfer, content, style
        self.labels = content.unique().tolist()

    def statistics(self, style: Tensor) -> Statistics:
        """Those of every label of the content, one after the other."""
        places = _places(self.style, style)
        found: list[Tensor] = []
        for label in self.labels:
            where = (places == label).nonzero().flatten()
            region = style if len(where) == 0 else _gathered(style, where)
            found += self.transfer.statistics(region)
        return tuple(found)

    def forward(self, content: Tensor, *statistics: Tensor) -> Tensor:
        places = _places(self.content, content)
        made = content.flatten(2).clone()
        count = len(statistics) // len(self.labels)
        for i, label in enumerate(self.labels):
            where = (places == label).nonzero().flatten()
            if len(where):
                region = _gathered(content, where)
                changed = self.transfer(region, *statistics[i * count : (i + 1) * count])
                made[:, :, where] = changed.flatten(2)[:, :, : len(where)]
        return made.reshape_as(content)


def _places(labels: Tensor, x: Tensor) -> Tensor:
    """The label of each of the pixels of features [B, C, H, W], [H W]."""
    resized = F.interpolate(labels[None, None].double(), size=x.shape[2:], mode="nearest-exact")
    return resized.flatten().long()


def _gathered(x: Tensor, where: Tensor) -> Tensor:
    """These pixels in a rectangle near a square, whose last ones repeat the first.

    Transforms take some rows and columns of large maps, so that one long row would not do.
    """
    side = math.isqrt(len(where) - 1) + 1
    rows = -(-len(where) // side)
    filled = where[torch.arange(rows * side) % len(where)]
    return x.flatten(2)[:, :, filled].unflatten(2, (rows, side))
