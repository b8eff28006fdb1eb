"""The command line: one clear line per mistake, results alone on stdout."""

import json
import os
import subprocess
import sys

import pytest
from PIL import Image
from pocketstyle.cli import app
from pocketstyle.datasets import heads
from pocketstyle.networks import ModelCard, build, save, ugatit_spec


def pocketstyle(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "pocketstyle", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=cwd,
    )


def fails(done, status, *words):
    lines = done.stderr.splitlines()
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert len(lines) == 1, done.stderr
    assert all(word in lines[0] for word in words), lines[0]


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.safetensors"
    save(path, build(ugatit_spec(32, 4, 1)), ModelCard("tiny"))
    return path


WAITS = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "KMP_LIBRARY")


@pytest.mark.parametrize("said", WAITS)
def test_how_threads_wait_is_the_users_word(said, monkeypatch):
    for name in WAITS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(said, "1")
    app._share_the_processor()
    assert [os.environ.get(name) for name in WAITS if name != said] == [None] * 3
    monkeypatch.delenv(said)
    app._share_the_processor()
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"


@pytest.mark.skipif(sys.platform != "linux", reason="GNU's OpenMP tells what it was set to")
def test_torch_is_loaded_after_it_is_said_how_threads_wait():
    environment = {name: value for name, value in os.environ.items() if name not in WAITS}
    done = subprocess.run(
        [sys.executable, "-m", "pocketstyle", "train", "heads", "--set", "train.steps=0"],
        env=environment | {"OMP_DISPLAY_ENV": "true"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 2 and "OMP_WAIT_POLICY = 'PASSIVE'" in done.stderr


def test_data_writes_pairs_and_refuses_to_mix(tmp_path):
    done = pocketstyle("data", "heads", "--out", tmp_path / "d", "--count", 3, "--size", 32)
    assert done.returncode == 0
    for kind in ("photo", "cartoon"):
        assert len(list((tmp_path / "d" / kind).glob("*.png"))) == 3
    fails(pocketstyle("data", "heads", "--out", tmp_path / "d"), 2, "exists", "--force")
    fails(pocketstyle("data", "dogs", "--out", tmp_path / "e"), 2, "dogs", "heads")


def test_info_and_predict_speak_json(model):
    info = json.loads(pocketstyle("info", model, "--json").stdout)
    assert info["widths"]["trunk"] == 16
    parts = info["parts"].values()
    assert sum(part["macs"] for part in parts) == pytest.approx(info["macs"])
    for device, ms in info["predicted_ms"].items():
        assert sum(part["predicted_ms"][device] for part in parts) == pytest.approx(ms)
    done = pocketstyle("latency", "predict", model, "--device", "pixel4", "--json")
    assert json.loads(done.stdout)["ms"] == pytest.approx(info["predicted_ms"]["pixel4"])
    assert set(json.loads(pocketstyle("latency", "devices", "--json").stdout)) >= {"s10", "pixel4"}


def test_shipped_networks_go_by_name():
    teacher, student = (
        json.loads(pocketstyle("info", name, "--json").stdout)
        for name in ("heads-teacher", "heads")
    )
    assert teacher["macs"] > 4 * student["macs"]
    assert "up2" in pocketstyle("info", "heads").stdout
    predicted = pocketstyle("latency", "predict", "heads", "--device", "all").stdout
    assert "encoder" in predicted and "pixel4" in predicted and "never measured" in predicted
    fails(pocketstyle("info", "nonesuch"), 2, "nonesuch", "heads-teacher")


def test_a_spec_is_priced_without_a_model(tmp_path):
    spec = tmp_path / "spec.json"
    spec.write_text(ugatit_spec(64, 8, 1).to_json())
    done = json.loads(pocketstyle("latency", "predict", spec, "--device", "all", "--json").stdout)
    for one in done["devices"].values():
        assert one["low_ms"] < one["ms"] < one["high_ms"]
        assert sum(part["ms"] for part in one["parts"].values()) == pytest.approx(one["ms"])
    spec.write_text("{}")
    fails(pocketstyle("latency", "predict", spec), 1, "not a network spec")
    fails(pocketstyle("latency", "predict", tmp_path / "none.json"), 1, "none.json")


def test_sweep_mistakes(tmp_path):
    sweep = ("latency", "sweep", "--out", tmp_path / "t.csv")
    fails(pocketstyle(*sweep, "--device", "toaster"), 2, "toaster", "host-cpu")
    fails(pocketstyle(*sweep, "--device", "adb"), 2, "--benchmark-model")
    fails(pocketstyle(*sweep, "--blocks", "bricks"), 2, "bricks", "ugatit")
    fails(pocketstyle(*sweep, "--minutes", "0"), 2, "0 minutes")
    assert not (tmp_path / "t.csv").exists()


def test_fitting_replaces_nothing_unasked(tmp_path):
    (tmp_path / "s10.json").write_text("mine")
    fit = pocketstyle("latency", "fit", tmp_path, "--out", tmp_path)
    fails(fit, 2, "holds devices already", "--force")
    assert (tmp_path / "s10.json").read_text() == "mine"


def test_training_mistakes(tmp_path):
    out = tmp_path / "run"
    config = tmp_path / "c.toml"
    config.write_text("[data]\nsource = 'no-such'\ntarget = 'no-such'\nsize = 32\n")
    fails(pocketstyle("train", config, "--out", out), 1, "no such folder", "no-such")
    fails(pocketstyle("train", config, "--set", "train.stps=1"), 2, "train.stps", "steps")
    fails(pocketstyle("train", tmp_path / "none.toml"), 2, "cannot read", "built in")
    (tmp_path / "file").write_text("x")
    fails(pocketstyle("train", config, "--out", tmp_path / "file" / "run"), 2, "cannot write")
    assert not (out / "config.toml").exists()  # no run was begun


def test_a_target_out_of_reach(tmp_path, model):
    config = tmp_path / "c.toml"
    config.write_text("[data]\nheads = 4\nsize = 32\n[search]\ntarget_ms = 0.01\n")
    changed = ("--set", f"search.teacher={model}", "--out", tmp_path / "run")
    fails(pocketstyle("search", config, *changed), 2, "out of reach", "smallest network")
    assert not (tmp_path / "run").exists()
    fails(pocketstyle("search", config, *changed, "--device", "nokia3310"), 2, "nokia3310", "s10")
    several = pocketstyle("search", config, *changed, "--targets", "20,fast")
    fails(several, 2, "20,fast", "milliseconds")
    fails(pocketstyle("search", config, "--target-ms", "9", "--targets", "9,8"), 2, "not both")
    fails(pocketstyle("search", config, "--targets", "9,8"), 2, "search.teacher")
    macs = pocketstyle("search", config, "--set", "search.target_mmacs=1e-6")
    fails(macs, 2, "MMACs is out of reach", "smallest network")


def test_playing_mistakes(tmp_path, model):
    photo = tmp_path / "photo.png"
    Image.fromarray(heads.pair(0, 0, 48)[0]).save(photo)
    out = tmp_path / "out.png"
    fails(pocketstyle("stylize", photo, "-m", "nonesuch", "-o", out), 2, "nonesuch")
    fails(pocketstyle("stylize", photo, "-m", photo, "-o", out), 1, "not a TFLite file")
    fails(pocketstyle("stylize", photo, "-m", model, "-o", out), 2, "takes no style")
    assert not out.exists()
    fails(
        pocketstyle("stylize", tmp_path / "none.png", "-m", "heads", "-o", out),
        1,
        "no such file",
        "none.png",
    )
    out.write_text("mine")
    fails(pocketstyle("stylize", photo, "-m", "heads", "-o", out), 2, "exists", "--force")
    assert out.read_text() == "mine"


def test_converting_mistakes(tmp_path, model):
    bundle = tmp_path / "b.tflite"
    fails(pocketstyle("convert", tmp_path / "none", "-o", bundle), 2, "none")
    fails(pocketstyle("convert", model, "-o", bundle, "--precision", "fp8"), 2, "fp8", "fp16")
    fails(pocketstyle("convert", model, "-o", bundle, "--route", "x"), 2, "route", "litert")
    bundle.write_text("mine")
    fails(pocketstyle("convert", model, "-o", bundle), 2, "exists", "--force")
    assert bundle.read_text() == "mine"
    other = tmp_path / "other.tflite"
    fails(pocketstyle("convert", model, "-o", other, "--io", "int16"), 2, "int16", "uint8")
    fails(pocketstyle("convert", model, "-o", other, "--precision", "int8"), 2, "--calibration")
    fails(pocketstyle("convert", model), 2, "-o", "--onnx")
    fails(pocketstyle("convert", "dog", "-o", other, "--random", 0), 2, "dog", "cyclegan")
    fails(pocketstyle("convert", "--prepare-route", "litert"), 2, "litert", "onnx2tf")
    fails(pocketstyle("convert", model, "-o", other, "--size", "66x64"), 2, "nearest is 68x64")
    fails(pocketstyle("convert", model, "-o", other, "--size", "480x"), 2, "480x", "480x640")
    fails(pocketstyle("convert", model, "-o", other, "--size", "8192x64"), 2, "texture")
    fails(pocketstyle("convert", model, "-o", other, "--fit", "squash"), 2, "squash", "frame")
    fails(pocketstyle("convert", model, "-o", other, "--values", "0..1"), 2, "--values")
    fails(pocketstyle("convert", model, "-o", other, "--dynamic", "batch"), 2, "--dynamic")
    fails(pocketstyle("convert", model, "-o", model, "--force"), 2, "different files")
    fails(pocketstyle("convert", model, "-o", other, "--onnx", other), 2, "different files")
    fails(pocketstyle("convert", model, "-o", tmp_path, "--force"), 2, "folder")
    fails(pocketstyle("convert", model, "-o", other, "--also-size", 33), 2, "33x33", "32x32")
    empty = tmp_path / "empty"
    empty.mkdir()
    int8 = ("--precision", "int8", "--calibration", empty)
    fails(pocketstyle("convert", model, "-o", other, *int8), 1, "picture")
    assert not other.exists()


def test_a_family_with_random_weights_converts_and_verifies(tmp_path):
    """A small one, as bytes and as ONNX, to JSON on both ends."""
    bundle, graph = tmp_path / "b.tflite", tmp_path / "b.onnx"
    wanted = ("ugatit_light", "--random", 3, "--size", 32, "--base", 8, "--io", "uint8")
    done = pocketstyle("convert", *wanted, "-o", bundle, "--onnx", graph, "--json")
    made = json.loads(done.stdout)
    assert made["bytes"] == bundle.stat().st_size and made["onnx_parity_max_abs"] < 1e-4
    found = json.loads(pocketstyle("verify", bundle, "--json").stdout)
    assert found["transposes"] == 0 and found["gpu_resident"] is not False
    assert found["ops"] == sum(found["operators"].values())
    assert found["parity_max_abs"] is None and found["worst_range"]["share"] < 1
    again = tmp_path / "again.tflite"
    pocketstyle("convert", *wanted, "-o", again)
    assert again.read_bytes() == bundle.read_bytes()


def test_targets_in_macs_and_in_milliseconds_are_not_mixed(tmp_path):
    macs = ("heads-search", "--set", "search.target_mmacs=200", "--out", tmp_path / "run")
    for given in (("--target-ms", 9), ("--targets", "8,9")):
        fails(pocketstyle("search", *macs, *given), 2, "target_mmacs")


def test_debug_shows_the_traceback(tmp_path):
    done = pocketstyle("data", "dogs", "--out", tmp_path / "e", "--debug")
    assert "Traceback" in done.stderr
