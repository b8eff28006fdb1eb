"""Where a sweep can be measured; a phone is the stand-in of tests/latency_model."""

import stat
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

from pocketstyle.errors import UsageError
from pocketstyle.latency_model.measuring import connected_phones
from pocketstyle.latency_model.measuring.this_computer import host_name
from pocketstyle.sweep import OnPhone, ThisComputer

STAND_IN = Path(__file__).parents[1] / "latency_model" / "adb_stand_in.py"


def test_a_phone_measures_each_model_of_a_batch(tmp_path, monkeypatch):
    adb, tool, memory = tmp_path / "adb", tmp_path / "benchmark_model", tmp_path / "memory"
    adb.write_text(f'#!/bin/sh\nexec {sys.executable} {STAND_IN} "$@"\n')
    adb.chmod(adb.stat().st_mode | stat.S_IXUSR)
    tool.write_bytes(b"x")
    memory.mkdir()
    monkeypatch.setenv("ADB_MEMORY", str(memory))
    monkeypatch.setenv("ADB_SCENARIO", "fine")

    phone = OnPhone(connected_phones(str(adb))[0][0], tool, str(adb))
    first, second = phone.measure([b"one", b"two"])
    assert (first.device, first.backend) == (phone.device, phone.name)
    assert first.ms == pytest.approx(second.ms, rel=1e-2) == pytest.approx(13.8, rel=1e-2)
    assert (memory / "commands").read_text().count("block.tflite") == 2


def test_a_host_is_named_by_its_processor_and_threads():
    assert host_name(1).endswith(", 1 thread") and host_name(4).endswith(", 4 threads")
    listed = Path("/proc/cpuinfo")
    if listed.exists() and "model name" in listed.read_text():
        assert f": {host_name(1).removesuffix(', 1 thread')}\n" in listed.read_text()
    assert ThisComputer(threads=4).device == host_name(4)


def test_an_unknown_backend_is_refused():
    with pytest.raises(UsageError, match="'adb-gpu'; on this computer: litert-cpu, litert-gpu"):
        ThisComputer("adb-gpu")
