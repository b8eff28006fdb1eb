import json
import subprocess
import sys
from pathlib import Path

import pytest
from pocketstyle.sdk import gpu_gate
from pocketstyle.sdk.gpu_gate import NO_DELEGATE, NO_DEVICE, VULKAN_VARIABLES, GateResult, check_gpu

from .conftest import export, torch


class Shuffle(torch.nn.Module):
    """Channel shuffle needs five axes."""

    def forward(self, x):
        b, h, w, c = x.shape
        return x.view(b, h, w, 2, c // 2).transpose(3, 4).reshape(b, h, w, c)


class Square(torch.nn.Module):
    """A matrix times itself: the delegate aborts the process."""

    def forward(self, x):
        return torch.nn.functional.linear(x, x)


class Half(torch.nn.Module):
    """Exact in any arithmetic: GPU and CPU give the same."""

    def forward(self, x):
        return x * 0.5


def checked(path: Path) -> GateResult:
    result = check_gpu(path)
    if result.resident is None:
        pytest.skip(result.note)
    return result


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_our_networks_run_on_the_gpu(bundles, precision):
    result = checked(bundles[precision].path)
    assert result.resident is True, result.note
    assert 0 < result.max_abs < 1e-2


@pytest.mark.parametrize(
    ("module", "shape", "note"),
    [
        (Shuffle(), (1, 8, 8, 4), "rejected by the GPU delegate: RESHAPE"),
        (Square(), (8, 8), "the GPU delegate crashed: Check failed"),
    ],
    ids=["rejected", "crash"],
)
def test_what_does_not_run_there_is_told(module, shape, note, tmp_path):
    result = checked(export(tmp_path / "graph.tflite", module, shape))
    assert result.resident is False
    assert result.note.startswith(note)
    assert "\n" not in result.note


def test_the_same_output_as_the_cpus_counts_if_a_device_was_selected(tmp_path):
    path = export(tmp_path / "half.tflite", Half(), (1, 8, 8, 4))
    result = checked(path)
    assert result.resident is True and result.max_abs == 0
    told = json.dumps({"resident": True, "note": "all", "max_abs": 0.0})
    silent = subprocess.CompletedProcess([], 0, stdout=told, stderr="no adapter here")
    assert gpu_gate._verdict(silent).resident is False


def test_without_a_device_nothing_is_claimed(bundles, monkeypatch):
    for variable in VULKAN_VARIABLES:
        monkeypatch.setenv(variable, "/nowhere")
    assert check_gpu(bundles["fp32"].path) in (
        GateResult(None, NO_DEVICE),
        GateResult(None, NO_DELEGATE),
    )


def test_a_hanging_delegate_is_no_verdict(bundles):
    result = check_gpu(bundles["fp32"].path, time_limit=0.01)
    assert result == GateResult(None, "not checked: no answer within 0.01 s")


def test_the_child_loads_no_torch():
    code = "import sys, pocketstyle.sdk.gpu_gate; print('torch' in sys.modules)"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout == "False\n"
