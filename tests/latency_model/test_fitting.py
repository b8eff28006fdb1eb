"""The fit recovers what is known; the shipped phones are what the tables give, bit for bit."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from pocketstyle.errors import DataError, UsageError
from pocketstyle.latency_model import Kernel, SpeedModel, device_names, phones, roofline, tables
from pocketstyle.latency_model.cards import fit_parts, to_json
from pocketstyle.latency_model.composition import fit_composition
from pocketstyle.latency_model.digits import digits
from pocketstyle.latency_model.evaluation import kernel_table
from pocketstyle.latency_model.features import PATHS, look
from pocketstyle.latency_model.fit import fit, measurements
from pocketstyle.latency_model.judging import judge_tables
from pocketstyle.latency_model.launches import Launch
from pocketstyle.latency_model.residual import fit_residual, spread_out
from pocketstyle.latency_model.runtimes import RUNTIMES
from pocketstyle.latency_model.seen import fingerprints
from pocketstyle.latency_model.speed_model import DEVICES
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

ROOT = Path(__file__).parents[2]
TABLES = (ROOT / os.environ.get("POCKETSTYLE_SHARED", "../shared") / "data" / "latency").resolve()
KERNELS = TABLES / "tflite_gpu_ops.csv"
NETWORKS = TABLES / "tflite_end_to_end.csv"
needs_tables = pytest.mark.skipif(
    not KERNELS.exists(), reason=f"no phone latency tables at {TABLES} (set POCKETSTYLE_SHARED)"
)
GPU = RUNTIMES["gpu"]


def launches_of_many_sizes() -> list[Launch]:
    return [
        Launch(Kernel("CONV_2D", cin, cout, 1, 1, 1, side, side))
        for cin in (4, 16, 64, 256)
        for cout in (8, 64, 512)
        for side in (4, 16, 64, 256)
    ]


@pytest.mark.parametrize("together", [1, 3])
def test_known_constants_come_back_from_kernels_and_from_blocks_of_them(together):
    seen = look(launches_of_many_sizes(), GPU)
    truth = np.array([0.01, 150.0, 30.0, 4000.0])
    exact = roofline.times(seen, np.tile(truth, (len(PATHS), 1)))
    owner = np.arange(len(seen)) // together
    found = roofline.fit_paths(seen, owner, np.bincount(owner, exact))
    np.testing.assert_allclose(found[PATHS.index("conv_1x1")], truth, rtol=0.15)
    np.testing.assert_allclose(roofline.times(seen, found), exact, rtol=0.05)


def test_the_residual_is_the_mean_of_a_gaussian_process():
    """With every row a centre and errors too small to be distrusted: scikit-learn's."""
    seen = look(launches_of_many_sizes(), GPU)
    random = np.random.default_rng(0)
    target = 0.01 * np.sin(seen.columns["log groups in"]) + 0.002 * random.standard_normal(
        len(seen)
    )
    ones = np.ones(len(seen))
    residual, chosen = fit_residual(seen, np.arange(len(seen)), ones, np.exp(target))
    assert sorted(chosen) == list(range(len(seen)))
    rows = seen.matrix(list(residual.scale)) * list(residual.scale.values())
    guess = residual(seen)[0]
    # noise over signal variance is what explains the weights: K w = y - noise w
    near = Matern(nu=1.5)(rows)
    weights = residual.weights[np.argsort(chosen)]
    ratio = np.median((target - near @ weights) / weights)
    assert 0 < ratio < 1
    reference = GaussianProcessRegressor(Matern(nu=1.5), alpha=ratio, optimizer=None)
    np.testing.assert_allclose(guess, reference.fit(rows, target).predict(rows), atol=2e-4)


def test_the_residual_of_blocks_is_shared_out_among_their_launches():
    """Blocks of two kernels, of which one kind takes 1.2 times its roofline."""
    found = launches_of_many_sizes()
    slow = [
        Launch(
            Kernel(
                "CONV_2D", *[one.kernel.cin, one.kernel.cout], 3, 1, 1, one.kernel.h, one.kernel.w
            )
        )
        for one in found
    ]
    pairs = [one for pair in zip(found, slow, strict=True) for one in pair]
    seen = look(pairs, GPU)
    owner = np.arange(len(pairs)) // 2
    times = np.where(np.arange(len(pairs)) % 2, 1.2, 1.0) * 0.5
    random = np.random.default_rng(0).uniform(0.2, 5, len(pairs))
    residual, _ = fit_residual(seen, owner, 0.5 * random, np.bincount(owner, times * random))
    bent = residual(seen)[0]
    assert bent[1::2].mean() == pytest.approx(np.log(1.2), abs=0.06)
    assert bent[::2].mean() == pytest.approx(0, abs=0.06)


