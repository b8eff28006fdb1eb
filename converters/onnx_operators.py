"""ONNX's operators in the forms that phone GPUs run.

Instance norm from means, transposed convolutions without padding, edges side by side: what others
trained takes these rewrites with it when it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import PocketstyleError
from ..networks.normalisation import spatial_mean

Attributes = dict[str, Any]


def _numbers(value: np.ndarray) -> list[int]:
    return [int(n) for n in value.tolist()]


def _pads(attributes: Attributes, k: tuple[int, ...], strides, dilations, x: Tensor) -> list[int]:
    """Of a convolution or a pool, as F.pad takes them: left, right, top, bottom."""
    automatic = attributes.get("auto_pad", b"NOTSET").decode()
    if automatic in ("NOTSET", "VALID"):
        top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
        return [left, right, top, bottom]
    pads = []
    for side, size, stride, dilation in zip(x.shape[2:], k, strides, dilations, strict=True):
        out = -(-side // stride)
        whole = max(0, (out - 1) * stride + (size - 1) * dilation + 1 - side)
        less, more = whole // 2, whole - whole // 2
        pads.append((less, more) if automatic == "SAME_UPPER" else (more, less))
    return [*pads[1], *pads[0]]


def _convolution(a: Attributes, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    strides, dilations = a.get("strides", [1, 1]), a.get("dilations", [1, 1])
    left, right, top, bottom = pads = _pads(a, weight.shape[2:], strides, dilations, x)
    if left == right and top == bottom:
        padding = (top, left)
    else:
        x, padding = _filled(x, pads, 0.0), (0, 0)
    return F.conv2d(x, weight, bias, strides, padding, dilations, a.get("group", 1))


def _transposed(a: Attributes, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Without padding; the margin is cut off afterwards."""
    strides = a.get("strides", [1, 1])
    top, left, bottom, right = a.get("pads", [0, 0, 0, 0])
    more = a.get("output_padding", [0, 0])
    bottom, right = bottom - more[0], right - more[1]
    if min(bottom, right) < 0 or a.get("auto_pad", b"NOTSET") != b"NOTSET":
        raise PocketstyleError("more output padding than padding")
    y = F.conv_transpose2d(
        x, weight, bias, strides, groups=a.get("group", 1), dilation=a.get("dilations", [1, 1])
    )
    return F.pad(y, (-left, -right, -top, -bottom))


def _instance_norm(a: Attributes, x: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    over = list(range(2, x.dim()))  # of a group norm, groups of whatever is flat
    centred = x - _mean(x, over, True)
    variance = _mean(centred * centred, over, True)
    scale, bias = (t[(None, slice(None), *[None] * len(over))] for t in (scale, bias))
    return centred * ((variance + a.get("epsilon", 1e-5)).rsqrt() * scale) + bias


def _batch_norm(a: Attributes, x, scale, bias, mean, variance) -> Tensor:
    factor = scale * (variance + a.get("epsilon", 1e-5)).rsqrt()
    shift = bias - mean * factor
    return x * factor.reshape(1, -1, 1, 1) + shift.reshape(1, -1, 1, 1)


def _pad(a: Attributes, x: Tensor, pads=None, value=None, axes=None) -> Tensor:
    if axes is not None:
        raise PocketstyleError("of chosen axes")
    pads = a["pads"] if pads is None else _numbers(pads)
    n = len(pads) // 2
    by_axis = [edge for i in range(n - 1, -1, -1) for edge in (pads[i], pads[n + i])]
    while by_axis and not any(by_axis[-2:]):  # F.pad reflects the last axes alone
        by_axis = by_axis[:-2]
    mode = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}[
        a.get("mode", b"constant").decode()
    ]
    if not by_axis:
        return x
    if mode == "replicate":
        return _edges(x, by_axis)
    if mode != "constant":
        return F.pad(x, by_axis, mode)
    return _filled(x, by_axis, 0.0 if value is None else float(value))


def _filled(x: Tensor, by_axis: list[int], value: float) -> Tensor:
    """Padded with a value side by side: litert-torch transposes around a pad."""
    if min(by_axis) < 0:  # cuts off, which becomes a slice
        return F.pad(x, by_axis, value=value)

    def border(axis: int, n: int) -> Tensor:
        return torch.full((*x.shape[:axis], n, *x.shape[axis + 1 :]), value)

    for axis, before, after in _by_axis(by_axis):
        borders = [[border(axis, n)] if n else [] for n in (before, after)]
        x = torch.cat([*borders[0], x, *borders[1]], axis)
    return x


