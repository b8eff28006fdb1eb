"""The GPU gate: does a phone GPU's delegate take the whole graph?

LiteRT's GPU delegate exists for WebGPU too, and WebGPU runs on any Vulkan device, SwiftShader in
software included. So the check needs no GPU; its timings would mean nothing. Some graphs abort
the process, therefore the delegate runs in a child: `python -m pocketstyle.sdk.gpu_gate`.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ..errors import PocketstyleError
from .bundle import read_info

TIME_LIMIT = 600.0  # seconds; a network of 52 GMACs takes about 80 in software on a busy core
TOLERANCE = 0.05  # of the largest value, at least of 1 or a byte's range; GPUs use float16

VULKAN_VARIABLES = ("VK_DRIVER_FILES", "VK_ICD_FILENAMES")  # the loader's new and old name
SOFTWARE_DEVICES = (
    "/usr/lib/chromium/vk_swiftshader_icd.json",
    "/usr/lib/chromium-browser/vk_swiftshader_icd.json",
    "/usr/lib64/chromium-browser/vk_swiftshader_icd.json",
    "/opt/google/chrome/vk_swiftshader_icd.json",
    "/snap/chromium/current/usr/lib/chromium-browser/vk_swiftshader_icd.json",
)
NO_DEVICE = "not checked: no Vulkan device (Debian: apt-get install chromium libvulkan1)"
NO_HARDWARE = "no GPU with a Vulkan driver was found"
NO_DELEGATE = "not checked: this ai-edge-litert comes without a GPU delegate"


@dataclass(frozen=True)
class GateResult:
    """The gate's verdict.

    Attributes:
        resident: every operator ran on the GPU delegate and agreed with the CPU; None if nothing
            could be checked.
        note: the device, or why not; one line.
        max_abs: largest difference between GPU and CPU, as a share of the largest value or of
            bytes' range, of 1 at least; None where the GPU did not run.
    """

    resident: bool | None
    note: str
    max_abs: float | None = None


def check_gpu(
    bundle: str | Path, time_limit: float = TIME_LIMIT, software: bool = True
) -> GateResult:
    """Compile and run a TFLite file on the GPU delegate, in a child process.

    The machine's own Vulkan device comes first, then, unless `software` is off, a software device
    from the usual places; VK_DRIVER_FILES or VK_ICD_FILENAMES, where set, are taken at their word.
    """
    for environment in _environments(software):
        try:
            child = subprocess.run(
                [sys.executable, "-m", __spec__.name, str(bundle)],
                env=environment,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=time_limit,
            )
        except subprocess.TimeoutExpired:
            return GateResult(None, f"not checked: no answer within {time_limit:g} s")
        if child.returncode == -signal.SIGKILL:
            return GateResult(None, "not checked: killed, probably for want of memory")
        if "Dynamically loaded GPU accelerator" not in child.stderr:
            return GateResult(None, NO_DELEGATE)
        if "No adapters found" not in child.stderr:
            return _verdict(child)
    return GateResult(None, NO_DEVICE if software else NO_HARDWARE)


def _environments(software: bool) -> Iterator[dict[str, str]]:
    yield dict(os.environ)
    if software and not any(name in os.environ for name in VULKAN_VARIABLES):
        for path in SOFTWARE_DEVICES:
            if Path(path).is_file():
                yield os.environ | dict.fromkeys(VULKAN_VARIABLES, path)


def _verdict(child: subprocess.CompletedProcess[str]) -> GateResult:
    if child.returncode == 0:
        outcome = json.loads(child.stdout.splitlines()[-1])
        device = re.search(r"Selected adapter: (.*?), arch=", child.stderr)
        if outcome["resident"] and device is None and outcome["max_abs"] == 0:
            outcome["resident"] = False
            outcome["note"] = "output identical to the CPU's: did not run on the GPU"
        if outcome["resident"]:
            outcome["note"] += f" ({device[1]})" if device else ""
        elif rejected := _rejected_operators(child.stderr):
            outcome["note"] = f"rejected by the GPU delegate: {rejected}"
        return GateResult(**outcome)
    fatal = re.search(r"^F\d{4} .*?\] (.*)", child.stderr, re.MULTILINE)
    reason = fatal[1] if fatal else f"exit status {child.returncode}"
    return GateResult(False, f"the GPU delegate crashed: {reason}")


def _rejected_operators(log: str) -> str:
    listed = re.search(
        r"not supported by GPU delegate:\n(.*?)\n(?:\d+|No) operations", log, re.DOTALL
    )
    return "; ".join(listed[1].splitlines()) if listed else ""


def _examine(path: str) -> GateResult:
    """What the child does."""
    from ai_edge_litert.compiled_model import HardwareAccelerator

    try:
        resident, on_gpu = _run(path, HardwareAccelerator.GPU)
    except RuntimeError as error:
        return GateResult(False, str(error).splitlines()[-1].removeprefix("└ "))
    if not resident:
        return GateResult(False, "the GPU delegate leaves operators to the CPU")
    _, on_cpu = _run(path, HardwareAccelerator.CPU)
    differences = [
        float(np.abs(g.astype(np.float32) - c.astype(np.float32)).max())
        / max(_unit(c.dtype), float(np.abs(c.astype(np.float32)).max()))
        for g, c in zip(on_gpu, on_cpu, strict=True)
    ]
    max_abs = max(differences)
    if not np.isfinite(max_abs):
        return GateResult(False, "the GPU's output is not finite")
    if max_abs > TOLERANCE:
        return GateResult(False, f"GPU and CPU differ by {max_abs:.2g}", max_abs)
    return GateResult(True, "every operator on the GPU delegate", max_abs)


def _run(path: str, accelerator: int) -> tuple[bool, list[np.ndarray]]:
    """Whether all operators are accelerated, and every signature's outputs for uniform noise."""
    from ai_edge_litert.compiled_model import CompiledModel

    model = CompiledModel.from_file(path, accelerator)
    black, white = _values_of_pixels(path)
    random, values = np.random.default_rng(0), []
    for signature in range(model.get_num_signatures()):
        inputs = model.create_input_buffers(signature)
        outputs = model.create_output_buffers(signature)
        for buffer in inputs:
            details = buffer.get_tensor_details()
            dtype = np.dtype(details["dtype"])
            low = 0 if dtype == np.uint8 else -_unit(dtype)
            ends = (black, white) if dtype == np.float32 else (low, _unit(dtype))
            buffer.write(random.uniform(*ends, details["shape"]).astype(dtype))
        model.run_by_index(signature, inputs, outputs)
        for buffer in outputs:
            details = buffer.get_tensor_details()
            values.append(buffer.read(int(np.prod(details["shape"])), np.dtype(details["dtype"])))
    return model.is_fully_accelerated(), values


def _values_of_pixels(path: str) -> tuple[float, float]:
    """What a bundle's network has for black and white; -1 and 1 of a file that says nothing.

    A network of 0..1 that takes a root or a power of them has no answer to -1.
    """
    try:
        content = read_info(path).signatures[0].inputs[0]
    except PocketstyleError:
        return -1.0, 1.0
    return (0 - content.mean) / content.std, (255 - content.mean) / content.std


def _unit(dtype: np.dtype) -> float:
    """What 1 is on a tensor of this kind."""
    return {"float32": 1.0, "uint8": 255.0, "int8": 127.0}[dtype.name]


if __name__ == "__main__":
    print(json.dumps(asdict(_examine(sys.argv[1]))), flush=True)
