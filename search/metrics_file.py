"""metrics.jsonl (C7): one line of numbers for each logged step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

Metrics = Sequence[Mapping[str, float]]


def read_metrics(path: Path) -> list[dict[str, float]]:
    """The lines of a metrics.jsonl, up to one cut short by a kill; none if there is no file."""
    lines = []
    for text in path.read_text().splitlines() if path.exists() else ():
        try:
            lines.append(json.loads(text))
        except json.JSONDecodeError:
            break
    return lines


def curve(metrics: Metrics, name: str, positive: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Steps and values of one name, as far as they are finite; `positive`: and above zero."""
    points = np.array([(m["step"], m[name]) for m in metrics if name in m], float).reshape(-1, 2)
    fine = np.isfinite(points).all(1) & ((points[:, 1] > 0) if positive else True)
    return points[fine, 0], points[fine, 1]
