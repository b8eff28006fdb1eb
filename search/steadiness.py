"""Steadiness from frame to frame, taught on single pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

SHIFT, TURN, ZOOM = 0.03, 0.035, 0.03  # of the side, in radians, of the scale
NOISE = 0.02  # standard deviation of a camera's noise, in [-1, 1]


def unsteadiness(
    generator: nn.Module, x: Tensor, made: Tensor, seed: int | Sequence[int]
) -> Tensor:
    """How far the picture of a moved frame is from the moved picture, mean absolute difference.

    The frame is shifted, turned and zoomed a little and gets noise, as between two frames of a
    hand-held camera (the stability term of Eilertsen et al., Single-Frame Regularization for
    Temporally Stable CNNs, CVPR 2019); no video and no optical flow are needed.

    Args:
        x: [B, 3, H, W] in [-1, 1].
        made: the generator's picture of x.
        seed: of the motion and the noise.
    """
    rng = np.random.default_rng(seed)
    with torch.autocast(x.device.type, enabled=False):  # bfloat16 would be half a pixel off
        grid = _motion(x, rng)
    noise = torch.from_numpy(rng.standard_normal(x.shape, np.float32)).to(x.device)
    moved = (_move(x, grid) + NOISE * noise).clamp(-1, 1)
    moved = moved.contiguous(memory_format=torch.channels_last)
    inside = (grid.abs() <= 1).all(-1)[:, None]  # elsewhere the frame shows what it did not before
    difference = (generator(moved).float() - _move(made, grid)).abs()
    return (difference * inside).sum() / (3 * inside.sum())


def _motion(x: Tensor, rng: np.random.Generator) -> Tensor:
    """Where each pixel comes from, [B, H, W, 2] in [-1, 1]."""
    turn = rng.uniform(-TURN, TURN, len(x))
    scale = 1 + rng.uniform(-ZOOM, ZOOM, len(x))
    shift = 2 * rng.uniform(-SHIFT, SHIFT, (2, len(x)))  # a side measures 2 here
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    wide = x.shape[3] / x.shape[2]  # both sides measure 2, whatever they are in pixels
    rows = np.stack([[cos, -sin / wide, shift[0]], [wide * sin, cos, shift[1]]]).transpose(2, 0, 1)
    theta = torch.from_numpy(rows.astype(np.float32)).to(x.device)
    return F.affine_grid(theta, list(x.shape), align_corners=False)


def _move(picture: Tensor, grid: Tensor) -> Tensor:
    return F.grid_sample(picture, grid, padding_mode="reflection", align_corners=False)
