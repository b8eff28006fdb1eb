"""Flicker of a stylised clip: the warping error (Lai et al., Learning Blind Video Temporal
Consistency, ECCV 2018)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

VISIBILITY = 50.0  # how fast trust falls with the squared difference of warped input frames


def warping_error(outputs: Tensor, inputs: Tensor, flows: Tensor) -> float:
    """Mean squared difference of each frame to the one before it, brought to where it should be.

    Pixels count by exp(-50 · the squared difference of the input's frames, warped alike): what
    comes into view has nothing before it to agree with. A clip that stands still has the error of
    its noise; the input's own error is the measure to compare with.

    Args:
        outputs, inputs: [T, 3, H, W] in [-1, 1], T >= 2.
        flows: [T - 1, 2, H, W] in pixels, down and right: where in frame t the pixel of frame t + 1
            was, relative to its own place.

    Returns:
        Of pictures in 0..1.
    """
    grid = _grid(flows)
    before, now = _warp(inputs[:-1], grid), inputs[1:]
    squared = ((now - before) / 2).square().sum(1)
    weight = torch.exp(-VISIBILITY * squared) * (grid.abs() <= 1).all(-1)
    error = ((outputs[1:] - _warp(outputs[:-1], grid)) / 2).square().mean(1)
    return float((error * weight).sum() / weight.sum())


def _grid(flows: Tensor) -> Tensor:
    """Flows as `grid_sample` wants them: [T, H, W, 2], right and down, -1..1 from edge to edge."""
    height, width = flows.shape[2:]
    rows = torch.arange(height, device=flows.device)[:, None] + flows[:, 0]
    columns = torch.arange(width, device=flows.device) + flows[:, 1]
    return torch.stack([2 * columns / (width - 1) - 1, 2 * rows / (height - 1) - 1], -1)


def _warp(frames: Tensor, grid: Tensor) -> Tensor:
    return F.grid_sample(frames, grid, padding_mode="border", align_corners=True)