def _edges(x: Tensor, by_axis: list[int]) -> Tensor:
    """Padded with the edges side by side: a mirror that repeats them stays on the CPU."""
    for axis, before, after in _by_axis(by_axis):
        first, last = x.narrow(axis, 0, 1), x.narrow(axis, x.shape[axis] - 1, 1)
        x = torch.cat([first] * before + [x] + [last] * after, axis)
    return x


def _by_axis(pads: list[int]) -> Iterator[tuple[int, int, int]]:
    """Axis, before and after, of F.pad's list of sides; those alone that are padded."""
    sides = zip((3, 2, 1, 0), pads[::2], pads[1::2], strict=False)
    return (side for side in sides if any(side[1:]))


def _resize(a: Attributes, x: Tensor, _region=None, scales=None, sizes=None) -> Tensor:
    if sizes is not None and sizes.size:
        size = _numbers(sizes)[2:]
    else:
        size = [round(s * f) for s, f in zip(x.shape[2:], scales.tolist()[2:], strict=True)]
    mode = a.get("mode", b"nearest").decode()
    where = a.get("coordinate_transformation_mode", b"half_pixel").decode()
    if mode == "nearest":
        if any(new % old for new, old in zip(size, x.shape[2:], strict=True)):
            raise PocketstyleError("to the nearest by no whole factor")
        return F.interpolate(x, size)
    if mode == "linear":
        return F.interpolate(x, size, mode="bilinear", align_corners=where == "align_corners")
    raise PocketstyleError(f"of mode {mode}")


def _upsample(a: Attributes, x: Tensor, scales: np.ndarray) -> Tensor:
    return _resize(a, x, scales=scales)


