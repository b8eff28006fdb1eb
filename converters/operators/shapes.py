"""Operators that move, cut and join without computing."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from ...errors import PocketstyleError
from .mixing import depth_to_space, repeated, space_to_depth, taken
from .registry import Attributes, form, numbers


@form("Reshape", numbers=True)
def _reshape(a: Attributes, x: Tensor, shape: np.ndarray) -> Tensor:
    kept = [] if a.get("allowzero") else x.shape
    sides = enumerate(numbers(shape))
    return x.reshape([kept[i] if side == 0 and kept else side for i, side in sides])


@form("Flatten")
def _flatten(a: Attributes, x: Tensor) -> Tensor:
    axis = a.get("axis", 1)
    axis = axis + x.dim() if axis < 0 else axis
    return x.reshape(math.prod(x.shape[:axis]), -1)


@form("Transpose")
def _transpose(a: Attributes, x: Tensor) -> Tensor:
    return x.permute(list(a.get("perm", range(x.dim())[::-1])))


@form("Unsqueeze", numbers=True)
def _unsqueeze(a: Attributes, x: Tensor, axes: np.ndarray | None = None) -> Tensor:
    axes = list(a["axes"]) if axes is None else numbers(axes)
    for axis in sorted(axis % (x.dim() + len(axes)) for axis in axes):
        x = x.unsqueeze(axis)
    return x


@form("Squeeze", numbers=True)
def _squeeze(a: Attributes, x: Tensor, axes: np.ndarray | None = None) -> Tensor:
    over = a.get("axes") if axes is None else numbers(axes)
    return x.squeeze() if over is None else x.squeeze(tuple(over))


@form("Concat")
def _concat(a: Attributes, *parts: Tensor) -> Tensor:
    return torch.cat(parts, a["axis"])


@form("Split", numbers=True)
def _split(a: Attributes, x: Tensor, sizes: np.ndarray | None = None) -> tuple[Tensor, ...]:
    axis = a.get("axis", 0)
    parts = a.get("split") if sizes is None else numbers(sizes)
    if parts is None:  # equal ones, the last what is left
        side, count = x.shape[axis], a["outputs"]
        each = -(-side // count)
        parts = [each] * (count - 1) + [side - each * (count - 1)]
    return x.split(list(parts), axis)


@form(
    "Slice",
    "slices; of rows or columns backwards REVERSE_V2, which LiteRT's delegate alone runs",
    numbers=True,
)
def _slice(a: Attributes, x: Tensor, starts=None, ends=None, axes=None, steps=None) -> Tensor:
    first = a["starts"] if starts is None else numbers(starts)
    last = a["ends"] if ends is None else numbers(ends)
    over = a.get("axes", range(len(first))) if axes is None else numbers(axes)
    by = [1] * len(first) if steps is None else numbers(steps)
    for axis, begin, end, step in zip(over, first, last, by, strict=True):
        axis %= x.dim()
        kept = range(x.shape[axis])[_slice_of(begin, end, step, x.shape[axis])]
        if not kept:
            raise PocketstyleError("of nothing")
        if len(kept) < x.shape[axis] or step < 0:
            x = taken(x, axis, kept)
    return x


def _slice_of(begin: int, end: int, step: int, side: int) -> slice:
    """ONNX's: an end before the first value means to the first, which Python calls None."""
    return slice(begin, None if step < 0 and end < -side else end, step)


@form("Gather", "slices, or a 1x1 convolution that permutes; of constant indices", numbers=True)
def _gather(a: Attributes, x: Tensor, indices: np.ndarray) -> Tensor:
    axis = a.get("axis", 0) % x.dim()
    y = taken(x, axis, numbers(indices))
    if indices.ndim == 1:
        return y
    return y.reshape(*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])


@form("Expand", "RESIZE_NEAREST_NEIGHBOR, a 1x1 convolution or copies side by side", numbers=True)
def _expand(a: Attributes, x: Tensor, shape: np.ndarray) -> Tensor:
    sides = numbers(shape)
    x = x[(None,) * (len(sides) - x.dim())]
    for axis, side in enumerate(reversed(sides), 1):
        if side != 1 and x.shape[-axis] == 1:
            x = repeated(x, x.dim() - axis, side)
    return x


@form("Tile", "as Expand", numbers=True)
def _tile(a: Attributes, x: Tensor, repeats: np.ndarray) -> Tensor:
    for axis, times in enumerate(numbers(repeats)):
        x = repeated(x, axis, times)
    return x


@form("DepthToSpace", "TRANSPOSE_CONV")
def _depth_to_space(a: Attributes, x: Tensor) -> Tensor:
    return depth_to_space(x, a["blocksize"], a.get("mode", b"DCR") == b"CRD")


@form("SpaceToDepth", "a convolution with a stride")
def _space_to_depth(a: Attributes, x: Tensor) -> Tensor:
    return space_to_depth(x, a["blocksize"], channels_first=False)
