"""Operators that take one number of many along axes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from torch import Tensor

from ...networks.normalisation import spatial_mean
from .registry import Attributes, form, numbers

Reduce = Callable[[Tensor, list[int], bool], Tensor]


def mean(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    """Axis by axis where it takes in a map: all at once, it is transposed first."""
    over = sorted(axis % x.dim() for axis in axes)
    if x.dim() != 4 or not {2, 3} <= set(over):
        return x.mean(over, keep)
    made = spatial_mean(x)
    for axis in (0, 1):
        if axis in over and x.shape[axis] > 1:
            made = made.mean(axis, keepdim=True)
    return made if keep else made.squeeze(tuple(over))


def _greatest(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    return x.amax(axes, keep)


def _root_of_squares(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    """From the mean: float16 may not hold the sum, and a sum's root under a quotient becomes
    L2_NORMALIZATION, which GPUs do not run."""
    count = math.prod(x.shape[axis] for axis in axes)
    return mean(x * x, axes, keep).sqrt() * math.sqrt(count)


def _log_of_sum(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    greatest = x.amax(axes, True)
    found = greatest + (x - greatest).exp().sum(axes, True).log()
    return found if keep else found.squeeze(tuple(axes))


def _reduction(name: str, function: Reduce, becomes: str = "") -> None:
    @form(name, becomes, numbers=True)
    def write(a: Attributes, x: Tensor, axes: np.ndarray | None = None) -> Tensor:
        over = list(a.get("axes", ())) if axes is None else numbers(axes)
        if not over:
            if a.get("noop_with_empty_axes", 0):
                return x
            over = list(range(x.dim()))
        return function(x, [axis % x.dim() for axis in over], bool(a.get("keepdims", 1)))


_reduction("ReduceL1", lambda x, axes, keep: x.abs().sum(axes, keep))
_reduction("ReduceL2", _root_of_squares, "the root of a mean of squares, times a number")
_reduction("ReduceLogSumExp", _log_of_sum)
_reduction("ReduceMax", _greatest)
_reduction("ReduceMean", mean, "of a map, means of rows, then columns")
_reduction("ReduceMin", lambda x, axes, keep: -_greatest(-x, axes, keep), "a negated REDUCE_MAX")
_reduction("ReduceSum", lambda x, axes, keep: x.sum(axes, keep))
_reduction("ReduceSumSquare", lambda x, axes, keep: (x * x).sum(axes, keep))


@form("GlobalAveragePool", "means of rows, then columns", always=True)
def _global_average(a: Attributes, x: Tensor) -> Tensor:
    return spatial_mean(x)


@form("GlobalMaxPool", "REDUCE_MAX")
def _global_max(a: Attributes, x: Tensor) -> Tensor:
    return x.amax((2, 3), keepdim=True)
