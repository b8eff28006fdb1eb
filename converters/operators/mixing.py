"""Moves along one axis of a map: by slices, by copies, or by a 1x1 convolution over that axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ...errors import PocketstyleError
from .registry import constant

MOST_SLICES = 4  # that are joined; beyond, a convolution is cheaper


def mixed(x: Tensor, axis: int, weights: np.ndarray) -> Tensor:
    """y[i] = sum over j of weights[i, j] x[j], along one axis of a map, as a 1x1 convolution.

    Args:
        x: [1, C, H, W].
        weights: [N, x.shape[axis]].
    """
    kernel = constant(weights[:, :, None, None])
    if axis == 1:
        return F.conv2d(x, kernel)
    order = [0, axis, *(other for other in (1, 2, 3) if other != axis)]
    return F.conv2d(x.permute(order), kernel).permute([order.index(i) for i in range(4)])


def taken(x: Tensor, axis: int, indices: Sequence[int]) -> Tensor:
    """x[indices] along an axis; GPUs have no operator that gathers."""
    side = x.shape[axis]
    if not all(-side <= index < side for index in indices):
        raise PocketstyleError(f"takes {list(indices)} of {side}")
    runs = _runs([index % side for index in indices])
    scattered = len(runs) > MOST_SLICES or (axis == 1 and any(step < 0 for _, step, _ in runs))
    if scattered and x.dim() == 4 and axis:
        return mixed(x, axis, np.eye(side, dtype=np.float32)[list(indices)])
    parts = [_stepped(x, axis, *run) for run in runs]
    return parts[0] if len(parts) == 1 else torch.cat(parts, axis)


def _runs(indices: list[int]) -> list[tuple[int, int, int]]:
    """Indices as (first, step, count), each as long as it goes."""
    runs: list[tuple[int, int, int]] = []
    for index in indices:
        if runs:
            first, step, count = runs[-1]
            if count == 1 and index != first:
                runs[-1] = (first, index - first, 2)
                continue
            if count > 1 and index == first + step * count:
                runs[-1] = (first, step, count + 1)
                continue
        runs.append((index, 1, 1))
    return runs


def _stepped(x: Tensor, axis: int, first: int, step: int, count: int) -> Tensor:
    if step < 0:
        side = x.shape[axis]
        x, first, step = x.flip(axis), side - 1 - first, -step
    index = [slice(None)] * x.dim()
    index[axis] = slice(first, first + step * (count - 1) + 1, step)
    return x[tuple(index)]


def repeated(x: Tensor, axis: int, times: int) -> Tensor:
    """`times` copies of x along an axis, one behind the other."""
    if times == 1:
        return x
    if x.dim() == 4 and x.shape[axis] == 1 and axis > 1:  # one row or column, grown
        size = list(x.shape[2:])
        size[axis - 2] = times
        return F.interpolate(x, size)
    if x.dim() == 4 and x.shape[axis] == 1 and axis == 1:
        return mixed(x, 1, np.ones((times, 1), np.float32))
    return torch.cat([x] * times, axis)


def depth_to_space(x: Tensor, block: int, channels_first: bool) -> Tensor:
    """[1, C b², H, W] → [1, C, b H, b W] by one transposed convolution, where reshapes would take
    six axes.

    Args:
        channels_first: a picture's channel is c b² + i b + j (ONNX's CRD, torch's pixel shuffle);
            else (i b + j) C + c (DCR).
    """
    return F.conv_transpose2d(x, constant(_blocks(x.shape[1], block, channels_first)), None, block)


def space_to_depth(x: Tensor, block: int, channels_first: bool) -> Tensor:
    """The inverse of `depth_to_space`, by a convolution."""
    weight = _blocks(x.shape[1] * block**2, block, channels_first)
    return F.conv2d(x, constant(weight), None, block)


def _blocks(packed: int, block: int, channels_first: bool) -> np.ndarray:
    """1 where a packed channel is a channel and a place in the block: [packed, C, b, b]."""
    channels = packed // block**2
    packed_of = np.arange(packed).reshape(
        (channels, block, block) if channels_first else (block, block, channels)
    )
    if not channels_first:
        packed_of = packed_of.transpose(2, 0, 1)  # [C, b, b]
    return (np.arange(packed)[:, None, None, None] == packed_of).astype(np.float32)
