"""Whitening and colouring (Li et al. 2017), by eigenvectors and by matrix products alone.

With the covariances C of content and S of style:  S^1/2 · C^-1/2 · (x - mean_c) + mean_s. Of all
roots the symmetric one, so that a content that is its own style stays what it is. To every
eigenvalue of both comes a `RIDGE`, so that what is far below it counts as nothing: a cut would do
the same, but a video's directions would come and go as their eigenvalues cross it. Channels that
are zero change nothing for the others.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ...latency_model.kernel import Kernel
from ..normalisation import spatial_mean_kernels
from .transfer import Statistics, Transfer, channels_last_mean

RIDGE = 1e-3  # added to every eigenvalue, of their sum; more than what float16 rounds off
ITERATIONS = 12
SAMPLED = 128  # rows and columns of a covariance at most: it is of a few numbers, and LiteRT's GPU
# delegate is wrong, without a word, where a product is of more
TINY = 1e-4  # of a covariance's trace: below, there is nothing to whiten


class _Wct(Transfer):
    def kernels(self, c: int | Tensor, h: int, w: int) -> Iterator[Kernel]:
        """Of `NewtonSchulzWct`, which is what phones run."""

        def matrix(op: str) -> Kernel:
            return Kernel(op, c, c, 1, 1, 1, 1, c)

        def number(op: str) -> Kernel:
            return Kernel(op, 1, 1, 1, 1, 1, 1, 1)

        yield from spatial_mean_kernels(c, h, w)
        yield Kernel("SUB", c, c, 1, 1, 1, h, w)
        rows, columns = _strides(h, w)
        some_h, some_w = -(-h // rows), -(-w // columns)
        if rows > 1:
            yield Kernel("STRIDED_SLICE", c, c, 1, 1, 1, some_h, w)
        if columns > 1:
            yield Kernel("STRIDED_SLICE", c, c, 1, 1, 1, some_h, some_w)
        yield Kernel("MUL", c, c, 1, 1, 1, some_h, some_w)
        yield Kernel("BATCH_MATMUL", some_w, c, 1, 1, 1, some_h, c)
        yield Kernel("MEAN", c, c, some_h, 1, 1, 1, c)
        yield matrix("MUL")
        yield Kernel("MEAN", c, 1, c, 1, 1, 1, 1)
        yield from (number(op) for op in ("MUL", "ADD"))
        first, step = "DIV ADD SUB MUL BATCH_MATMUL ADD ADD", "BATCH_MATMUL SUB MUL"
        for op in first.split():
            yield matrix(op)
        for i in range(ITERATIONS - 1):
            product = "BATCH_MATMUL ADD"  # the last root is of no use
            for op in f"{step} {product if i < ITERATIONS - 2 else ''} {product}".split():
                yield matrix(op)
        yield matrix("BATCH_MATMUL")
        yield Kernel("RESIZE_NEAREST_NEIGHBOR", c, c, 1, 1, 1, h, c)
        yield number("RSQRT")
        for op in ("MUL", "BATCH_MATMUL", "ADD"):
            yield Kernel(op, c, c, 1, 1, 1, h, w)


class EigenWct(_Wct):
    """By eigenvectors in float64: the reference.

    Statistics: mean [B, 1, 1, C] and the covariance's square root [B, 1, C, C].

    Args:
        ridge: in place of `RIDGE`; what is published has next to none.
    """

    def __init__(self, ridge: float = RIDGE):
        super().__init__()
        self.ridge = ridge

    def statistics(self, style: Tensor) -> Statistics:
        mean, _, covariance = moments(style.double())
        values, vectors = eigen(covariance, self.ridge)
        root = composed(values.sqrt(), vectors)
        return mean.to(style.dtype), root.to(style.dtype)

    def forward(self, content: Tensor, *statistics: Tensor) -> Tensor:
        mean, colouring = (t.double() for t in statistics)
        _, centred, covariance = moments(content.double())
        values, vectors = eigen(covariance, self.ridge)
        whitening = composed(values.rsqrt(), vectors)
        made = centred @ (whitening @ colouring) + mean
        return made.permute(0, 3, 1, 2).to(content.dtype)


class NewtonSchulzWct(_Wct):
    """By matrix products alone, for graphs that phones run; statistics as `EigenWct`."""

    def statistics(self, style: Tensor) -> Statistics:
        mean, _, covariance = moments(style)
        root, _, scale = square_roots(covariance)
        return mean, root * scale.sqrt()

    def forward(self, content: Tensor, *statistics: Tensor) -> Tensor:
        mean, colouring = statistics
        _, centred, covariance = moments(content)
        _, inverse, scale = square_roots(covariance)
        # The scale meets the features first: of a constant picture its inverse would be infinite in
        # float16, and the features are zero. A matrix for each row: LiteRT's GPU delegate is wrong,
        # without a word, where all rows share one, and knows how to resize.
        matrix = (inverse @ colouring).permute(0, 3, 1, 2)
        h, c = centred.shape[1], centred.shape[3]
        by_row = F.interpolate(matrix, size=(h, c), mode="nearest").permute(0, 2, 3, 1)
        return ((centred * scale.rsqrt()) @ by_row + mean).permute(0, 3, 1, 2)


def square_roots(covariance: Tensor, iterations: int = ITERATIONS) -> tuple[Tensor, Tensor, Tensor]:
    """N^1/2 and N^-1/2 of covariances A = s N by the coupled Newton-Schulz iteration.

    s is A's trace, which bounds its eigenvalues, so those of N are at most 1, the iteration
    converges and no product exceeds what float16 holds. With Y = N and Z = I:  R = (I - Z Y) / 2,
    Y ← Y + Y R, Z ← Z + R Z;  Y → N^1/2 and Z → N^-1/2 (Higham 2008, eq. 6.35, by what is left to
    do). A small eigenvalue grows by 9/4 a step to begin with: `ITERATIONS` bring one of `RIDGE`
    home. The sums are not for show: LiteRT's GPU delegate is wrong, without a word, where a product
    goes straight into two others.

    Args:
        covariance: [B, 1, C, C], of rank 0 to C.

    Returns:
        Both roots [B, 1, C, C], and s [B, 1, 1, 1]:  A^1/2 = s^1/2 N^1/2.
    """
    c = covariance.shape[-1]
    identity = torch.from_numpy(np.eye(c)[None, None]).to(covariance)  # a constant when exported
    scale = (covariance * identity).mean((2, 3), keepdim=True) * c**2 + TINY
    root = covariance / scale + RIDGE * identity
    rest = 0.5 * (identity - root)  # the first step, from Z = I: GPUs multiply no constants
    root, inverse = root + root @ rest, identity + rest
    for _ in range(iterations - 1):
        rest = 0.5 * (identity - inverse @ root)
        root, inverse = root + root @ rest, inverse + rest @ inverse
    return root, inverse, scale


def eigen(covariance: Tensor, ridge: float = RIDGE) -> tuple[Tensor, Tensor]:
    """Eigenvalues with the ridge, [B, 1, 1, C], and eigenvectors [B, 1, C, C]."""
    values, vectors = torch.linalg.eigh(covariance)
    values = values.clamp(min=0)[..., None, :]
    return values + ridge * (values.sum(-1, keepdim=True) + TINY), vectors


def composed(values: Tensor, vectors: Tensor) -> Tensor:
    """The symmetric matrix [B, 1, C, C] of eigenvalues and eigenvectors as `eigen` has them."""
    return (vectors * values) @ vectors.mT


def moments(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean [B, 1, 1, C], centred features [B, H, W, C], their covariance [B, 1, C, C].

    Channels last, as graphs have them. Products over a row at a time, then their mean over rows:
    float16 holds each of the sums. Of larger maps every so many rows and columns count.
    """
    x = x.permute(0, 2, 3, 1)
    mean = channels_last_mean(x)
    centred = x - mean
    h, w = x.shape[1:3]
    rows, columns = _strides(h, w)
    some = centred[:, ::rows] if rows > 1 else centred
    some = some[:, :, ::columns] if columns > 1 else some
    h, w = some.shape[1:3]
    by_row = (some * (h / max(h * w - 1, 1))).mT @ some  # [B, h, C, C]
    return mean, centred, by_row.mean(1, keepdim=True)


def _strides(h: int, w: int) -> tuple[int, int]:
    """Of rows and columns whose pixels a covariance is of."""
    return -(-h // SAMPLED), -(-w // SAMPLED)
