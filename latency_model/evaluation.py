"""How far off a fit is on configurations, families of networks and sizes that it has not seen.

Every split is by configuration or by family, never by row: rows repeat across networks. What is
judged is a `Fitter`, so that the benchmark's baselines go through the very same splits.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .composition import Composition, fit_composition
from .fit import Measurements, measurements
from .runtimes import Numbers, Runtime
from .tables import Network, Row, family

FOLDS = 5
SMALL_SIDE, LARGE_SIDE = 56, 100  # pixels: the extrapolation that is tested


class Predictor(Protocol):
    """Whatever predicts measurements."""

    def predict(self, table: Measurements) -> Numbers:
        """Milliseconds of each measurement, [M]."""


Fitter = Callable[[Measurements], Predictor]


def configuration_folds(table: Measurements) -> NDArray[np.int64]:
    """The fold of each measurement; those of the same kernels, whatever is linked, share one."""
    kernels = defaultdict(list)
    for launch, owner in zip(table.launches, table.owner.tolist(), strict=True):
        kernels[owner].append(launch.kernel)
    keys = [tuple(kernels[owner]) for owner in range(len(table.ms))]
    different = list(dict.fromkeys(keys))
    numbers = np.random.default_rng(0).permutation(len(different)) % FOLDS
    fold = dict(zip(different, numbers.tolist(), strict=True))
    return np.array([fold[key] for key in keys])


def leaving_out(
    table: Measurements, fold: NDArray[np.int64], fitter: Fitter
) -> Iterator[tuple[NDArray[np.int64], Predictor]]:
    """The measurements of each fold, and a fit to all others."""
    for number in np.unique(fold):
        yield np.flatnonzero(fold == number), fitter(table.take(np.flatnonzero(fold != number)))


def held_out_configurations(
    table: Measurements, fold: NDArray[np.int64], fitter: Fitter
) -> Numbers:
    """Every measurement predicted by a fit that has not seen its configuration. [M], ms."""
    guess = np.empty(len(table.ms))
    for rest, fitted in leaving_out(table, fold, fitter):
        guess[rest] = fitted.predict(table.take(rest))
    return guess


def plain_convolutions(table: Measurements) -> NDArray[np.bool_]:
    """Which measurements are of one convolution of one group. [M]."""
    found = np.zeros(len(table.ms), dtype=bool)
    for launch, owner in zip(table.launches, table.owner, strict=True):
        found[owner] = launch.kernel.op == "CONV_2D" and launch.kernel.groups == 1
    return found


def extrapolation(table: Measurements, fitter: Fitter) -> tuple[Numbers, Numbers]:
    """Convolutions of large maps by a fit to small maps: predicted and measured, ms.

    Args:
        table: single launches.
    """
    side = np.array([launch.kernel.h for launch in table.launches])
    rest = np.flatnonzero((side >= LARGE_SIDE) & plain_convolutions(table))
    unseen = table.take(rest)
    guess = fitter(table.take(np.flatnonzero(side <= SMALL_SIDE))).predict(unseen)
    return guess, unseen.ms


def family_folds(models: Sequence[str]) -> dict[str, int]:
    """The fold of each network: families stay together; largest first, filled evenly."""
    sizes = Counter(family(model) for model in models)
    fold: dict[str, int] = {}
    filled = [0] * FOLDS
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
        fold[name] = filled.index(min(filled))
        filled[fold[name]] += sizes[name]
    return {model: fold[family(model)] for model in models}


def held_out_families(
    rows: Sequence[Row], networks: dict[str, Network], runtime: Runtime, fitter: Fitter
) -> dict[str, float]:
    """Every network by a fit that has seen no member of its family. Network to ms."""
    fold = family_folds(list(networks))
    found: dict[str, float] = {}
    for number in range(FOLDS):
        kept = [row for row in rows if fold[row.model] != number]
        sums = network_sums(rows, fitter(kernel_table(kept, runtime)), runtime)
        seen = {model: networks[model] for model in networks if fold[model] != number}
        composition = compose(sums, seen)
        found |= {model: float(composition(sums[model])) for model in networks if model not in seen}
    return {model: found[model] for model in networks}


def kernel_table(rows: Sequence[Row], runtime: Runtime) -> Measurements:
    """The rows one by one, without the pairs that the iPhones run as one kernel."""
    return measurements((((row.launch,), row.ms) for row in rows if not row.is_pair), runtime)


def network_sums(rows: Sequence[Row], fitted: Predictor, runtime: Runtime) -> dict[str, float]:
    """Sum of the predicted kernel times of each network, ms."""
    every = measurements((((row.launch,), row.ms) for row in rows), runtime)
    times = dict(zip(every.launches, fitted.predict(every).tolist(), strict=True))
    sums: dict[str, float] = defaultdict(float)
    for row in rows:
        sums[row.model] += times[row.launch]
    return sums


def compose(sums: dict[str, float], networks: dict[str, Network]) -> Composition:
    """The composition that fits these networks."""
    return fit_composition(
        np.array([sums[model] for model in networks]),
        np.array([network.ms for network in networks.values()]),
        [family(model) for model in networks],
    )
