"""The roofline: four constants of each path, and their fit to measured times.

    time    = launch + sqrt(compute² + traffic²)
    compute = work / throughput * (1 + half_threads / threads)
    traffic = bytes / bandwidth

The root is a smooth maximum, the roofline's corner (Williams et al. 2009); the bracket is the loss
of a processor that has too few work items: half of its throughput at `half_threads` of them.

The fit is a damped Gauss-Newton descent on log(predicted / measured) with a pseudo-Huber loss, in
the logarithms of the constants, which keeps them positive, and with a weak pull to its start, which
keeps paths of few rows sane. A measurement may be of several launches, as a block's on a device
that does not say what its kernels take. Numbers come out the same everywhere: they are rounded to
four digits, far coarser than a machine's rounding errors.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .features import DIRECT, PATH, PATHS, Features
from .runtimes import Numbers

CONSTANTS = ("launch_ms", "throughput_gops", "bandwidth_gbps", "half_threads")
PER_MS = 1e6  # G/s to 1/ms
HUBER = 0.2  # log error from which a row counts less: three times the tables' noise
PULL = 0.5  # weight of the pull to the start, against one per row
STARTS = (30.0, 3000.0)  # work items at half speed, from which the descent starts

# paths that begin with each other's constants
KIN = [*DIRECT, *(PATH[name] for name in ("winograd", "transposed", "product"))]

Residuals = Callable[[Numbers], tuple[Numbers, Numbers]]  # errors and their Jacobian


def times(seen: Features, constants: Numbers) -> Numbers:
    """Milliseconds of each launch. Args: constants: [paths, 4]."""
    launch, throughput, bandwidth, half = constants[seen.path].T
    compute = seen.work / (throughput * PER_MS) * (1 + half / seen.threads)
    return launch + np.hypot(compute, seen.bytes / (bandwidth * PER_MS))


def fit_paths(seen: Features, owner: NDArray[np.int64], ms: Numbers) -> Numbers:
    """Constants of every path, from coarse to fine.

    All launches share constants first, then all direct convolutions, then each path has its own;
    each step begins at the one before and keeps its constants where nothing was measured.

    Args:
        seen: launches. owner: [N], the measurement that each launch is part of. ms: [M].

    Returns:
        [paths, 4], as `CONSTANTS`.
    """
    every = np.zeros(len(PATHS), dtype=np.int64)
    own = np.arange(len(PATHS))
    kin = np.where(np.isin(own, KIN), KIN[0], own)
    found = [_descend(seen, owner, ms, every, start) for start in _starts(seen, owner, ms)]
    constants = min(found, key=lambda pair: pair[0])[1]
    for members in (kin, own):
        constants = _descend(seen, owner, ms, members, constants)[1]
    return constants


def _starts(seen: Features, owner: NDArray[np.int64], ms: Numbers) -> list[Numbers]:
    """Constants to begin with: bound by traffic, bound by work, with few or many work items."""
    work, moved = (np.bincount(owner, one, len(ms)) for one in (seen.work, seen.bytes))
    rate, flow = (np.quantile(one / ms, 0.9) / PER_MS for one in (work, moved))
    launch = (ms / np.bincount(owner, minlength=len(ms))).min() / 2
    return [
        np.tile([launch, rate * more, flow * 10 / more, half_threads], (len(PATHS), 1))
        for half_threads in STARTS
        for more in (1.0, 10.0)
    ]


def _descend(
    seen: Features,
    owner: NDArray[np.int64],
    ms: Numbers,
    members: NDArray[np.int64],
    start: Numbers,
) -> tuple[float, Numbers]:
    """Levenberg-Marquardt in the logarithms; (cost, constants).

    Args:
        members: [paths], paths of one number share their constants. start: [paths, 4].
    """
    groups, first = np.unique(members, return_index=True)
    group = np.searchsorted(groups, members)
    of_launch = group[seen.path]
    begin = np.log(start[first]).ravel()
    pull = PULL * np.eye(len(begin))

    def residuals(point: Numbers) -> tuple[Numbers, Numbers]:
        launch, throughput, bandwidth, half = np.exp(point.reshape(-1, 4)[of_launch]).T
        ideal = seen.work / (throughput * PER_MS)
        compute = ideal * (1 + half / seen.threads)
        traffic = seen.bytes / (bandwidth * PER_MS)
        corner = np.hypot(compute, traffic) + 1e-30
        total = np.bincount(owner, launch + corner, len(ms))
        slopes = np.zeros((len(ms), len(groups), 4))
        parts = (
            launch,
            -(compute**2) / corner,
            -(traffic**2) / corner,
            compute * ideal * half / seen.threads / corner,
        )
        for column, part in enumerate(parts):
            np.add.at(slopes[:, :, column], (owner, of_launch), part)
        error = np.concatenate([np.log(total / ms), PULL * (point - begin)])
        return error, np.concatenate([slopes.reshape(len(ms), -1) / total[:, None], pull])

    cost, point = gauss_newton(residuals, begin)
    return cost, np.exp(point.reshape(-1, 4)[group])


def gauss_newton(
    residuals: Residuals, start: Numbers, huber: float = HUBER
) -> tuple[float, Numbers]:
    """Damped descent on the pseudo-Huber loss of the residuals; (cost, parameters).

    Args:
        huber: the error from which a row counts less.
    """

    def cost(error: Numbers) -> float:
        return float((np.sqrt(1 + (error / huber) ** 2) - 1).sum())

    point, damping = start, 1e-2
    error, slopes = residuals(point)
    for _ in range(200):
        weight = 1 / np.sqrt(1 + (error / huber) ** 2)
        normal = slopes.T @ (slopes * weight[:, None])
        downhill = -slopes.T @ (error * weight)
        step = np.linalg.solve(normal + damping * np.diag(normal.diagonal() + 1e-12), downhill)
        step = np.clip(step, -2.0, 2.0)  # no constant changes by more than e² at once
        new_error, new_slopes = residuals(point + step)
        if not cost(new_error) < cost(error):
            damping *= 4
            if damping > 1e8:
                break
            continue
        point, error, slopes, damping = point + step, new_error, new_slopes, damping / 3
        if np.abs(step).max() < 1e-12:
            break
    return cost(error), point
