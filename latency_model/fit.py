"""A device's fit from measurements of launches, one by one or in groups (blocks)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .digits import digits
from .features import PATH, PATHS, Features, look
from .launches import Launch
from .residual import Residual, fit_residual
from .roofline import fit_paths, times
from .runtimes import Numbers, Runtime


@dataclass(frozen=True)
class Measurements:
    """M measurements of N launches.

    Attributes:
        launches: [N]. seen: their features. owner: [N], the measurement each is part of.
        ms: [M], milliseconds.
    """

    launches: list[Launch]
    seen: Features
    owner: NDArray[np.int64]
    ms: Numbers

    def take(self, rows: NDArray[np.int64]) -> Measurements:
        """The given measurements."""
        members = np.flatnonzero(np.isin(self.owner, rows))
        place = np.empty(len(self.ms), dtype=np.int64)
        place[rows] = np.arange(len(rows))
        return Measurements(
            [self.launches[member] for member in members],
            self.seen.take(members),
            place[self.owner[members]],
            self.ms[rows],
        )

    def sums(self, values: Numbers) -> Numbers:
        """Sums over the launches of each measurement, [M]."""
        return np.bincount(self.owner, values, len(self.ms))

    def path(self) -> NDArray[np.int64]:
        """The path of each measurement's heaviest launch, by work and traffic. [M]."""
        order = np.lexsort((self.seen.work + self.seen.bytes, self.owner))
        last = np.searchsorted(self.owner[order], np.arange(len(self.ms)), "right") - 1
        return self.seen.path[order[last]]


def measurements(rows: Iterable[tuple[Sequence[Launch], float]], runtime: Runtime) -> Measurements:
    """Merges rows of the same launches by their median."""
    merged: dict[tuple[Launch, ...], list[float]] = defaultdict(list)
    for group, ms in rows:
        merged[tuple(group)].append(ms)
    found = [launch for group in merged for launch in group]
    owner = np.repeat(np.arange(len(merged)), [len(group) for group in merged])
    ms = np.array([np.median(values) for values in merged.values()])
    return Measurements(found, look(found, runtime), owner, ms)


@dataclass(frozen=True)
class Fit:
    """Roofline and residual of a device."""

    constants: Numbers
    residual: Residual
    centres: list[Launch]

    def times(self, seen: Features) -> Numbers:
        """Milliseconds of each launch, [N]."""
        return times(seen, self.constants) * np.exp(self.residual(seen)[0])

    def predict(self, table: Measurements) -> Numbers:
        """Milliseconds of each measurement, [M]."""
        return table.sums(self.times(table.seen))

    def closeness(self, table: Measurements) -> Numbers:
        """How close the centres are to each measurement's launches, by their times. [M]."""
        times = self.times(table.seen)
        return table.sums(times * self.residual(table.seen)[1]) / table.sums(times)


def fit(table: Measurements, evidence: Measurements | None = None) -> Fit:
    """The fit, the same bits every time.

    Args:
        table: what was measured.
        evidence: launches that only move data, for the element-wise path, where the table has none.
    """
    constants = roofline_alone(table).constants
    if evidence is not None and len(evidence.ms):
        moving = roofline_alone(evidence).constants
        constants[PATH["elementwise"]] = moving[PATH["elementwise"]]
    residual, chosen = fit_residual(table.seen, table.owner, times(table.seen, constants), table.ms)
    return Fit(constants, residual, [table.launches[row] for row in chosen])


def as_elementwise(table: Measurements) -> Measurements:
    """The same launches on the element-wise path."""
    path = np.full(len(table.seen), PATH["elementwise"])
    return replace(table, seen=replace(table.seen, path=path))


def roofline_alone(table: Measurements) -> Fit:
    """A fit without a residual, as operators have it that were never measured."""
    constants = digits(fit_paths(table.seen, table.owner, table.ms), 4)
    return Fit(constants, Residual({}, np.empty((0, 0)), np.empty(0)), [])


def mape(predicted: Numbers, measured: Numbers) -> float:
    """Mean absolute percentage error, to 0.01."""
    return round(float(np.abs(predicted / measured - 1).mean() * 100), 2)


def by_path(predicted: Numbers, table: Measurements) -> dict[str, float]:
    """`mape` by the path of each measurement's heaviest launch."""
    path = table.path()
    return {
        name: mape(predicted[path == index], table.ms[path == index])
        for index, name in enumerate(PATHS)
        if (path == index).any()
    }
