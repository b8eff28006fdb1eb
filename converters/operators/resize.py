"""Resizes: what each row and column of the picture is made of, by ONNX's rules, as GPUs do it.

The rules (coordinates, rounding, kernels) give one matrix per axis. Where it is the matrix of an
operator that GPUs have, that one is taken; any other is applied as it is.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from ...errors import PocketstyleError
from .mixing import mixed, repeated, taken
from .padding import edges
from .registry import Attributes, form, known, numbers

ROWS, COLUMNS = 2, 3
CLOSE = 1e-6  # matrices that are alike
OLD = {"coordinate_transformation_mode": b"asymmetric", "nearest_mode": b"simple"}  # to opset 10


@form(
    "Resize",
    "RESIZE_BILINEAR or RESIZE_NEAREST_NEIGHBOR, slices, or 1x1 convolutions over rows and columns",
    numbers=True,
)
def _resize(a: Attributes, x: Tensor, *operands: np.ndarray | None) -> Tensor:
    if a["opset"] < 11:  # no region yet
        return _resized(a | OLD, x, operands[0], None)
    _, scales, sizes = (*operands, None, None, None)[:3]
    return _resized(a, x, scales, sizes)


@form("Upsample", "as Resize", numbers=True)
def _upsample(a: Attributes, x: Tensor, scales: np.ndarray | None = None) -> Tensor:
    given = np.asarray(a["scales"], np.float32) if scales is None else scales
    return _resized(a | OLD, x, given, None)


def _resized(a: Attributes, x: Tensor, scales, sizes) -> Tensor:
    if a.get("keep_aspect_ratio_policy", b"stretch") != b"stretch":
        raise PocketstyleError("with keep_aspect_ratio_policy; export it with plain scales")
    axes = [axis % x.dim() for axis in a.get("axes", range(x.dim()))]
    if sizes is not None and sizes.size:
        new = dict(zip(axes, numbers(sizes), strict=True))
        factors = {axis: np.float32(side) / np.float32(x.shape[axis]) for axis, side in new.items()}
    else:
        given = known(scales, "scales").astype(np.float32).reshape(-1)
        factors = dict(zip(axes, given, strict=True))
        # as onnxruntime, in float32: 12 * 0.41666666 is 5 there, and 4.9999999 otherwise
        new = {axis: math.floor(np.float32(x.shape[axis]) * f) for axis, f in factors.items()}
    moved = [axis for axis in axes if new[axis] != x.shape[axis] or factors[axis] != 1]
    if not moved:
        return x
    if x.dim() != 4 or min(moved) == 0:
        raise PocketstyleError(f"of axes {moved} of {x.dim()}; pictures have rows and columns")
    matrices = {axis: matrix(a, x.shape[axis], new[axis], factors[axis]) for axis in moved}
    if 1 in moved and 3 not in moved:  # channels last
        last = {axis + 1: matrices[axis] for axis in moved}
        return _applied(x.permute(0, 3, 1, 2), last).permute(0, 2, 3, 1)
    return _applied(x, matrices)


def _applied(x: Tensor, matrices: dict[int, np.ndarray]) -> Tensor:
    """Each axis's matrix applied, by the cheapest operator that does it."""
    if set(matrices) <= {ROWS, COLUMNS}:
        pair = [matrices.get(axis, np.eye(x.shape[axis])) for axis in (ROWS, COLUMNS)]
        size = [len(one) for one in pair]
        if all(_alike(one, _copies(one)) for one in pair):
            return F.interpolate(x, size)
        if min(x.shape[2:]) > 1:
            for corners in (False, True):
                if all(_alike(one, bilinear(*one.shape[::-1], corners)) for one in pair):
                    return F.interpolate(x, size, mode="bilinear", align_corners=corners)
            grown = [_corner_growth(one) for one in pair]
            if all(grown):
                return _grown_from_corners(x, size, grown)
    for axis, one in matrices.items():
        chosen = one.argmax(1)
        if _alike(one, np.eye(one.shape[1])[chosen]):
            x = _selected(x, axis, [int(i) for i in chosen])
        else:
            x = mixed(x, axis, one)
    return x


def _selected(x: Tensor, axis: int, chosen: list[int]) -> Tensor:
    if set(chosen) == {0} and x.shape[axis] == 1:
        return repeated(x, axis, len(chosen))
    return taken(x, axis, chosen)


def _alike(one: np.ndarray, other: np.ndarray | None) -> bool:
    return (
        other is not None and one.shape == other.shape and bool(np.allclose(one, other, 0, CLOSE))
    )


