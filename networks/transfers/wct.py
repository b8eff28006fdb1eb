"""Whitening and colouring (Li et al. 2017), by eigenvectors and by matrix products alone.

With the covariances C of content and S of style:  S^1/2 · C^-1/2 · (x - mean_c) + mean_s. Of all
roots the symmetric one, so that a content that is its own style stays what it is.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..normalisation import spatial_mean
from .transfer import Statistics, Transfer

DROPPED = 1e-5  # eigenvalues of a covariance that count as zero, of the largest
RIDGE = 1e-5  # added to every eigenvalue before the iteration, of the mean one
ITERATIONS = 24
TINY = 1e-12  # of a covariance's trace: below, there is nothing to whiten


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
        return mean, square_roots(covariance)[0]

    def forward(self, content: Tensor, *statistics: Tensor) -> Tensor:
        mean, colouring = statistics
        _, centred, covariance = _moments(content)
        return _applied(colouring @ square_roots(covariance)[1], centred) + mean


def square_roots(covariance: Tensor, iterations: int = ITERATIONS) -> tuple[Tensor, Tensor]:
    """A^1/2 and A^-1/2 of covariances [B, C, C] by the coupled Newton-Schulz iteration.

    With Y = A / |A| and Z = I:  T = (3 I - Z Y) / 2,  Y ← Y T,  Z ← T Z;  Y → (A / |A|)^1/2 and
    Z its inverse (Higham 2008, eq. 6.35). The norm bounds every eigenvalue by 1, so the iteration
    converges, and no product exceeds what float16 holds. A small eigenvalue grows by 3/2 a step to
    begin with: `ITERATIONS` bring one of `RIDGE` home.

    A covariance that is nothing (a constant picture) has roots of zero.
    """
    c = covariance.shape[-1]
    identity = torch.eye(c, dtype=covariance.dtype, device=covariance.device)[None]
    mean = covariance.diagonal(dim1=1, dim2=2).mean(1)[:, None, None]
    there = (mean > TINY).to(covariance.dtype)
    ridged = covariance + (RIDGE * mean + (1 - there)) * identity
    norm = ridged.square().sum((1, 2), keepdim=True).sqrt()
    root, inverse = ridged / norm, identity.expand_as(ridged)
    for _ in range(iterations):
        step = 1.5 * identity - 0.5 * inverse @ root
        root, inverse = root @ step, step @ inverse
    return there * root * norm.sqrt(), there * inverse * norm.rsqrt()


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
