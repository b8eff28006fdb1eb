"""The demo app on a phone: a stand-in for adb, behind which the app answers at once."""

import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pocketstyle.errors import FormatError, PocketstyleError
from pocketstyle.latency_model import SpeedModel
from pocketstyle.latency_model.block_table import read_blocks
from pocketstyle.latency_model.measuring import connected_phones
from pocketstyle.latency_model.measuring.demo_app import FOLDER, described, measure_models
from pocketstyle.sdk import resolve, shipped

ROOT = Path(__file__).parents[2]
STAND_IN = Path(__file__).with_name("adb_stand_in.py")
KERNELS = ROOT / "android_demo/app/src/main/assets/kernels.json"


@pytest.fixture
def phone(tmp_path, monkeypatch):
    """Runs `pocketstyle android` with the stand-in; the app is installed if so asked."""
    adb, memory = tmp_path / "adb", tmp_path / "memory"
    adb.write_text(f'#!/bin/sh\nexec {sys.executable} {STAND_IN} "$@"\n')
    adb.chmod(adb.stat().st_mode | stat.S_IXUSR)
    memory.mkdir()
    monkeypatch.setenv("ADB_MEMORY", str(memory))
    monkeypatch.setenv("ADB_KERNELS", str(KERNELS))

    def pocketstyle(*words, scenario="fine", installed=True):
        monkeypatch.setenv("ADB_SCENARIO", scenario)
        if installed:
            (memory / "installed").touch()
        command = [sys.executable, "-m", "pocketstyle", "android", *map(str, words), "--adb", adb]
        return subprocess.run(command, capture_output=True, text=True, timeout=300)

    pocketstyle.adb, pocketstyle.memory = str(adb), memory
    return pocketstyle


def commands(phone) -> list[str]:
    return (phone.memory / "commands").read_text().splitlines()


def test_the_app_is_installed(phone, tmp_path):
    apk = tmp_path / "demo.apk"
    apk.write_bytes(b"x")
    done = phone("install", apk, installed=False)
    assert done.returncode == 0, done.stderr
    assert (phone.memory / "installed").exists()
    old = phone("install", apk, scenario="old-android")
    assert old.returncode == 1 and "INSTALL_FAILED_OLDER_SDK" in old.stderr
    assert len(old.stderr.splitlines()) == 1
    missing = phone("install", tmp_path / "none.apk")
    assert missing.returncode == 2 and "make apk" in missing.stderr


def test_a_bundle_is_put_there_and_started(phone, tmp_path):
    done = phone("run", "toonhead")
    assert done.returncode == 0, done.stderr
    folder = "/sdcard/Android/data/org.pocketstyle.demo/files/bundles"
    start = "-s R58M123ABC shell am start -W -S -n org.pocketstyle.demo"
    assert commands(phone)[-5:] == [
        "-s R58M123ABC shell pm path org.pocketstyle.demo",
        f"{start}/.BenchmarkActivity",  # makes the folder, which adb may not
        f"-s R58M123ABC shell mkdir -p {folder}",
        f"-s R58M123ABC push {resolve('toonhead')} {folder}/toonhead.tflite",
        f"{start}/.MainActivity --es bundle toonhead",
    ]
    (tmp_path / "x.tflite").write_bytes(b"no bundle")
    wrong = phone("run", tmp_path / "x.tflite")
    assert wrong.returncode == 1 and "not a TFLite file" in wrong.stderr


def test_where_it_is_not_installed_it_says_how(phone, tmp_path):
    for words in (("run", "heads"), ("bench", "--out", tmp_path / "phone")):
        done = phone(*words, installed=False)
        assert done.returncode == 1 and "pocketstyle android install" in done.stderr
    assert not any(" push " in line for line in commands(phone))


@pytest.mark.parametrize("name", ["my heads.tflite", "my heads.bin"])
def test_whatever_its_file_is_called_the_app_finds_it(phone, tmp_path, name):
    shutil.copy(resolve("heads"), tmp_path / name)
    done = phone("run", tmp_path / name)
    assert done.returncode == 0, done.stderr
    pushed, started = commands(phone)[-2:]
    assert pushed.endswith(f"push {tmp_path / name} {FOLDER}/bundles/my heads.tflite")
    assert started.endswith("--es bundle 'my heads'")


