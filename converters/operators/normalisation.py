"""Norms, from means and differences: the fused ones have no lowering, or one with transposes."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from ...errors import PocketstyleError
from .mixing import mixed
from .reductions import mean
from .registry import Attributes, form


def _normalised(x: Tensor, axes: list[int], epsilon: float) -> tuple[Tensor, Tensor]:
    """The centred map, and what it is multiplied by."""
    centred = x - mean(x, axes, True)
    return centred, (mean(centred * centred, axes, True) + epsilon).rsqrt()


def _by_channel(x: Tensor, per_channel: Tensor) -> Tensor:
    return per_channel[(None, slice(None), *[None] * (x.dim() - 2))]


@form("InstanceNormalization", "from means of rows, then columns", always=True)
def _instance_norm(a: Attributes, x: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    axes = list(range(2, x.dim()))  # of a group norm, groups of whatever is flat
    centred, factor = _normalised(x, axes, a.get("epsilon", 1e-5))
    return centred * (factor * _by_channel(x, scale)) + _by_channel(x, bias)


@form("GroupNormalization", "means of channels, then of groups by a 1x1 convolution", always=True)
def _group_norm(a: Attributes, x: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    groups, channels = a["num_groups"], x.shape[1]
    each = channels // groups
    if x.dim() != 4:
        raise PocketstyleError(f"of {x.dim()} axes; a map has four")
    if len(scale) == groups != channels:  # until opset 20, of groups
        scale, bias = (one.repeat_interleave(each) for one in (scale, bias))
    of_group = np.kron(np.eye(groups), np.full((each, each), 1 / each))
    centred = x - mixed(mean(x, [2, 3], True), 1, of_group)
    variance = mixed(mean(centred * centred, [2, 3], True), 1, of_group)
    factor = (variance + a.get("epsilon", 1e-5)).rsqrt()
    return centred * (factor * _by_channel(x, scale)) + _by_channel(x, bias)


@form("LayerNormalization", "means and differences", always=True)
def _layer_norm(a: Attributes, x: Tensor, scale: Tensor, bias: Tensor | None = None) -> Tensor:
    axes = list(range(a.get("axis", -1) % x.dim(), x.dim()))
    centred, factor = _normalised(x, axes, a.get("epsilon", 1e-5))
    y = centred * factor * scale[(None,) * (x.dim() - scale.dim())]
    return y if bias is None else y + bias[(None,) * (x.dim() - bias.dim())]


@form("RMSNormalization", "a mean of squares", always=True)
def _rms_norm(a: Attributes, x: Tensor, scale: Tensor) -> Tensor:
    axes = list(range(a.get("axis", -1) % x.dim(), x.dim()))
    factor = (mean(x * x, axes, True) + a.get("epsilon", 1e-5)).rsqrt()
    return x * factor * scale[(None,) * (x.dim() - scale.dim())]


@form("LpNormalization", "of order 2, the root of a mean of squares")
def _lp_norm(a: Attributes, x: Tensor) -> Tensor:
    axis = a.get("axis", -1) % x.dim()
    if a.get("p", 2) == 1:
        return x / x.abs().sum(axis, keepdim=True)
    # under a root, a sum becomes L2_NORMALIZATION, which GPUs do not run
    return x / (mean(x * x, [axis], True).sqrt() * x.shape[axis] ** 0.5)


@form("BatchNormalization", "a multiplication and an addition")
def _batch_norm(a: Attributes, x, scale, bias, average, variance) -> Tensor:
    if a.get("training_mode", 0):
        raise PocketstyleError("in training mode; export the network in eval()")
    factor = scale * (variance + a.get("epsilon", 1e-5)).rsqrt()
    shift = bias - average * factor
    return x * _by_channel(x, factor) + _by_channel(x, shift)
