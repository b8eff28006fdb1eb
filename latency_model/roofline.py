"""The roofline constants of one phone from its measured kernels, always the same bits.

Rows that repeat a configuration across models are merged by their median first, so that no
configuration stands on both sides of a split. The fit is a damped Gauss-Newton descent on
log(predicted / measured) with a pseudo-Huber loss, in the logarithms of the four constants, which
keeps them positive, and with a weak pull to its start, which keeps paths of few rows sane.

Tried on the s10 without gain (10 % per convolution, 9 % per network either way): a fifth constant
for the start of each work item, more weight for long kernels, a sum for the smooth maximum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from .features import PATHS, features
from .kernel import Kernel
from .speed_model import PER_MS
from .tables import Row

HUBER = 0.2  # log error from which a row counts less: three times the tables' noise
PULL = 0.5  # weight of the pull to the start, against one per row
STARTS = (30.0, 3000.0)  # work items at half speed, from which the descent starts

Residuals = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]  # errors and their Jacobian


@dataclass(frozen=True)
class Table:
    """Configurations of one phone: a kernel each, its features and its median time."""

    kernels: list[Kernel]
    ms: np.ndarray
    path: np.ndarray  # index into PATHS, Winograd decided
    work: np.ndarray
    bytes: np.ndarray
    threads: np.ndarray

    def __len__(self) -> int:
        return len(self.kernels)

    def take(self, rows: np.ndarray) -> Table:
        """The given rows."""
        return Table(
            [self.kernels[row] for row in rows],
            *(getattr(self, name)[rows] for name in ("ms", "path", "work", "bytes", "threads")),
        )


def tabulate(measured: list[tuple[Kernel, float]], rule: dict | None) -> Table:
    """Merges repeated configurations by their median."""
    times: dict[Kernel, list[float]] = defaultdict(list)
    for kernel, ms in measured:
        times[kernel].append(ms)
    kernels = list(times)
    seen = features(kernels, rule)
    turned = seen.winograd > 0.5

    def chosen(direct: torch.Tensor, winograd: torch.Tensor) -> np.ndarray:
        return torch.where(turned, winograd, direct).numpy()

    return Table(
        kernels,
        np.array([np.median(values) for values in times.values()]),
        chosen(seen.path, torch.full_like(seen.path, PATHS.index("winograd"))),
        chosen(seen.work, seen.winograd_work),
        chosen(seen.bytes, seen.winograd_bytes),
        seen.threads.numpy(),
    )


def kernel_table(rows: list[Row], rule: dict | None) -> Table:
    """Without the few depthwise + 1x1 pairs that the iPhones' delegate runs as one kernel."""
    kept = [(row.kernel, row.ms) for row in rows if "depthwise_conv_plus" not in row.compiled]
    return tabulate(kept, rule)


def fit_roofline(table: Table, start: np.ndarray | None = None) -> np.ndarray:
    """The four constants of one path.

    Args:
        table: its configurations.
        start: constants to begin with and to stay near; found from the rows if None.

    Returns:
        [4], as `CONSTANTS`.
    """
    starts = [start]
    if start is None:
        rate = np.quantile(table.work / table.ms, 0.9) / PER_MS
        flow = np.quantile(table.bytes / table.ms, 0.9) / PER_MS
        starts = [
            np.array([table.ms.min() / 2, rate * more, flow * 10 / more, half_threads])
            for half_threads in STARTS
            for more in (1.0, 10.0)  # bound by traffic, bound by work
        ]
    found = [_descend(table, np.log(begin)) for begin in starts]
    return np.exp(min(found, key=lambda pair: pair[0])[1])


def _descend(table: Table, start: np.ndarray) -> tuple[float, np.ndarray]:
    """Levenberg-Marquardt in the logarithms; (cost, log constants)."""

    def residuals(log_constants: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        launch, throughput, bandwidth, half = np.exp(log_constants)
        ideal = table.work / (throughput * PER_MS)
        compute = ideal * (1 + half / table.threads)
        traffic = table.bytes / (bandwidth * PER_MS)
        corner = np.hypot(compute, traffic) + 1e-30
        total = launch + corner
        slopes = np.stack(
            [
                np.full_like(total, launch),
                -(compute**2) / corner,
                -(traffic**2) / corner,
                compute * ideal * half / table.threads / corner,
            ],
            axis=1,
        )
        error = np.concatenate([np.log(total / table.ms), PULL * (log_constants - start)])
        return error, np.concatenate([slopes / total[:, None], PULL * np.eye(4)])

    return _gauss_newton(residuals, start)


def _gauss_newton(residuals: Residuals, start: np.ndarray) -> tuple[float, np.ndarray]:
    """Damped descent on the pseudo-Huber loss of the residuals; (cost, parameters)."""

    def cost(error: np.ndarray) -> float:
        return float((np.sqrt(1 + (error / HUBER) ** 2) - 1).sum())

    point, damping = start, 1e-2
    error, slopes = residuals(point)
    for _ in range(200):
        weight = 1 / np.sqrt(1 + (error / HUBER) ** 2)
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


def fit_paths(table: Table, elementwise: list[tuple[Kernel, float]]) -> np.ndarray:
    """Constants of every path, [paths, 4].

    All direct convolutions together give the start of each convolution path, and its constants
    where the table holds none. The element-wise prior is fitted on `moving_rows`.
    """
    direct = [PATHS.index(name) for name in ("conv_1x1", "conv_3x3", "conv_strided", "conv_large")]
    shared = fit_roofline(table.take(np.flatnonzero(np.isin(table.path, direct))))
    constants = np.tile(shared, (len(PATHS), 1))
    for index, name in enumerate(PATHS):
        rows = np.flatnonzero(table.path == index)
        if name == "elementwise" or not len(rows):
            continue
        is_convolution = index in direct or name == "winograd"
        constants[index] = fit_roofline(table.take(rows), shared if is_convolution else None)
    moving = moving_rows(table, elementwise)
    if len(moving):
        constants[PATHS.index("elementwise")] = fit_roofline(moving)
    return constants


def moving_rows(table: Table, elementwise: list[tuple[Kernel, float]]) -> Table:
    """What only moves data: the evidence for operators that the tables do not hold.

    This runtime's max pools and concatenations of at most 256 channels, and the element-wise
    kernels of another runtime on the same phone, where there are any.
    """
    moving = [
        (kernel, ms)
        for kernel, ms in zip(table.kernels, table.ms, strict=True)
        if kernel.op in ("CONCATENATION", "MAX_POOL_2D") and kernel.cout <= 256
    ]
    evidence = tabulate(moving + elementwise, None)
    return replace(evidence, path=np.full(len(evidence), PATHS.index("elementwise")))


def predict(table: Table, constants: np.ndarray) -> np.ndarray:
    """Milliseconds of each configuration: the formula of `SpeedModel` in numpy."""
    launch, throughput, bandwidth, half = constants[table.path].T
    compute = table.work / (throughput * PER_MS) * (1 + half / table.threads)
    return launch + np.hypot(compute, table.bytes / (bandwidth * PER_MS))


def fit_line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Positive a, b of y ≈ a + b x, by the same robust relative error."""
    start = np.log(np.array([y.min() / 10, np.median(y / x)]))

    def residuals(logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        a, b = np.exp(logs)
        total = a + b * x
        slopes = np.stack([np.full_like(x, a), b * x], axis=1) / total[:, None]
        error = np.concatenate([np.log(total / y), 1e-3 * (logs - start)])
        return error, np.concatenate([slopes, 1e-3 * np.eye(2)])

    a, b = np.exp(_gauss_newton(residuals, start)[1])
    return float(a), float(b)
