"""Measuring on this computer with LiteRT: on its CPU, or on its GPU.

A backend is a function from a .tflite file's bytes to a `Runner`; `HOST_BACKENDS` has both.
"""

from __future__ import annotations

import platform
import re
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from ...errors import FormatError, PocketstyleError, UsageError
from ...quiet import quiet
from .measurement import Measurement, repeat_until_tight

RUNS, WARM_UP_RUNS = 20, 3  # inferences of a round

Runner = Callable[[], float]
"""Runs a model once and returns the milliseconds that it took."""


def measure_here(bundle: Path, threads: int = 1, backend: str = "litert-cpu") -> Measurement:
    """Latency of a .tflite on this computer; a round is the median of its runs.

    Raises:
        UsageError: the file is missing, or there is no such backend.
        FormatError: LiteRT cannot load it.
        PocketstyleError: no GPU, or not all of the model runs on it.
    """
    if not bundle.is_file():
        raise UsageError(f"no such file: {bundle}")
    try:
        run = host_runner(bundle.read_bytes(), threads, backend)
    except FormatError as error:
        raise FormatError(f"LiteRT cannot load {bundle}: {error}") from error
    for _ in range(WARM_UP_RUNS):
        run()
    rounds = repeat_until_tight(lambda: median(run() for _ in range(RUNS)))
    return Measurement(host_name(threads), backend, rounds, {})


def host_runner(model: bytes, threads: int, backend: str) -> Runner:
    """A model loaded and given noise to work on.

    Raises:
        UsageError: there is no such backend.
        FormatError: LiteRT cannot load the model; the message is LiteRT's.
        PocketstyleError: no GPU, or not all of the model runs on it.
    """
    if backend not in HOST_BACKENDS:
        raise UsageError(f"backend {backend!r}; on this computer: {', '.join(HOST_BACKENDS)}")
    return HOST_BACKENDS[backend](model, threads)


def host_name(threads: int) -> str:
    """The processor's model name and the number of threads, as a table's column `device`.

    A computer's GPU goes by the same name; the column `backend` tells the two apart.
    """
    try:
        listed = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # not Linux
        listed = ""
    named = re.search(r"^model name\s*: (.+)$", listed, re.M)
    model = named[1].strip() if named else platform.processor() or platform.machine()
    return f"{model}, {threads} thread{'s' if threads > 1 else ''}"


def _cpu_runner(model: bytes, threads: int) -> Runner:
    from ai_edge_litert.interpreter import Interpreter

    try:
        with quiet():  # the runtime announces its kernels
            interpreter = Interpreter(model_content=model, num_threads=threads)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise FormatError(str(error).splitlines()[0]) from error
    for tensor in interpreter.get_input_details():
        interpreter.set_tensor(tensor["index"], _noise(tensor["shape"]))

    def run() -> float:
        start = time.perf_counter()
        interpreter.invoke()
        return 1e3 * (time.perf_counter() - start)

    return run


def _gpu_runner(model: bytes, threads: int) -> Runner:
    """The time includes reading the results, which is what waits for the GPU."""
    from ai_edge_litert.compiled_model import CompiledModel, HardwareAccelerator

    try:
        with quiet():
            compiled = CompiledModel.from_buffer(model, HardwareAccelerator.GPU)
            inputs, outputs = compiled.create_input_buffers(0), compiled.create_output_buffers(0)
            resident = compiled.is_fully_accelerated()
    except RuntimeError as error:
        raise PocketstyleError("LiteRT finds no GPU (a Vulkan device) that runs it") from error
    if not resident:
        raise PocketstyleError("no GPU latency: the GPU leaves operators of the model to the CPU")
    for buffer in inputs:
        buffer.write(_noise(buffer.get_tensor_details()["shape"]))
    counts = [int(np.prod(buffer.get_tensor_details()["shape"])) for buffer in outputs]

    def run() -> float:
        start = time.perf_counter()
        compiled.run_by_index(0, inputs, outputs)
        for buffer, count in zip(outputs, counts, strict=True):
            buffer.read(count, np.float32)
        return 1e3 * (time.perf_counter() - start)

    return run


def _noise(shape: np.ndarray) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


HOST_BACKENDS = {"litert-cpu": _cpu_runner, "litert-gpu": _gpu_runner}
