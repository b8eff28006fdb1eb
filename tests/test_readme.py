"""The README's and the demo page's numbers are those of the files, not typed."""

import json
from pathlib import Path

import pytest
from pocketstyle.latency_model import total_macs
from pocketstyle.networks import load
from pocketstyle.sdk import read_info, resolve
from pocketstyle.search import load_config, resolve_model
from readme import numbers, styles

ROOT = Path(__file__).parents[1]


def test_the_numbers_come_from_the_result():
    result = json.loads((ROOT / "benchmarks/results/demo.json").read_text())
    assert numbers(result) in (ROOT / "docs/demo.md").read_text()
    readme = (ROOT / "README.md").read_text()
    assert styles() in readme and len(readme.splitlines()) <= 80


def test_the_result_is_of_what_is_shipped():
    result = json.loads((ROOT / "benchmarks/results/demo.json").read_text())
    teacher, _ = load(resolve_model("heads-teacher"))
    assert result["teacher"]["macs"] == total_macs(teacher.kernels())
    assert result["target_ms"] == load_config("heads-search").search.target_ms
    assert result["bundle"]["bytes"] == resolve("heads").stat().st_size
    predicted = read_info(resolve("heads")).predicted_ms
    assert predicted == pytest.approx(result["student"]["predicted_ms"])


def test_the_demo_shows_what_it_must():
    result = json.loads((ROOT / "benchmarks/results/demo.json").read_text())
    untouched, teacher, student = result["identity"], result["teacher"], result["student"]
    ssim, l1 = (
        (student[key] - untouched[key]) / (teacher[key] - untouched[key])
        for key in ("ssim_to_truth", "l1_to_truth")
    )
    assert ssim >= 0.9
    assert l1 >= 0.88  # short of what SSIM keeps, and docs/demo.md says so
    assert teacher["macs"] >= 4 * student["macs"]
    assert student["predicted_ms"][result["device"]] <= result["target_ms"]
    assert result["bundle"]["transposes"] == 0 and result["bundle"]["gpu_resident"] is True
    assert sum(result["seconds"].values()) <= 9 * 60  # of the host that the result names


def test_the_bundles_equal_torch_on_real_photos():
    result = json.loads((ROOT / "benchmarks/results/parity.json").read_text())
    for precision, limit in (("fp32", 1e-3), ("fp16", 2e-2)):
        check = result[precision]
        assert check["pictures"] >= 64 and check["max_abs"] <= limit
        assert check["transposes"] == 0 and check["operators_match"] and check["gpu_resident"]
    assert result["fp16"]["bytes"] == resolve("heads").stat().st_size


def test_the_control_shown_is_the_one_measured():
    measured = (ROOT / "benchmarks/results/search_control.json").read_text()
    assert (ROOT / "demo/search_control.json").read_text() == measured
    control, result = (
        json.loads(measured),
        json.loads((ROOT / "benchmarks/results/demo.json").read_text()),
    )
    assert control["search"]["macs"] == result["student"]["macs"]
    # latency goes by stairs, and uniform widths take them all at once: 8.6 and then 9.2 ms
    assert 0.94 <= control["magnitude"]["predicted_ms"] / control["search"]["predicted_ms"] <= 1
    assert control["magnitude"]["seconds"] >= control["search"]["seconds"]