def _paired(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    """Of a map and less than four axes, with all of them: else it is transposed around it."""

    def pair(a: Attributes, x: Tensor, y: Tensor) -> Tensor:
        if 4 in (x.dim(), y.dim()):
            x, y = (one[(None,) * (4 - one.dim())] for one in (x, y))
        return function(x, y)

    return pair


def _reduced(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def reduce(a: Attributes, x: Tensor, axes: np.ndarray | None = None) -> Tensor:
        over = a.get("axes") if axes is None else _numbers(axes)
        over = list(range(x.dim())) if over is None else list(over)
        return function(x, over, bool(a.get("keepdims", 1)))

    return reduce


def _mean(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    """Axis by axis where it takes in a map: all at once, it is transposed first."""
    over = sorted(axis % x.dim() for axis in axes)
    if x.dim() != 4 or not {2, 3} <= set(over):
        return x.mean(axes, keep)
    mean = spatial_mean(x)
    for axis in (0, 1):
        if axis in over and x.shape[axis] > 1:
            mean = mean.mean(axis, keepdim=True)
    return mean if keep else mean.squeeze(tuple(over))


def _pool(function: Callable[..., Tensor], fill: float) -> Callable[..., Tensor]:
    def pool(a: Attributes, x: Tensor) -> Tensor:
        k, strides = a["kernel_shape"], a.get("strides", [1, 1])
        pads = _pads(a, k, strides, [1, 1], x)
        if any(pads):
            if function is F.avg_pool2d and not a.get("count_include_pad", 0):
                raise PocketstyleError("the mean leaves the padding out; count_include_pad=True")
            x = _filled(x, pads, fill)
        return function(x, k, strides, ceil_mode=bool(a.get("ceil_mode", 0)))

    return pool


def _slice(a: Attributes, x: Tensor, starts=None, ends=None, axes=None, steps=None) -> Tensor:
    first = a["starts"] if starts is None else _numbers(starts)
    last = a["ends"] if ends is None else _numbers(ends)
    over = a.get("axes", range(len(first))) if axes is None else _numbers(axes)
    step = [1] * len(first) if steps is None else _numbers(steps)
    index = [slice(None)] * x.dim()
    for axis, begin, end, by in zip(over, first, last, step, strict=True):
        index[axis % x.dim()] = slice(begin, end, by)
    return x[tuple(index)]


def _split(a: Attributes, x: Tensor, sizes: np.ndarray | None = None) -> tuple[Tensor, ...]:
    parts = a.get("split") if sizes is None else _numbers(sizes)
    axis = a.get("axis", 0)
    if parts is None:
        return x.chunk(a["num_outputs"], axis)
    return x.split(list(parts), axis)


def _reshape(a: Attributes, x: Tensor, shape: np.ndarray) -> Tensor:
    return x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(_numbers(shape))])


def _unsqueeze(a: Attributes, x: Tensor, axes: np.ndarray | None = None) -> Tensor:
    for axis in sorted(a["axes"] if axes is None else _numbers(axes)):
        x = x.unsqueeze(axis)
    return x


def _squeeze(a: Attributes, x: Tensor, axes: np.ndarray | None = None) -> Tensor:
    return x.squeeze(tuple(a["axes"] if axes is None else _numbers(axes)))


def _clip(a: Attributes, x: Tensor, low=None, high=None) -> Tensor:
    low = a.get("min") if low is None else float(low)
    high = a.get("max") if high is None else float(high)
    return x.clamp(low, high)


def _gemm(a: Attributes, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    x = x.T if a.get("transA") else x
    weight = a.get("alpha", 1.0) * (weight if a.get("transB") else weight.T)
    return F.linear(x, weight, None if bias is None else a.get("beta", 1.0) * bias)


def _depth_to_space(a: Attributes, x: Tensor) -> Tensor:
    if a.get("mode", b"DCR") != b"CRD":
        raise PocketstyleError("of mode DCR")
    return F.pixel_shuffle(x, a["blocksize"])


OPERATORS: dict[str, Callable[..., Any]] = {
    "Abs": lambda a, x: x.abs(),
    "Add": _paired(torch.add),
    "AveragePool": _pool(F.avg_pool2d, 0.0),
    "BatchNormalization": _batch_norm,
    "Clip": _clip,
    "Concat": lambda a, *parts: torch.cat(parts, a["axis"]),
    "Conv": _convolution,
    "ConvTranspose": _transposed,
    "DepthToSpace": _depth_to_space,
    "Div": _paired(torch.div),
    "Dropout": lambda a, x, *_: x,
    "Elu": lambda a, x: F.elu(x, a.get("alpha", 1.0)),
    "Exp": lambda a, x: x.exp(),
    "Flatten": lambda a, x: x.flatten(a.get("axis", 1)),
    "Gemm": _gemm,
    "GlobalAveragePool": lambda a, x: spatial_mean(x),
    "GlobalMaxPool": lambda a, x: x.amax((2, 3), keepdim=True),
    "HardSwish": lambda a, x: F.hardswish(x),
    "Identity": lambda a, x: x,
    "InstanceNormalization": _instance_norm,
    "LeakyRelu": lambda a, x: F.leaky_relu(x, a.get("alpha", 0.01)),
    "MatMul": lambda a, x, y: x @ y,
    "MaxPool": _pool(F.max_pool2d, float("-inf")),
    "Mul": _paired(torch.mul),
    "Neg": lambda a, x: -x,
    "PRelu": lambda a, x, slope: x.relu() - slope * (-x).relu(),
    "Pad": _pad,
    "Pow": lambda a, x, y: x * x if float(y) == 2 else x ** float(y),
    "Reciprocal": lambda a, x: 1 / x,
    "ReduceMax": _reduced(lambda x, axes, keep: x.amax(axes, keep)),
    "ReduceMean": _reduced(_mean),
    "ReduceSum": _reduced(lambda x, axes, keep: x.sum(axes, keep)),
    "Relu": lambda a, x: x.relu(),
    "Reshape": _reshape,
    "Resize": _resize,
    "Sigmoid": lambda a, x: x.sigmoid(),
    "Slice": _slice,
    "Softmax": lambda a, x: x.softmax(a.get("axis", -1)),
    "Split": _split,
    "Sqrt": lambda a, x: x.sqrt(),
    "Squeeze": _squeeze,
    "Sub": _paired(torch.sub),
    "Tanh": lambda a, x: x.tanh(),
    "Transpose": lambda a, x: x.permute(a.get("perm", list(range(x.dim()))[::-1])),
    "Unsqueeze": _unsqueeze,
    "Upsample": _upsample,
}
REDUCTIONS = {"ReduceMax", "ReduceMean", "ReduceSum"}
SHAPES = {"Reshape", "Resize", "Slice", "Split", "Squeeze", "Unsqueeze", "Upsample"}
BY_NUMBERS = {"Clip", "Pad", "Pow"} | REDUCTIONS | SHAPES
REWRITTEN = {
    "InstanceNormalization": "from means of rows, then columns",
    "ConvTranspose": "without padding, its margin cut off",
    "GlobalAveragePool": "means of rows, then columns",
}
