"""docs/faces.md says what was measured, and the measure of shaking is what it says."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from faces_page import page
from pocketstyle.sdk.faces import Alignment

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def measured() -> list[dict]:
    return json.loads((ROOT / "benchmarks/results/sdk.json").read_text())["jitter"]


@pytest.fixture(scope="module")
def benchmark():
    """benchmarks/sdk.py, whose name is the package's room too."""
    spec = importlib.util.spec_from_file_location("sdk_benchmark", ROOT / "benchmarks/sdk.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_that_of_the_result(measured):
    assert page(measured) == (ROOT / "docs/faces.md").read_text()


def test_crops_shake_half_as_much(measured):
    """Of each detector over all clips, and on every walking one."""
    for detector in {row["detector"] for row in measured}:
        rows = [row for row in measured if row["detector"] == detector and row["measured"]]
        found, steadied = (
            sum(row[key] * row["measured"] for row in rows) for key in ("found", "steadied")
        )
        assert steadied <= 0.5 * found
    walking = [row["ratio"] for row in measured if "walk" in row["clip"] and row["measured"]]
    assert len(walking) == 4 and max(walking) <= 0.5


def test_shaking_and_lag_in_sides_of_the_crop(benchmark):
    def frame(found: float, steadied: float):
        return [(Alignment(found, 50, 40, 0.0), Alignment(steadied, 50, 40, 0.0))]

    even = [frame(10.0 + 4 * i, 8.0 + 4 * i) for i in range(6)]  # 2 pixels behind
    assert benchmark.shaking_of(even) == pytest.approx(np.tile([0, 0, 2 / 40], (4, 1)))
    shaken = [frame(10.0 + 3 * (i % 2), 10.0 + i % 2) for i in range(6)]
    assert benchmark.shaking_of(shaken)[:, :2] == pytest.approx(np.tile([6 / 40, 2 / 40], (4, 1)))
    assert len(benchmark.shaking_of([even[0], even[1], [], even[3], even[4]])) == 0
