"""Style swap (Chen and Schmidt 2016): every patch of the content becomes the style's most alike."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ...errors import UsageError
from .transfer import Statistics, Transfer

SIDES = (1, 3, 5)
TINY = 1e-7  # a patch of zeros has no direction
AT_ONCE = 2**24  # similarities held in memory: 64 MB


class StyleSwap(Transfer):
    """Patches of the style's features in place of the content's, averaged where they overlap.

    Statistics: `style_patches`.

    Args:
        patch: side of a patch.
        most: so many of the style's patches at most, from a regular grid; None looks at all.
    """

    def __init__(self, patch: int = 3, most: int | None = None):
        super().__init__()
        check_patch(patch)
        self.patch, self.most = patch, most

    def statistics(self, style: Tensor) -> Statistics:
        return style_patches(style, self.patch, self.most)

    def forward(self, content: Tensor, *statistics: Tensor) -> Tensor:
        return swapped(content, *statistics)


def check_patch(patch: int) -> None:
    """Raise UsageError unless a patch can have this side."""
    if patch not in SIDES:
        raise UsageError(f"a patch of side {patch}; it is one of {SIDES}")


def style_patches(style: Tensor, patch: int, most: int | None = None) -> tuple[Tensor, Tensor]:
    """What content patches are compared with, and what takes their place.

    Both are weights of convolutions, channels last, since that is what phones run: the first gives
    a map of similarities for every patch, the second lays down the patches that a map of ones and
    zeros names.

    Args:
        style: [B, C, H, W]; edges are reflected.
        patch, most: as in `StyleSwap`.

    Returns:
        Patches of length 1, [B N, patch, patch, C], and the patches themselves, turned by half a
        circle, [B C, patch, patch, N].
    """
    b, c, h, w = style.shape
    step, x = grid_stride(h, w, most), edged(style, patch).permute(0, 2, 3, 1)
    rows = []
    for i in range(patch):
        cut = [x[:, i : i + h : step, j : j + w : step] for j in range(patch)]
        rows.append(torch.cat([one.reshape(-1, 1, 1, c) for one in cut], 2))
    found = torch.cat(rows, 1)  # [B N, patch, patch, C]; graphs have four axes at most
    length = (found * found).sum(3, keepdim=True).sum(2, keepdim=True).sum(1, keepdim=True).sqrt()
    turned = found.flip(1, 2)
    values = [one.permute(3, 1, 2, 0) for one in (turned.chunk(b) if b > 1 else (turned,))]
    return found / (length + TINY), torch.cat(values) if b > 1 else values[0]


def grid_stride(h: int, w: int, most: int | None) -> int:
    """From one of the patches looked at to the next, so that there are about `most`."""
    return 1 if most is None else math.ceil(math.sqrt(h * w / most))


def swapped(content: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Content features with the style's patches.

    Alike is what has the largest cosine (eq. 3; the content patch's own length changes no
    choice). Similarities are a convolution over some rows at a time, the chosen patches are
    laid down one of their places after the other: what is held in memory grows with the pixels,
    not with their square.

    Args:
        content: [B, C, H, W]; edges are reflected.
        keys, values: of `style_patches`, for one style or for one of each content.

    Raises:
        UsageError: there are several styles, but not one for each content.
    """
    c = content.shape[1]
    styles = len(values) // c
    if styles not in (1, len(content)):
        raise UsageError(f"{styles} styles for {len(content)} contents; one, or one for each")
    pairs = [*zip(keys.chunk(styles), values.chunk(styles), strict=True)] * len(content)
    made = [_swapped(x, *pair) for x, pair in zip(content, pairs, strict=False)]
    return torch.stack(made)


def _swapped(content: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    c, h, w = content.shape
    count, patch = keys.shape[:2]
    x, like = edged(content[None], patch), keys.permute(0, 3, 1, 2)
    if content.is_cuda:
        x, like = x.half(), like.half()
    x = x.contiguous(memory_format=torch.channels_last)
    best = []
    at_once = max(1, AT_ONCE // (count * w))
    for top in range(0, h, at_once):
        similar = F.conv2d(x[:, :, top : top + at_once + patch - 1], like)
        best.append(similar.argmax(1).flatten())
    chosen = torch.cat(best)
    half, rows = patch // 2, values.permute(1, 2, 3, 0)
    laid = content.new_zeros(h + 2 * half, w + 2 * half, c)
    for i in range(patch):
        for j in range(patch):
            part = rows[patch - 1 - i, patch - 1 - j].contiguous()[chosen]
            laid[i : i + h, j : j + w] += part.unflatten(0, (h, w))
    laid = laid[half : half + h, half : half + w].permute(2, 0, 1)
    return laid / overlaps(h, w, patch).to(content)


def overlaps(h: int, w: int, patch: int) -> Tensor:
    """How many patches lie over every pixel of a map, float32 [1, h, w]."""
    half = patch // 2  # of numpy, so that exported graphs have it as a constant
    rows, columns = (
        np.convolve(np.ones(side, np.float32), np.ones(patch, np.float32))[half : half + side]
        for side in (h, w)
    )
    return torch.from_numpy(np.outer(rows, columns)[None])


def edged(x: Tensor, patch: int) -> Tensor:
    """[B, C, H, W] with room for a patch around every pixel; where it is too small to be
    reflected, its edge is repeated."""
    half = patch // 2
    mode = "reflect" if min(x.shape[2:]) > half else "replicate"
    return F.pad(x, (half,) * 4, mode=mode) if half else x