def _copies(one: np.ndarray) -> np.ndarray | None:
    """Every value as often as the others: nearest neighbours by a whole factor."""
    out, side = one.shape
    return None if out % side else np.repeat(np.eye(side), out // side, 0)


def bilinear(side: int, out: int, corners: bool) -> np.ndarray:
    """The matrix of TFLite's RESIZE_BILINEAR: half pixels, or corners that stay where they are."""
    places = np.arange(out, dtype=np.float64)
    if corners:
        places = places * ((side - 1) / (out - 1) if out > 1 else 0.0)
    else:
        places = (places + 0.5) * (side / out) - 0.5
    return _linear(places, side, 1.0)


def _corner_growth(one: np.ndarray) -> tuple[int, int] | None:
    """Border and resized side with which a resize that keeps corners, cut off, is this matrix.

    Place i / s of a picture of `side` is i (padded - 1) / (resized - 1) of one that ends in copies
    of its last row, for all s: TensorFlow 1's rule, ONNX's "asymmetric".
    """
    out, side = one.shape
    inside = [i for i in range(1, out) if 0 < one[i] @ np.arange(side) < side - 1 - CLOSE]
    if not inside:
        return None
    step = Fraction(float(one[inside[-1]] @ np.arange(side)) / inside[-1]).limit_denominator(
        side * 4
    )
    if step <= 0:
        return None
    periods = max(-(-(side - 1) // step.numerator), -(-(out - 1) // step.denominator))
    padded, resized = step.numerator * periods + 1, step.denominator * periods + 1
    if padded > 2 * side + 1:
        return None
    whole = bilinear(padded, resized, corners=True)[:out]
    folded = whole[:, :side].copy()
    folded[:, -1] += whole[:, side:].sum(1)
    return (padded - side, resized) if _alike(one, folded) else None


def _grown_from_corners(x: Tensor, size: list[int], grown: list[tuple[int, int]]) -> Tensor:
    x = edges(x, [(0, 0), (0, 0), *((0, border) for border, _ in grown)])
    y = F.interpolate(x, [whole for _, whole in grown], mode="bilinear", align_corners=True)
    return y[:, :, : size[0], : size[1]]


def matrix(a: Attributes, side: int, out: int, scale: np.float32) -> np.ndarray:
    """[out, side]: how each new value is made of the old ones, along one axis.

    Raises:
        PocketstyleError: a rule that is not known here, by its attribute.
    """
    places = _places(a, side, out, scale)
    mode = a.get("mode", b"nearest").decode()
    if mode == "nearest":
        return np.eye(side)[_nearest(a, places, side, shrinks=scale < 1)]
    shrunk = min(1.0, float(scale)) if a.get("antialias", 0) else 1.0
    left_out = a.get("exclude_outside", 0) and (mode == "cubic" or a.get("antialias", 0))
    outside = "left out" if left_out else "edge"
    if mode in ("linear", "bilinear"):
        return _linear(places, side, shrunk, outside)
    if mode == "cubic":
        return _cubic(places, side, shrunk, outside, float(a.get("cubic_coeff_a", -0.75)))
    raise PocketstyleError(f"of mode {mode}")


def _places(a: Attributes, side: int, out: int, scale: np.float32) -> np.ndarray:
    """Where each new value lies among the old ones; as onnxruntime, in float32."""
    rule = a.get("coordinate_transformation_mode", b"half_pixel").decode()
    i, half = np.arange(out, dtype=np.float32), np.float32(0.5)
    if rule == "asymmetric":
        return i / scale
    if rule == "align_corners":
        step = (side - 1) / (out - 1) if out > 1 else 0
        return i * np.float32(side - 1) / np.float32(out - 1) if step else 0 * i
    if rule == "half_pixel" or (rule == "pytorch_half_pixel" and out > 1):
        return (i + half) / scale - half
    if rule == "pytorch_half_pixel":
        return 0 * i
    if rule == "tf_half_pixel_for_nn":
        return (i + half) / scale
    if rule == "half_pixel_symmetric":
        adjusted = np.float32(out) / (scale * np.float32(side))
        return np.float32(side) / 2 * (1 - adjusted) + (i + half) / scale - half
    raise PocketstyleError(f"with coordinate_transformation_mode {rule}")


def _nearest(a: Attributes, places: np.ndarray, side: int, shrinks: bool) -> np.ndarray:
    rule = a.get("nearest_mode", b"round_prefer_floor").decode()
    rounded = {
        "round_prefer_floor": lambda: np.ceil(places - np.float32(0.5)),
        "round_prefer_ceil": lambda: np.floor(places + np.float32(0.5)),
        "floor": lambda: np.floor(places),
        "ceil": lambda: np.ceil(places),
        "simple": lambda: np.ceil(places) if shrinks else np.floor(places),  # onnxruntime's
    }
    if rule not in rounded:
        raise PocketstyleError(f"with nearest_mode {rule}")
    return np.clip(rounded[rule](), 0, side - 1).astype(int)


def _linear(places: np.ndarray, side: int, shrunk: float, outside: str = "edge") -> np.ndarray:
    if shrunk == 1.0 and outside == "edge":
        places = np.clip(places, 0, side - 1)
    return _weighed(places, side, 1, shrunk, outside, lambda d: np.maximum(0.0, 1 - np.abs(d)))


def _cubic(places: np.ndarray, side: int, shrunk: float, outside: str, c: float) -> np.ndarray:
    """Keys 1981."""

    def kernel(d: np.ndarray) -> np.ndarray:
        d = np.abs(d)
        near = ((c + 2) * d - (c + 3)) * d * d + 1
        far = ((c * d - 5 * c) * d + 8 * c) * d - 4 * c
        return np.where(d <= 1, near, np.where(d < 2, far, 0.0))

    return _weighed(places, side, 2, shrunk, outside, kernel)


def _weighed(places, side: int, reach: int, shrunk: float, outside: str, kernel) -> np.ndarray:
    """Weights by distance; those of places outside go to the edge, or the others share them."""
    wide = math.ceil(reach / shrunk) + 1
    places = np.asarray(places, np.float64)
    weights = np.zeros((len(places), side))
    rows = np.arange(len(places))
    for offset in range(-wide, wide + 1):
        index = np.floor(places).astype(int) + offset
        weight = kernel((index - places) * shrunk)
        inside = (index >= 0) & (index < side)
        if outside == "left out":
            weight = np.where(inside, weight, 0.0)
        np.add.at(weights, (rows, np.clip(index, 0, side - 1)), weight)
    return weights / weights.sum(1, keepdims=True)
