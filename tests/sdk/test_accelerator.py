"""CPU or GPU: what is asked for, what is taken, and what is said where it cannot be."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from pocketstyle.errors import PocketstyleError, UsageError
from pocketstyle.sdk import Stylizer, accelerator
from pocketstyle.sdk.gpu_gate import (
    NO_DELEGATE,
    NO_HARDWARE,
    SOFTWARE_DEVICES,
    VULKAN_VARIABLES,
    GateResult,
    check_gpu,
)

from .conftest import SIZE

BOTH = """
import sys
import numpy as np
from pocketstyle.sdk import Stylizer
rgb = np.random.default_rng(0).integers(0, 256, (50, 40, 3), np.uint8)
made = []
for name in ("cpu", "gpu"):
    with Stylizer.load(sys.argv[1], accelerator=name, strict=True) as stylizer:
        assert stylizer.accelerator == name
        made.append([stylizer.stylize(rgb), stylizer.stylize(rgb[::-1])])
np.save(sys.argv[2], made)
"""


def test_the_gpu_plays_what_the_cpu_plays(tiny, tmp_path):
    """A GPU in software, in a process of its own: the delegate keeps the device that it found."""
    path = next((path for path in SOFTWARE_DEVICES if Path(path).is_file()), None)
    if path is None:
        pytest.skip("no Vulkan device (Debian: apt-get install chromium libvulkan1)")
    child = subprocess.run(
        [sys.executable, "-c", BOTH, str(tiny.path), str(tmp_path / "made.npy")],
        env=os.environ | dict.fromkeys(VULKAN_VARIABLES, path),
        capture_output=True,
        text=True,
    )
    if NO_DELEGATE in child.stderr:
        pytest.skip(NO_DELEGATE)
    assert child.returncode == 0, child.stderr[-2000:]
    cpu, gpu = np.load(tmp_path / "made.npy").astype(int)
    assert np.abs(cpu - gpu).max() <= 1
    assert (gpu[0] != gpu[1]).any()


@pytest.mark.parametrize(
    ("resident", "verdict", "told_first"),
    [
        (None, NO_HARDWARE, "no GPU runs tiny: no GPU with a Vulkan driver"),
        (False, "rejected by the GPU delegate: GATHER", "the GPU does not run"),
    ],
)
def test_where_there_is_no_gpu(tiny, monkeypatch, resident, verdict, told_first):
    refused = GateResult(resident, verdict)
    monkeypatch.setattr(accelerator, "check_gpu", lambda *_, **__: refused)
    monkeypatch.setattr(accelerator, "_has_gpu", lambda: True)
    with pytest.warns(RuntimeWarning, match="the CPU does") as told:
        asked = Stylizer.load(tiny.path, accelerator="gpu")
    assert len(told) == 1 and verdict in str(told[0].message) and asked.accelerator == "cpu"
    with pytest.raises(PocketstyleError, match=told_first):
        Stylizer.load(tiny.path, accelerator="gpu", strict=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        auto = Stylizer.load(tiny.path)
    assert auto.accelerator == "cpu"
    assert auto.apply(np.zeros((SIZE, SIZE, 3), np.uint8)).shape == (SIZE, SIZE, 3)


def test_auto_asks_no_gpu_where_the_kernel_knows_none(tiny, monkeypatch):
    monkeypatch.setattr(accelerator, "_has_gpu", lambda: False)
    monkeypatch.setattr(accelerator, "check_gpu", lambda *_, **__: pytest.fail("asked"))
    assert Stylizer.load(tiny.path).accelerator == "cpu"


def test_no_software_device_is_advised_where_none_is_taken(tiny, monkeypatch):
    for variable in VULKAN_VARIABLES:
        monkeypatch.setenv(variable, "/nowhere")
    found = check_gpu(tiny.path, software=False)
    assert found.resident is None and found.note in (NO_HARDWARE, NO_DELEGATE)


def test_accelerators_that_are_none(tiny):
    with pytest.raises(UsageError, match="one of auto, cpu, gpu"):
        Stylizer.load(tiny.path, accelerator="npu")
