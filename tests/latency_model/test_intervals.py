"""Intervals: quantiles of held-out errors, by region; and how judgements count them."""

from __future__ import annotations

import numpy as np
import pytest
from pocketstyle.errors import DataError
from pocketstyle.latency_model import Prediction
from pocketstyle.latency_model.features import PATH
from pocketstyle.latency_model.intervals import Intervals, coverage, fit_intervals, half_width
from pocketstyle.latency_model.judging import Judgement


def test_half_widths_are_the_quantiles_of_each_region():
    random = np.random.default_rng(0)
    count = 6000
    closeness = random.uniform(0, 1, count)
    path = np.where(random.uniform(size=count) < 0.5, PATH["conv_3x3"], PATH["concat"])
    spread = np.where(closeness < 1 / 3, 0.3, 0.1) * np.where(path == PATH["concat"], 2, 1)
    error = spread * random.standard_normal(count)
    others = {"beyond": 0.5 * random.standard_normal(999), "prior": np.ones(50), "network": error}
    found = fit_intervals(path, closeness, error, others)
    normal = 1.645  # 90 % of a normal distribution lie within so many deviations
    assert found.closeness == pytest.approx((1 / 3, 2 / 3), abs=0.02)
    assert found.convolution == pytest.approx((0.3 * normal, 0.1 * normal, 0.1 * normal), rel=0.1)
    assert found.other == pytest.approx((0.6 * normal, 0.2 * normal, 0.2 * normal), rel=0.1)
    assert (found.beyond, found.prior) == pytest.approx((0.5 * normal, 1), rel=0.1)
    half = found.of_launches(path, closeness, np.zeros(count), np.zeros(count, dtype=bool))
    assert coverage(error, half) == pytest.approx(0.9, abs=0.01)


def test_what_is_out_of_range_or_unmeasured_is_never_surer():
    found = Intervals((0.3, 0.6), (0.3, 0.2, 0.1), (0.3, 0.2, 0.1), 0.25, 0.5, 0.05)
    path, closeness = np.full(4, PATH["conv_1x1"]), np.array([0.9, 0.9, 0.9, 0.1])
    beyond, unmeasured = np.array([0, 0.4, 0, 3.0]), np.array([0, 0, 1, 0], bool)
    half = found.of_launches(path, closeness, beyond, unmeasured)
    # the widest within the range, and as much again for every octave after the first
    assert half.tolist() == pytest.approx([0.1, 0.3, 0.5, 0.9])
    times = np.ones(4)
    assert found.of_network(times, half, np.zeros(4, bool)) == 0.05
    assert found.of_network(times, half, beyond > 0) == pytest.approx(np.hypot(0.05, 1.2 / 4))


def test_few_errors_borrow_from_all():
    assert half_width(np.array([9.0]), np.full(30, 0.2)) == 0.2


def test_a_judgement_by_hand():
    found = Judgement()
    for predicted, measured in ((1.0, 1.0), (1.2, 1.0), (0.5, 1.0)):
        found.add("ADD", 1.0, Prediction(predicted, predicted / 1.3, predicted * 1.3, 0), measured)
    found.add("network", 1.0, Prediction(9.0, 8.0, 9.0 * 9 / 8, 0), 10.0)
    summary = found.summary()
    assert summary["by_op"] == {
        "ADD": {"mape": pytest.approx(23.33), "max": 50.0, "covered": 0.667, "n": 3}
    }
    assert summary["end_to_end"] == {"mape": 10.0, "max": 10.0, "covered": 1.0, "n": 1}
    assert summary["interval_coverage"] == 0.667
    assert summary["seen"] == 0


def test_a_table_in_other_units_is_no_large_error():
    for factor in (1e3, 1e-3):
        found = Judgement()
        for measured in (1.0, 1.1, 0.9):
            found.add("ADD", 1.0, Prediction(1.0, 0.9, 1.1, 0), measured * factor)
        with pytest.raises(DataError, match="are their units right"):
            found.check_units()
