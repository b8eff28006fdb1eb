"""`convert` and `verify`, as people call them."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from pocketstyle.quiet import quiet
from pocketstyle.sdk import read_info

from .test_cli import fails, model, pocketstyle  # noqa: F401  (model is a fixture)


def test_a_licence_and_a_verdict(model, tmp_path):  # noqa: F811
    out = tmp_path / "12:30.tflite"
    done = pocketstyle("convert", model, "-o", out, "--licence", "CC-BY-4.0")
    assert done.returncode == 0, done.stderr
    assert read_info(out).licence == "CC-BY-4.0"
    fails(pocketstyle("convert", "heads-teacher", "-o", tmp_path / "h", "--licence", "MIT"), 2)
    done = pocketstyle("verify", out)
    assert done.returncode == 0 and done.stdout.splitlines()[-1].startswith("PASS")


def test_a_file_of_others_and_what_is_not_its_bundle(tmp_path):
    theirs, other = tmp_path / "THEIRS.ONNX", tmp_path / "other.onnx"
    for seed, path in enumerate((theirs, other)):
        torch.manual_seed(seed)
        network = torch.nn.Sequential(torch.nn.Conv2d(3, 3, 3, 1, 1), torch.nn.Tanh()).eval()
        with quiet():
            torch.onnx.export(network, (torch.rand(1, 3, 32, 32),), path, dynamo=False)
    out = tmp_path / "b.tflite"
    fails(pocketstyle("convert", theirs, "-o", out, "--size", 64), 2, "32", "fixed")
    done = pocketstyle("convert", theirs, "-o", out, "--json")
    made = json.loads(done.stdout)
    assert made["verdict"].startswith("PASS") and read_info(out).licence == "NOASSERTION"
    done = pocketstyle("verify", out, "--against", other)
    assert done.returncode == 1 and done.stdout.splitlines()[-1].startswith("FAIL: differs")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_a_conversion(number, status, tmp_path):
    arguments = ("cyclegan", "--random", "0", "--size", "256", "-o", "out.tflite")
    child = subprocess.Popen(
        [sys.executable, "-m", "pocketstyle", "convert", *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while child.poll() is None and not os.listdir(tmp_path):  # until it has begun to write
        time.sleep(0.1)
    child.send_signal(number)
    _, told = child.communicate(timeout=120)
    assert child.returncode == status, told
    assert told.splitlines()[-1] == "pocketstyle: interrupted"
    assert os.listdir(tmp_path) == []
