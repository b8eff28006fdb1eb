"""What every device's card holds, however it was measured; its text is the same bits every time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..whole import written_whole
from .evaluation import leaving_out
from .features import PATHS
from .fit import Fit, Measurements, fit
from .intervals import Intervals, coverage, fit_intervals
from .kernel import FIELDS
from .roofline import CONSTANTS
from .runtimes import Numbers
from .speed_model import MEASURES, measures


def fit_parts(found: Fit, table: Measurements) -> dict[str, Any]:
    """Roofline and residual of a card."""
    return {
        "operators": sorted({launch.kernel.op for launch in table.launches}),
        "paths": {name: _path(index, found, table) for index, name in enumerate(PATHS)},
        "residual": {
            "scale": found.residual.scale,
            "centres": [
                [*(getattr(one.kernel, field) for field in FIELDS), one.linked, one.operands]
                for one in found.centres
            ],
            "weights": found.residual.weights.tolist(),
        },
    }


def _path(index: int, found: Fit, table: Measurements) -> dict[str, Any]:
    rows = np.flatnonzero(table.seen.path == index)
    seen = [measures(table.launches[row].kernel) for row in rows]
    ranges = {
        key: [round(end(one[key] for one in seen), 2) for end in (min, max)] if seen else [0.0, 0.0]
        for key in MEASURES
    }
    constants = dict(zip(CONSTANTS, found.constants[index].tolist(), strict=True))
    return {**constants, "configurations": len(rows), "range": ranges}


def held_out(
    table: Measurements, fold: NDArray[np.int64], evidence: Measurements | None = None
) -> tuple[Numbers, Numbers]:
    """Every measurement's ms by a fit without its configuration, and how close that had come."""
    guess, closeness = np.empty(len(table.ms)), np.empty(len(table.ms))
    for rest, fitted in leaving_out(table, fold, lambda seen: fit(seen, evidence)):
        unseen = table.take(rest)
        guess[rest], closeness[rest] = fitted.predict(unseen), fitted.closeness(unseen)
    return guess, closeness


def calibrated(
    table: Measurements,
    fold: NDArray[np.int64],
    guess: Numbers,
    closeness: Numbers,
    others: Mapping[str, Numbers],
) -> tuple[Intervals, float]:
    """Intervals from held-out errors, and how many of each fold those of the other folds cover.

    Args: as `fit_intervals`; guess: [M], ms.
    """
    path = table.path()
    error = np.log(table.ms / guess)
    within, no = np.zeros(len(error)), np.zeros(len(error), dtype=bool)
    half = np.empty(len(error))
    for number in np.unique(fold):
        rest, seen = fold == number, fold != number
        found = fit_intervals(path[seen], closeness[seen], error[seen], others)
        half[rest] = found.of_launches(path[rest], closeness[rest], within[rest], no[rest])
    intervals = fit_intervals(path, closeness, error, others)
    return intervals, coverage(error, half)


def as_card(intervals: Intervals) -> dict[str, Any]:
    """Intervals as JSON has them."""
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in asdict(intervals).items()
    }


def write_card(card: dict, path: Path) -> None:
    """The file appears whole or not at all."""
    with written_whole(path) as part:
        part.write_text(to_json(card), encoding="utf-8")


def to_json(card: dict) -> str:
    """The text of a device file: one line for each entry, and for each path."""
    lines = []
    for key, value in card.items():
        if key == "paths":
            rows = (f'  "{name}": {_text(path)}' for name, path in value.items())
            lines.append('"paths": {\n' + ",\n".join(rows) + "\n }")
        else:
            lines.append(f"{_text(key)}: {_text(value)}")
    return "{\n " + ",\n ".join(lines) + "\n}\n"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
