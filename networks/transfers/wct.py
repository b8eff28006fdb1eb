"""Whitening and colouring (Li et al. 2017), by eigenvectors and by matrix products alone.

With the covariances C of content and S of style:  S^1/2 · C^-1/2 · (x - mean_c) + mean_s. Of all
roots the symmetric one, so that a content that is its own style stays what it is.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..normalisation import spatial_mean
from .transfer import Statistics, Transfer

DROPPED = 1e-5  # eigenvalues of a covariance that count as zero, of the largest
RIDGE = 1e-5  # added to every eigenvalue before the iteration, of their mean
ITERATIONS = 24
TINY = 1e-6  # of a covariance: below, there is nothing to whiten


class EigenWct(Transfer):
    """By eigenvectors in float64: the reference; eigenvalues below a cut are dropped.

    Statistics: mean [B, C, 1, 1] and the covariance's square root [B, C, C].
    """

    def statistics(self, style: Tensor) -> Statistics:
        mean, _, covariance = _moments(style.double())
        values, vectors = torch.linalg.eigh(covariance)
        roots = values.clamp(min=0).sqrt()
        return mean.to(style.dtype), ((vectors * roots[:, None]) @ vectors.mT).to(style.dtype)

    def forward(self, content: Tensor, *statistics: Tensor) -> Tensor:
        mean, colouring = (t.double() for t in statistics)
        _, centred, covariance = _moments(content.double())
        values, vectors = torch.linalg.eigh(covariance)
        kept = (values > DROPPED * values[:, -1:]) & (values > TINY)
        inverse_roots = torch.where(kept, values.clamp(min=TINY).rsqrt(), 0)
        whitening = (vectors * inverse_roots[:, None]) @ vectors.mT
        return (_applied(colouring @ whitening, centred) + mean).to(content.dtype)


class NewtonSchulzWct(Transfer):
    """By matrix products alone, for graphs that phones run; statistics as `EigenWct`."""

    def statistics(self, style: Tensor) -> Statistics:
        mean, _, covariance = _moments(style)
        root, _, scale = square_roots(covariance)
        return mean, root * scale.sqrt()

    def forward(self, content: Tensor, *statistics: Tensor) -> Tensor:
        mean, colouring = statistics
        _, centred, covariance = _moments(content)
        _, inverse, scale = square_roots(covariance)
        # the scale meets the features first: of a constant picture its inverse would be infinite in
        # float16, and the features are zero
        whitened = centred * scale.rsqrt()[..., None]
        return _applied(colouring @ inverse, whitened) + mean


def square_roots(covariance: Tensor, iterations: int = ITERATIONS) -> tuple[Tensor, Tensor, Tensor]:
    """N^1/2 and N^-1/2 of covariances A = s N by the coupled Newton-Schulz iteration.

    s is A's trace, which bounds its eigenvalues, so those of N are at most 1, the iteration
    converges and no product exceeds what float16 holds. With Y = N and Z = I:  R = (I - Z Y) / 2,
    Y ← Y + Y R, Z ← Z + R Z;  Y → N^1/2 and Z → N^-1/2 (Higham 2008, eq. 6.35, by what is left to
    do). A small eigenvalue grows by 3/2 a step to begin with: `ITERATIONS` bring one of `RIDGE`
    home. The sums are not for show: LiteRT's GPU delegate is wrong, without a word, where a product
    goes straight into two others.

    Args:
        covariance: [B, C, C], of rank 0 to C.

    Returns:
        Both roots [B, C, C], and s [B, 1, 1]:  A^1/2 = s^1/2 N^1/2.
    """
    c = covariance.shape[-1]
    identity = torch.from_numpy(np.eye(c)[None]).to(covariance)  # a constant of exported graphs
    scale = (covariance * identity).mean((1, 2), keepdim=True) * c**2 + TINY
    root = covariance / scale + (RIDGE / c) * identity
    rest = 0.5 * (identity - root)  # the first step, from Z = I: GPUs multiply no constants
    root, inverse = root + root @ rest, identity + rest
    for _ in range(iterations - 1):
        rest = 0.5 * (identity - inverse @ root)
        root, inverse = root + root @ rest, inverse + rest @ inverse
    return root, inverse, scale


def _moments(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean [B, C, 1, 1], centred features [B, C, H, W] and their covariance [B, C, C].

    Over a row at a time, then over rows, as `spatial_mean`: float16 holds each of the sums.
    """
    mean = spatial_mean(x)
    centred = x - mean
    rows = centred.permute(0, 2, 1, 3)  # [B, H, C, W]
    h, w = x.shape[2:]
    by_row = rows @ rows.mT / w  # [B, H, C, C]
    return mean, centred, by_row.mean(1) * (h * w / max(h * w - 1, 1))


def _applied(matrix: Tensor, centred: Tensor) -> Tensor:
    """[B, C, C] times every pixel of [B, C, H, W]."""
    return (matrix @ centred.flatten(2)).reshape(centred.shape)
