"""The fit recovers known constants; the shipped phones are what the tables give, bit for bit."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from pocketstyle.errors import DataError, UsageError
from pocketstyle.latency_model import Kernel, SpeedModel, device_names, fitting, roofline, tables
from pocketstyle.latency_model.evaluation import fitted_errors
from pocketstyle.latency_model.features import PATHS
from pocketstyle.latency_model.speed_model import DEVICES

ROOT = Path(__file__).parents[2]
TABLES = (ROOT / os.environ.get("POCKETSTYLE_SHARED", "../shared") / "data" / "latency").resolve()
KERNELS = TABLES / "tflite_gpu_ops.csv"
needs_tables = pytest.mark.skipif(
    not (TABLES / "tflite_gpu_ops.csv").exists(),
    reason=f"no phone latency tables at {TABLES} (set POCKETSTYLE_SHARED)",
)


def test_known_constants_come_back():
    kernels = [
        Kernel("CONV_2D", cin, cout, 1, 1, 1, side, side)
        for cin in (4, 16, 64, 256)
        for cout in (8, 64, 512)
        for side in (4, 16, 64, 256)
    ]
    table = roofline.tabulate([(kernel, 1.0) for kernel in kernels], None)
    truth = np.array([0.01, 150.0, 30.0, 4000.0])
    exact = roofline.predict(table, np.tile(truth, (len(PATHS), 1)))
    table = roofline.tabulate(list(zip(kernels, exact.tolist(), strict=True)), None)
    np.testing.assert_allclose(
        roofline.fit_roofline(table, truth * [2, 0.5, 2, 0.5]), truth, rtol=0.1
    )
    np.testing.assert_allclose(roofline.fit_roofline(table, truth), truth, rtol=1e-6)


def test_line_comes_back_in_spite_of_an_outlier():
    x = np.linspace(1, 100, 50)
    y = 4 + 1.3 * x
    y[7] *= 5
    assert roofline.fit_line(x, y) == pytest.approx((4, 1.3), rel=0.02)


def test_repeated_configurations_merge_to_their_median():
    kernel = Kernel("CONV_2D", 8, 8, 1, 1, 1, 7, 7)
    table = roofline.tabulate([(kernel, 1.0), (kernel, 9.0), (kernel, 2.0)], None)
    assert table.ms.tolist() == [2.0]


def test_unknown_device_and_missing_tables(tmp_path):
    with pytest.raises(UsageError, match=r"s11.*s10"):
        fitting.fit_device(tmp_path, "s11")
    with pytest.raises(DataError, match="tflite_gpu_ops"):
        fitting.fit_device(tmp_path, "s10")


def test_all_phones_ship():
    assert device_names() == sorted(fitting.PHONES)


@needs_tables
@pytest.mark.parametrize("device", device_names())
def test_rebuilt_bit_for_bit(device):
    rebuilt = fitting.to_json(fitting.fit_device(TABLES, device))
    assert rebuilt == (DEVICES / f"{device}.json").read_text(encoding="utf-8")


@needs_tables
@pytest.mark.parametrize("device", device_names())
def test_recorded_errors_hold(device):
    """Recomputed from the rows with the shipped constants by SpeedModel itself."""
    model = SpeedModel.load(device)
    times: dict[Kernel, list[float]] = {}
    for row in tables.read_kernels(KERNELS, device):
        if row.kernel.op == "DEPTHWISE_CONV_2D" and "conv_plus" not in row.compiled:
            times.setdefault(row.kernel, []).append(row.ms)
    measured = np.array([np.median(values) for values in times.values()])
    error = np.abs(model.kernel_times(times).numpy() / measured - 1).mean() * 100
    errors = model.card["errors"]
    assert error == pytest.approx(errors["fitted"]["by_path"]["depthwise"], abs=0.06)
    networks = tables.read_networks(TABLES / "tflite_end_to_end.csv", device)
    rows = tables.read_kernels(KERNELS, device)
    assert fitted_errors(model, rows, networks) == errors["fitted"]


@needs_tables
@pytest.mark.parametrize("device", device_names())
def test_better_than_counting_macs(device):
    held_out = SpeedModel.load(device).card["errors"]["held_out"]
    assert held_out["conv2d"] < 0.7 * held_out["conv2d_linear_in_macs"]
    assert held_out["conv2d"] < 20
    assert held_out["network"] < 10 < held_out["network_linear_in_macs"]


@needs_tables
def test_winograd_rule_names_the_measured_kernels():
    agreements = [SpeedModel.load(name).card["winograd"] for name in device_names()]
    assert [one["agreement"] for one in agreements if one] == [1.0] * 4


@needs_tables
def test_bagnet9_on_the_s10():
    """A whole network of 16 GMACs, 104 ms measured."""
    kernels = [row.kernel for row in tables.read_kernels(KERNELS, "s10") if row.model == "bagnet9"]
    assert SpeedModel.load("s10").latency(kernels) == pytest.approx(104, rel=0.35)