def test_of_several_phones_one_is_chosen(phone):
    assert phone("run", "heads", scenario="two").returncode == 2
    chosen = phone("run", "heads", "--serial", "9A271FFAZ00123", scenario="two")
    assert chosen.stdout == "heads runs on Pixel_4 (9A271FFAZ00123, adreno)\n"


def test_the_bundles_times_and_tables_come_back(phone, tmp_path):
    done = phone("bench", "--out", tmp_path / "phone", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {one["name"] for one in told["bundles"]} == set(shipped())
    for on in ("gpu", "cpu"):
        rows = read_blocks(tmp_path / "phone" / f"bundles-{on}.csv")
        assert {row.configuration for row in rows} == {f"name={name}" for name in shipped()}
        assert {row.backend for row in rows} == {f"litert-{on}"}
    again = phone("bench", "--out", tmp_path / "phone")
    assert again.returncode == 2 and "--force" in again.stderr


def test_an_app_that_ends_is_told(phone, tmp_path):
    done = phone("bench", "--out", tmp_path / "phone", scenario="app-ends")
    assert done.returncode == 1 and "the app ended" in done.stderr
    assert not (tmp_path / "phone").exists()


def test_a_phone_that_refuses_every_bundle_is_told(phone, tmp_path):
    done = phone("bench", "--out", tmp_path / "phone", scenario="refused")
    assert done.returncode == 1 and "refuse every bundle" in done.stderr
    assert not (tmp_path / "phone").exists()


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_measured(phone, tmp_path):
    (tmp_path / "file").touch()
    done = phone("bench", "--out", tmp_path / "file" / "phone")
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert not any("am start" in line for line in commands(phone))


def test_models_are_measured_in_rounds(phone, monkeypatch):
    monkeypatch.setenv("ADB_SCENARIO", "fine")
    (phone.memory / "installed").touch()
    models = [resolve(name).read_bytes() for name in ("heads", "toonhead")]
    one = connected_phones(phone.adb)[0][0]
    heads, toonhead = measure_models(models, one, adb=phone.adb)
    assert (heads.device, heads.backend) == ("SM-G973F (mali)", "litert-gpu")
    assert len(heads.rounds_ms) == 3 and len(set(heads.rounds_ms)) == 3
    assert heads.ms == pytest.approx((0.1 + (len(models[0]) + 4 * 3 * 128**2) / 1e6) * 1.002)
    assert toonhead.ms > heads.ms
    assert sum("--ez run true" in line for line in commands(phone)) == 3
    monkeypatch.setenv("ADB_SCENARIO", "partly")
    with pytest.raises(PocketstyleError, match="refuses"):
        measure_models(models, one, adb=phone.adb)


def test_a_file_without_a_signature_is_refused():
    with pytest.raises(FormatError):
        described(b"x" * 100)


def test_a_sweep_measures_on_the_app(phone, monkeypatch):
    pytest.importorskip("torch")
    from pocketstyle.sweep import OnApp

    monkeypatch.setenv("ADB_SCENARIO", "fine")
    (phone.memory / "installed").touch()
    backend = OnApp(connected_phones(phone.adb)[0][0], phone.adb)
    (found,) = backend.measure([resolve("heads").read_bytes()])
    assert (found.device, found.backend) == (backend.device, backend.name)


def test_the_phone_becomes_a_device(phone, tmp_path):
    """In two goes: a few blocks, then enough of them for a fit."""
    pytest.importorskip("torch")
    out, table = tmp_path / "phone", tmp_path / "phone/blocks.csv"
    words = ("bench", "--out", out, "--minutes", "0.05", "--force")
    first = phone(*words)
    assert first.returncode == 0, first.stderr
    swept = read_blocks(table)
    assert {(one.device, one.backend) for one in swept} == {("SM-G973F (mali)", "litert-gpu")}
    assert f"{len(swept)} blocks so far" in first.stdout and "run it again" in first.stdout
    assert not (out / "device.json").exists()
    rows = (ROOT / "benchmarks/results/host_cpu_sweep.csv").read_text().splitlines(keepends=True)
    named = [
        row.replace('"AMD EPYC, 1 thread",litert-cpu', "SM-G973F (mali),litert-gpu") for row in rows
    ]
    with table.open("a") as kept:
        kept.writelines(named[1:61])
    second = phone(*words)
    assert second.returncode == 0, second.stderr
    count = len(read_blocks(table))
    assert count > len(swept) + 60
    assert f"device.json: {count} blocks; those left out of the fit are off by" in second.stdout
    assert SpeedModel.load(out / "device.json").name == "device"
