"""How far off a fit is on kernels, networks and sizes that it has not seen."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from .features import PATHS
from .kernel import Kernel
from .roofline import Table, fit_line, fit_paths, kernel_table, predict, tabulate
from .speed_model import SpeedModel
from .tables import Network, Row, family

FOLDS = 5
SMALL_SIDE, LARGE_SIDE = 60, 100  # pixels: the extrapolation that is tested


def mape(predicted: np.ndarray, measured: np.ndarray) -> float:
    """Mean absolute percentage error, rounded to 0.1."""
    return round(float(np.abs(predicted / measured - 1).mean() * 100), 1)


def _by_path(predicted: np.ndarray, table: Table) -> dict[str, float]:
    """`mape` of each path that the table has."""
    return {
        name: mape(predicted[table.path == index], table.ms[table.path == index])
        for index, name in enumerate(PATHS)
        if (table.path == index).any()
    }


def held_out_configurations(table: Table, elementwise: list) -> dict:
    """Per path, every configuration predicted by a fit that has not seen it."""
    fold = np.random.default_rng(0).permutation(len(table)) % FOLDS
    guess, line = np.empty(len(table)), np.empty(len(table))
    convolution = np.array(
        [kernel.op == "CONV_2D" and kernel.groups == 1 for kernel in table.kernels]
    )
    macs = np.array([float(kernel.macs) for kernel in table.kernels])
    for number in range(FOLDS):
        seen, rest = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        guess[rest] = predict(table.take(rest), fit_paths(table.take(seen), elementwise))
        seen = seen[convolution[seen]]
        a, b = fit_line(macs[seen], table.ms[seen])
        line[rest] = a + b * macs[rest]
    return {
        "by_path": _by_path(guess, table),
        "conv2d": mape(guess[convolution], table.ms[convolution]),
        "conv2d_linear_in_macs": mape(line[convolution], table.ms[convolution]),
    }


def held_out_families(
    rows: list[Row], networks: dict[str, Network], rule: dict | None, elementwise: list
) -> dict:
    """Whole networks, each predicted by a fit that has seen none of its family."""
    sizes: dict[str, int] = defaultdict(int)
    for model in networks:
        sizes[family(model)] += 1
    fold_of: dict[str, int] = {}
    filled = [0] * FOLDS
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):  # largest first, evenly
        fold_of[name] = filled.index(min(filled))
        filled[fold_of[name]] += sizes[name]
    errors, line_errors = [], []
    for number in range(FOLDS):
        kept = [row for row in rows if fold_of[family(row.model)] != number]
        constants = fit_paths(kernel_table(kept, rule), elementwise)
        sums = network_sums(rows, rule, constants)
        seen = [model for model in networks if fold_of[family(model)] != number]
        rest = [model for model in networks if fold_of[family(model)] == number]
        for x, out in ((sums, errors), ({m: networks[m].macs for m in networks}, line_errors)):
            a, b = fit_line(
                np.array([x[model] for model in seen]),
                np.array([networks[model].ms for model in seen]),
            )
            out += [(a + b * x[model]) / networks[model].ms - 1 for model in rest]
    return {
        "network": round(float(np.abs(errors).mean() * 100), 1),
        "network_worst": round(float(np.abs(errors).max() * 100), 1),
        "network_linear_in_macs": round(float(np.abs(line_errors).mean() * 100), 1),
    }


def network_sums(rows: list[Row], rule: dict | None, constants: np.ndarray) -> dict[str, float]:
    """model: sum of its predicted kernel times, ms."""
    table = tabulate([(row.kernel, row.ms) for row in rows], rule)
    times = dict(zip(table.kernels, predict(table, constants).tolist(), strict=True))
    sums: dict[str, float] = defaultdict(float)
    for row in rows:
        sums[row.model] += times[row.kernel]
    return sums


def extrapolation(table: Table, elementwise: list) -> float:
    """Convolutions of 100 pixels and more, predicted by a fit that has seen up to 60."""
    side = np.array([kernel.h for kernel in table.kernels])
    convolution = np.array([kernel.op == "CONV_2D" for kernel in table.kernels])
    rest = np.flatnonzero(convolution & (side >= LARGE_SIDE))
    constants = fit_paths(table.take(np.flatnonzero(side <= SMALL_SIDE)), elementwise)
    return mape(predict(table.take(rest), constants), table.ms[rest])


def fitted_errors(model: SpeedModel, rows: list[Row], networks: dict[str, Network]) -> dict:
    """Errors of the finished model on the very rows it was fitted on, percent."""
    table = kernel_table(rows, model.winograd_rule)
    times = model.kernel_times(table.kernels).numpy()
    by_model: dict[str, list[Kernel]] = defaultdict(list)
    for row in rows:
        by_model[row.model].append(row.kernel)
    guess = np.array([model.latency(by_model[name]) for name in networks])
    measured = np.array([network.ms for network in networks.values()])
    return {"by_path": _by_path(times, table), "network": mape(guess, measured)}
