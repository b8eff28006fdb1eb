"""What the roofline leaves over: a Gaussian process on log(measured / roofline).

Its mean is a sum of Matérn-3/2 bumps around `centres`, launches that were measured: an RBF network
whose width along each column of the features is fitted by the marginal likelihood (Rasmussen &
Williams 2006, chapters 2 and 5; fewer centres than rows: their "subset of regressors", 8.3.1). Far
from all centres it falls back to the roofline, which extrapolates. Rows that nothing near explains
count less (weights of the pseudo-Huber loss).

A measurement of several launches has, to first order, the average of their residuals, each weighted
by its share of the time, and averages of their covariances.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .digits import digits
from .features import Features
from .runtimes import Numbers

LIKELIHOOD_ROWS, LIKELIHOOD_LAUNCHES, MIN_SHARE = 700, 1400, 0.03
LIKELIHOOD_STEPS, RATE = 60, 0.1
LENGTH, SIGNAL, NOISE = 4.0, 0.2, 0.08  # where the descent starts; lengths in standard deviations
LENGTH_PULL = 0.1  # keeps lengths sane that the rows say nothing about
CENTRES = 800
ROBUST, ROUNDS = 0.1, 4  # log error from which a row counts less, and how often it is weighed
JITTER = 1e-6


@dataclass(frozen=True)
class Residual:
    """The fitted process.

    Attributes:
        scale: one over the length along each column that counts, by the column's name.
        centres: [C, scale], those columns of the centres.
        weights: [C].
    """

    scale: dict[str, float]
    centres: Numbers
    weights: Numbers

    def __call__(self, seen: Features) -> tuple[Numbers, Numbers]:
        """log(measured / roofline), and how close the nearest centre is, 0 to 1. Both [N]."""
        if not len(self.weights):
            return np.zeros(len(seen)), np.zeros(len(seen))
        rows = self._scaled(seen.matrix(list(self.scale)))
        # Row by row: BLAS rounds by the number of rows and by a row's place among them, and what a
        # launch costs must not depend on what else is asked for: a resumed search prices others
        # beside it.
        near = matern(rows[:, None], self._scaled_centres)
        residual = near @ self.weights.astype(np.float32)
        return residual[:, 0].astype(np.float64), near.max(axis=-1)[:, 0]

    @cached_property
    def _scaled_centres(self) -> NDArray[np.float32]:
        return self._scaled(self.centres)

    def _scaled(self, rows: Numbers) -> NDArray[np.float32]:
        """Centred, in units of the lengths: so float32 is enough to evaluate, not to fit."""
        scale = np.array(list(self.scale.values()))
        return ((rows - self._middle) * scale).astype(np.float32)

    @cached_property
    def _middle(self) -> Numbers:
        return self.centres.mean(0)


def scaled(seen: Features, scale: dict[str, float]) -> Numbers:
    """The columns in units of their lengths, [N, scale]."""
    return seen.matrix(list(scale)) * list(scale.values())


T = TypeVar("T", np.float32, np.float64)


def matern(a: NDArray[T], b: NDArray[T]) -> NDArray[T]:
    """Matérn-3/2 correlation of the rows of [..., N, D] with those of [M, D], [..., N, M]."""
    distance = a @ b.T
    distance *= -2
    distance += (a**2).sum(-1)[..., None]
    distance += (b**2).sum(1)
    np.maximum(distance, 0, out=distance)
    distance *= 3
    np.sqrt(distance, out=distance)
    falling = np.exp(-distance)
    distance += 1
    distance *= falling
    return distance


def fit_residual(
    seen: Features, owner: NDArray[np.int64], roofline: Numbers, ms: Numbers
) -> tuple[Residual, NDArray[np.int64]]:
    """The process of launches that were measured one by one or in groups.

    Args:
        seen: launches. owner: [N], the measurement that each launch is part of.
        roofline: [N], milliseconds without a residual. ms: [M], the measurements.

    Returns:
        The process, and which launches are its centres.
    """
    scale, noise = _likeliest(seen, owner, roofline, ms)
    rows = scaled(seen, scale)
    chosen = spread_out(rows, CENTRES)
    near = matern(rows, rows[chosen])
    between = matern(rows[chosen], rows[chosen]) + JITTER * np.eye(len(chosen))
    smooth = math.sqrt(noise) * np.linalg.cholesky(between).T
    correction, trust = np.zeros(len(seen)), np.ones(len(ms))
    for _ in range(ROUNDS):
        priced = roofline * np.exp(correction)
        sums = np.bincount(owner, priced, len(ms))
        share = priced / sums[owner]
        average = _averaged(near * share[:, None], owner, len(ms))
        target = np.log(ms / sums) + np.bincount(owner, share * correction, len(ms))
        # least squares by QR, not by the normal equations, whose rounding errors would show
        left = np.concatenate([average * np.sqrt(trust)[:, None], smooth])
        right = np.concatenate([target * np.sqrt(trust), np.zeros(len(chosen))])
        q, r = np.linalg.qr(left)
        weights = np.linalg.solve(r, q.T @ right)
        correction = near @ weights
        error = target - average @ weights
        trust = 1 / np.sqrt(1 + (error / ROBUST) ** 2)
    return Residual(scale, seen.take(chosen).matrix(list(scale)), digits(weights, 6)), chosen


def spread_out(rows: Numbers, count: int) -> NDArray[np.int64]:
    """At most so many rows, each the farthest from those before (Gonzalez 1985)."""
    chosen = [0]
    distance = ((rows - rows[0]) ** 2).sum(1)
    while len(chosen) < count:
        farthest = int(np.round(distance, 6).argmax())  # rounded: ties go to the first everywhere
        if distance[farthest] < JITTER:
            break
        chosen.append(farthest)
        distance = np.minimum(distance, ((rows - rows[farthest]) ** 2).sum(1))
    return np.array(chosen)


def _averaged(values: Numbers, owner: NDArray[np.int64], count: int) -> Numbers:
    """Sums of the rows of each measurement, whose launches follow each other. [count, columns]."""
    if len(owner) == count:
        return values
    return np.add.reduceat(values, np.searchsorted(owner, np.arange(count)))


def _likeliest(
    seen: Features, owner: NDArray[np.int64], roofline: Numbers, ms: Numbers
) -> tuple[dict[str, float], float]:
    """One over each length, and noise over signal variance, by marginal likelihood.

    On a random part of the measurements and, of each, on the launches that take some of its time.
    """
    import torch  # for a fit alone: predictions need none

    sums = np.bincount(owner, roofline, len(ms))
    share = roofline / sums[owner]
    heavy = share >= MIN_SHARE
    order = np.random.default_rng(0).permutation(len(ms))[:LIKELIHOOD_ROWS]
    launches = np.cumsum(np.bincount(owner[heavy], minlength=len(ms))[order])
    kept = np.sort(order[launches <= max(LIKELIHOOD_LAUNCHES, launches[0])])
    rows = np.flatnonzero(heavy & np.isin(owner, kept))
    average = np.zeros((len(kept), len(rows)))
    average[np.searchsorted(kept, owner[rows]), np.arange(len(rows))] = share[rows]

    names = list(seen.columns)
    spread = seen.matrix(names).std(0)
    names = [name for name, one in zip(names, spread, strict=True) if one > 1e-9]
    spread = spread[spread > 1e-9]
    x = torch.from_numpy(seen.take(rows).matrix(names) / spread)
    y, w = torch.from_numpy(np.log(ms / sums)[kept]), torch.from_numpy(average)

    lengths = torch.full((len(names),), math.log(LENGTH), dtype=torch.float64, requires_grad=True)
    levels = torch.tensor([math.log(SIGNAL), math.log(NOISE)], dtype=torch.float64)
    descent = torch.optim.Adam([lengths, levels.requires_grad_()], lr=RATE)
    for _ in range(LIKELIHOOD_STEPS):
        z = x / lengths.exp()
        norms = z.square().sum(1)
        squared = norms[:, None] + norms - 2 * z @ z.T
        distance = (3 * squared.clamp(min=1e-12)).sqrt()
        near = (1 + distance) * torch.exp(-distance)
        signal, noise = (2 * levels).exp()
        covariance = signal * (w @ near @ w.T) + noise * torch.eye(len(y))
        factor = torch.linalg.cholesky(covariance)
        solved = torch.cholesky_solve(y[:, None], factor)[:, 0]
        pull = LENGTH_PULL * (lengths - math.log(LENGTH)).square().sum()
        loss = 0.5 * y @ solved + factor.diagonal().log().sum() + pull
        descent.zero_grad()
        loss.backward()
        descent.step()
    scale = digits(1 / (np.exp(lengths.detach().numpy()) * spread), 4)
    ratio = math.exp(2 * (levels[1] - levels[0]).item())
    return dict(zip(names, scale.tolist(), strict=True)), float(digits(ratio, 4))