def test_centres_are_spread_out():
    rows = np.array([[0.0], [0.1], [10.0], [5.0], [5.0]])
    assert spread_out(rows, 3).tolist() == [0, 2, 3]
    assert len(spread_out(rows, 9)) == 4  # one of them twice


def test_a_line_comes_back_in_spite_of_an_outlier():
    x = np.linspace(1, 100, 50)
    y = 4 + 1.3 * x
    y[7] *= 5
    found = fit_composition(x, y, [str(i % 10) for i in range(50)])
    assert (found.a_ms, found.b) == pytest.approx((4, 1.3), rel=0.02) and found.c < 0.05


def test_a_root_comes_back_where_there_is_one():
    x = np.geomspace(0.5, 200, 60)
    found = fit_composition(x, 1 + 1.1 * x + 2 * np.sqrt(x), [str(i % 10) for i in range(60)])
    assert (found.a_ms, found.b, found.c) == pytest.approx((1, 1.1, 2), rel=0.01)


def test_repeated_configurations_merge_to_their_median():
    launch = Launch(Kernel("CONV_2D", 8, 8, 1, 1, 1, 7, 7))
    table = measurements([((launch,), 1.0), ((launch,), 9.0), ((launch,), 2.0)], GPU)
    assert table.ms.tolist() == [2.0]


def test_unknown_device_and_missing_tables(tmp_path):
    with pytest.raises(UsageError, match=r"s11.*s10"):
        phones.fit_phone(tmp_path, "s11")
    with pytest.raises(DataError, match="tflite_gpu_ops"):
        phones.fit_phone(tmp_path, "s10")


def test_all_phones_ship():
    assert set(phones.PHONES) < set(device_names())


@needs_tables
def test_a_card_is_rebuilt_bit_for_bit():
    rebuilt = to_json(phones.fit_phone(TABLES, "s10"))
    assert rebuilt == (DEVICES / "s10.json").read_text(encoding="utf-8")


@needs_tables
@pytest.mark.parametrize("device", sorted(set(phones.PHONES) - {"s10"}))
def test_the_fit_of_every_other_card_is_too(device):
    """All but its errors and intervals, which take a minute more."""
    rows, _, evidence, runtime = phones.read_phone(TABLES, device)
    table = kernel_table(rows, runtime)
    rebuilt = json.loads(json.dumps(fit_parts(fit(table, evidence), table)))
    card = SpeedModel.load(device).card
    assert {key: card[key] for key in rebuilt} == rebuilt
    networks = {row.model for row in rows}
    assert card["seen"] == fingerprints([*table.launches, *networks])


@needs_tables
@pytest.mark.parametrize("device", sorted(phones.PHONES))
def test_recorded_errors_and_coverage(device):
    errors = SpeedModel.load(device).card["errors"]
    assert 0.85 <= errors["held_out"]["kernels_covered"] <= 0.95
    # 90 networks in a few families, each of which is off in one direction
    assert 0.8 <= errors["held_out"]["networks_covered"] <= 0.95
    judged = judge_tables(SpeedModel.load(device), KERNELS, NETWORKS).summary()
    assert judged["end_to_end"]["n"] == 90
    assert judged["seen"] == sum(one["n"] for one in judged["by_op"].values()) + 90
    fitted, held_out = judged["by_op"]["DEPTHWISE_CONV_2D"], errors["held_out"]["by_path"]
    assert fitted["mape"] == pytest.approx(errors["fitted"]["depthwise"], abs=0.02)
    assert fitted["mape"] < held_out["depthwise"]
    assert judged["end_to_end"]["mape"] < errors["held_out"]["network"]


@needs_tables
def test_winograd_rule_names_the_measured_kernels():
    for device in ("s10", "a03s", "iphone7", "iphonexs"):
        rows, _, _, runtime = phones.read_phone(TABLES, device)
        table = kernel_table(rows, runtime)
        seen = {row.launch: "winograd" in row.compiled for row in rows}
        turned = table.seen.path == PATHS.index("winograd")
        assert turned.any()
        assert turned.tolist() == [seen[launch] for launch in table.launches]


@needs_tables
def test_bagnet9_on_the_s10():
    """A whole network of 16 GMACs, 104 ms measured; the interval holds it."""
    rows = [row for row in tables.read_kernels(KERNELS, "s10") if row.model == "bagnet9"]
    found = SpeedModel.load("s10").predict_group([row.launch for row in rows])
    assert found.low_ms < 104 < found.high_ms


def test_four_digits_remain():
    assert digits(np.array([0.0123456, 98765.4]), 4).tolist() == [0.01235, 98770.0]
