"""Measuring: on a stand-in for adb that speaks the tool's real format, and on this computer."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pocketstyle.errors import FormatError, PocketstyleError, UsageError
from pocketstyle.latency_model.measuring import (
    Measurement,
    connected_phones,
    measure_here,
    measure_on_phone,
)
from pocketstyle.latency_model.measuring import adb as adb_module
from pocketstyle.latency_model.measuring.measurement import (
    MAX_ROUNDS,
    half_width,
    repeat_until_tight,
)
from scipy import stats

STAND_IN = Path(__file__).with_name("adb_stand_in.py")


@pytest.fixture
def phone(tmp_path, monkeypatch):
    """Sets a scenario; gives a function that measures on the first phone it lists."""
    adb = tmp_path / "adb"
    adb.write_text(f'#!/bin/sh\nexec {sys.executable} {STAND_IN} "$@"\n')
    adb.chmod(adb.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "memory").mkdir()
    for name in ("model.tflite", "benchmark_model"):
        (tmp_path / name).write_bytes(b"x")
    monkeypatch.setenv("ADB_MEMORY", str(tmp_path / "memory"))

    def measure(scenario: str, pauses: list | None = None) -> Measurement:
        monkeypatch.setenv("ADB_SCENARIO", scenario)
        return measure_on_phone(
            tmp_path / "model.tflite",
            tmp_path / "benchmark_model",
            connected_phones(str(adb))[0][0],
            adb=str(adb),
            pause=(pauses if pauses is not None else []).append,
        )

    measure.adb = str(adb)
    measure.commands = tmp_path / "memory" / "commands"
    return measure


def test_a_phone_is_measured_until_the_interval_is_tight(phone):
    measured = phone("fine")
    assert measured.device == "SM_G973F (R58M123ABC, mali)" and measured.backend == "adb-gpu"
    assert len(measured.rounds_ms) == 3
    assert measured.ms == pytest.approx(13.8, rel=3e-3)
    assert measured.half_width_ms < 0.03 * measured.ms
    assert measured.operators_ms == {"TfLiteGpuDelegateV2": pytest.approx(13.8, rel=3e-3)}
    commands = phone.commands.read_text()
    assert "-s R58M123ABC push" in commands and "chmod +x" in commands
    assert "--use_gpu=true --enable_op_profiling=true --num_runs=50" in commands


def test_noisy_rounds_are_repeated(phone):
    assert len(phone("noisy").rounds_ms) == MAX_ROUNDS


def test_several_phones_are_listed(phone, monkeypatch):
    monkeypatch.setenv("ADB_SCENARIO", "two")
    assert [p.model for p in connected_phones(phone.adb)[0]] == ["SM_G973F", "Pixel_4"]


def test_a_phone_that_does_not_answer_leaves_the_others(phone, monkeypatch):
    monkeypatch.setattr(adb_module, "ANSWER_S", 0.5)
    monkeypatch.setenv("ADB_SCENARIO", "two+hanging")
    ready, unready = connected_phones(phone.adb)
    assert [p.model for p in ready] == ["Pixel_4"]
    assert len(unready) == 1 and "phone R58M123ABC: the phone does not answer" in unready[0]
    monkeypatch.setenv("ADB_SCENARIO", "hanging")
    with pytest.raises(PocketstyleError, match=r"phone R58M123ABC: the phone does not answer for"):
        connected_phones(phone.adb)


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("none", "no phone is connected"),
        ("unauthorized", "R58M123ABC is unauthorised: allow USB debugging"),
        ("offline", "R58M123ABC is offline"),
        ("lost", "adb: device 'R58M123ABC' not found"),
        ("refused", "no GPU latency: the GPU delegate was refused"),
        ("fell-back", r"fell back to the CPU \(MIRROR_PAD: Operation is not supported"),
        ("partly", r"only parts of the model, in 2 pieces \(MIRROR_PAD"),
        ("hot", "R58M123ABC stays hot"),
    ],
)
def test_failures_are_errors_and_never_numbers(phone, scenario, words):
    with pytest.raises(PocketstyleError, match=words):
        phone(scenario)


def test_a_round_that_ends_hot_does_not_count(phone):
    pauses = []
    measured = phone("warm", pauses)
    assert pauses == [30.0, 30.0]  # hot after the first round, and still at the next look
    assert len(measured.rounds_ms) == 3


def test_a_phone_without_a_thermal_service_is_measured(phone):
    assert phone("old-android").ms == pytest.approx(13.8, rel=3e-3)


def test_what_is_missing_is_named(phone, tmp_path, monkeypatch):
    with pytest.raises(PocketstyleError, match="not installed"):
        connected_phones(str(tmp_path / "no-adb"))
    (tmp_path / "benchmark_model").unlink()
    with pytest.raises(UsageError, match=r"no such file: .*benchmark_model"):
        phone("fine")


def test_the_interval_is_students(tmp_path):
    rounds = [9.1, 9.3, 9.2, 9.6, 9.05]
    low, high = stats.t.interval(0.95, 4, loc=9.25, scale=stats.sem(rounds))
    assert half_width(rounds) == pytest.approx((high - low) / 2, rel=1e-3)
    assert len(repeat_until_tight(iter([5.0, 5.01, 5.0]).__next__)) == 3


def test_this_computer_measures_a_bundle(tmp_path):
    from pocketstyle.sdk import resolve

    measured = measure_here(resolve("heads"))
    assert measured.backend == "litert-cpu" and 1 < measured.ms < 5000
    assert len(measured.rounds_ms) >= 3
    with pytest.raises(UsageError, match="no such file"):
        measure_here(tmp_path / "none.tflite")
    (tmp_path / "text.tflite").write_text("no model")
    with pytest.raises(FormatError, match="LiteRT cannot load"):
        measure_here(tmp_path / "text.tflite")


def test_the_command_measures_every_phone_at_once(phone, tmp_path, monkeypatch):
    monkeypatch.setenv("ADB_SCENARIO", "two")
    tool = tmp_path / "benchmark_model"
    words = ("latency", "measure", "heads", "--benchmark-model", tool, "--adb", phone.adb)

    def pocketstyle(*more):
        command = [sys.executable, "-m", "pocketstyle", *map(str, words), *more]
        return subprocess.run(command, capture_output=True, text=True, timeout=300)

    found = json.loads(pocketstyle("--json").stdout)["measurements"]
    assert [one["device"] for one in found] == [
        "SM_G973F (R58M123ABC, mali)",
        "Pixel_4 (9A271FFAZ00123, adreno)",
    ]
    assert found[0]["ms"] == pytest.approx(1.5 * found[1]["ms"], rel=1e-3)
    only = pocketstyle("--serial", "9A271FFAZ00123")
    assert only.stdout.startswith("Pixel_4 (9A271FFAZ00123, adreno), adb-gpu: 9.2")
    monkeypatch.setenv("ADB_SCENARIO", "two+one-lost")
    half = pocketstyle("--json")
    assert [one["device"] for one in json.loads(half.stdout)["measurements"]] == [
        "Pixel_4 (9A271FFAZ00123, adreno)"
    ]
    assert half.returncode == 1 and half.stderr.splitlines() == [
        "pocketstyle: SM_G973F (R58M123ABC, mali): adb: device 'R58M123ABC' not found"
    ]
    monkeypatch.setenv("ADB_SCENARIO", "two")
    wrong = pocketstyle("--serial", "X1")
    assert wrong.returncode == 2 and wrong.stderr.splitlines() == [
        "pocketstyle: adb lists no phone X1 that is ready"
    ]
