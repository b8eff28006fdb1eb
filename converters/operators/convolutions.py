"""Convolutions and pools."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ...errors import PocketstyleError
from .padding import Pads, cut, edges, filled
from .registry import Attributes, constant, form


def _check_axes(x: Tensor) -> None:
    if x.dim() != 4:
        raise PocketstyleError(f"of {x.dim() - 2} axes; pictures have two")


def _pads(
    a: Attributes, k: Sequence[int], strides: Sequence[int], dilations: Sequence[int], x: Tensor
) -> Pads:
    """Of rows and columns, before and after."""
    automatic = a.get("auto_pad", b"NOTSET").decode()
    if automatic in ("NOTSET", "VALID"):
        top, left, bottom, right = a.get("pads", [0] * 4) if automatic == "NOTSET" else [0] * 4
        return [(top, bottom), (left, right)]
    pads = []
    for side, size, stride, dilation in zip(x.shape[2:], k, strides, dilations, strict=True):
        out = -(-side // stride)
        whole = max(0, (out - 1) * stride + (size - 1) * dilation + 1 - side)
        less, more = whole // 2, whole - whole // 2
        pads.append((less, more) if automatic == "SAME_UPPER" else (more, less))
    return pads


@form("Conv")
def _convolution(a: Attributes, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    _check_axes(x)
    strides, dilations = a.get("strides", [1, 1]), a.get("dilations", [1, 1])
    pads = _pads(a, weight.shape[2:], strides, dilations, x)
    padding = tuple(before for before, _ in pads)
    if any(before != after for before, after in pads):
        x, padding = filled(x, [(0, 0), (0, 0), *pads]), (0, 0)
    return F.conv2d(x, weight, bias, strides, padding, dilations, a.get("group", 1))


@form("ConvTranspose", "without padding, its margin cut off", always=True)
def _transposed(a: Attributes, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    _check_axes(x)  # groups and dilations, a pattern has taken out before
    strides = list(a.get("strides", [1, 1]))
    more = a.get("output_padding", [0, 0])
    k = weight.shape[2:]
    whole = [(side - 1) * by + size for side, by, size in zip(x.shape[2:], strides, k, strict=True)]
    wanted = list(a["output_shape"])[-2:] if "output_shape" in a else None
    automatic = a.get("auto_pad", b"NOTSET").decode()
    if wanted is None and automatic.startswith("SAME"):
        wanted = [side * by for side, by in zip(x.shape[2:], strides, strict=True)]
    margins: Pads = []  # to cut off; negative ones are added
    given = a.get("pads", [0] * 4) if automatic == "NOTSET" else [0] * 4
    for axis in (0, 1):
        if wanted is None:
            before, out = given[axis], whole[axis] + more[axis] - given[axis] - given[axis + 2]
        else:
            out = wanted[axis]
            over = max(0, whole[axis] + more[axis] - out)
            before = over // 2 if automatic == "SAME_UPPER" else over - over // 2
        margins.append((-before, out + before - whole[axis]))
    added = any(after > 0 for _, after in margins)
    y = F.conv_transpose2d(x, weight, None if added else bias, strides)
    y, borders = cut(y, [(0, 0), (0, 0), *margins])
    if not added:
        return y
    y = filled(y, borders)
    return y if bias is None else y + bias[None, :, None, None]


def _windows(a: Attributes, x: Tensor) -> tuple[list[int], list[int], list[int], Pads, Pads]:
    """Of a pool: kernel, strides, dilations, pads, and what ceil_mode adds behind."""
    _check_axes(x)
    k = list(a["kernel_shape"])
    strides, dilations = list(a.get("strides", [1, 1])), list(a.get("dilations", [1, 1]))
    pads, beyond = _pads(a, k, strides, dilations, x), [(0, 0), (0, 0)]
    if a.get("ceil_mode", 0):
        for axis, ((before, after), by) in enumerate(zip(pads, strides, strict=True)):
            window = (k[axis] - 1) * dilations[axis] + 1
            room = x.shape[2 + axis] + before + after - window
            out = -(-room // by) + 1
            if (out - 1) * by >= x.shape[2 + axis] + before:  # no window that begins outside
                out -= 1
            beyond[axis] = (0, max(0, (out - 1) * by - room))
    return k, strides, dilations, pads, beyond


@form("MaxPool", "with borders that repeat the edge; with dilations, MAXIMUM of slices")
def _max_pool(a: Attributes, x: Tensor) -> Tensor:
    k, strides, dilations, pads, beyond = _windows(a, x)
    borders = [(b + c, d + e) for (b, d), (c, e) in zip(pads, beyond, strict=True)]
    if max(dilations) == 1:
        # each window meets the edge that its border repeats
        return F.max_pool2d(edges(x, [(0, 0), (0, 0), *borders]), k, strides)
    x = filled(x, [(0, 0), (0, 0), *borders], LEAST)
    for axis in (0, 1):
        count = (x.shape[2 + axis] - (k[axis] - 1) * dilations[axis] - 1) // strides[axis] + 1
        last = strides[axis] * (count - 1) + 1
        starts = (dilations[axis] * i for i in range(k[axis]))
        index = (slice(None),) * (2 + axis)
        shifted = [x[(*index, slice(start, start + last, strides[axis]))] for start in starts]
        x = functools.reduce(torch.maximum, shifted)
    return x


LEAST = -6e4  # that float16 holds


@form("AveragePool", "with borders, times a map of what counts")
def _average_pool(a: Attributes, x: Tensor) -> Tensor:
    k, strides, dilations, pads, beyond = _windows(a, x)
    if max(dilations) > 1:
        raise PocketstyleError("with dilations; a depthwise convolution does the same")
    borders = [(b + c, d + e) for (b, d), (c, e) in zip(pads, beyond, strict=True)]
    y = F.avg_pool2d(filled(x, [(0, 0), (0, 0), *borders]), k, strides)
    padding = float(a.get("count_include_pad", 0))
    shares = []
    for axis, (around, behind) in enumerate(zip(pads, beyond, strict=True)):
        counts = np.pad(np.ones(x.shape[2 + axis]), around, constant_values=padding)
        counts = np.pad(counts, behind)
        shares.append(np.lib.stride_tricks.sliding_window_view(counts, k[axis]).mean(1))
    counted = np.outer(shares[0][:: strides[0]], shares[1][:: strides[1]])
    return y if (counted == 1).all() else y * constant(1 / counted[None, None])
