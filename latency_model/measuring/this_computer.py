"""Measuring on this computer's CPU with LiteRT."""

from __future__ import annotations

import platform
import time
from pathlib import Path
from statistics import median

from ...errors import FormatError, UsageError
from ...quiet import quiet
from .measurement import Measurement, repeat_until_tight

RUNS, WARM_UP_RUNS = 20, 3  # inferences of a round


def measure_here(bundle: Path, threads: int = 1) -> Measurement:
    """Latency of a .tflite under LiteRT's CPU kernels; a round is the median of its runs.

    Raises:
        UsageError: the file is missing. FormatError: LiteRT cannot load it.
    """
    from ai_edge_litert.interpreter import Interpreter

    if not bundle.is_file():
        raise UsageError(f"no such file: {bundle}")
    try:
        with quiet():  # the runtime announces its kernels
            interpreter = Interpreter(model_path=str(bundle), num_threads=threads)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise FormatError(f"LiteRT cannot load {bundle}: {str(error).splitlines()[0]}") from error
    for _ in range(WARM_UP_RUNS):
        interpreter.invoke()

    def one_round() -> float:
        times = []
        for _ in range(RUNS):
            start = time.perf_counter()
            interpreter.invoke()
            times.append(1e3 * (time.perf_counter() - start))
        return median(times)

    name = f"{platform.machine()}, {threads} thread{'s' if threads > 1 else ''}"
    return Measurement(name, "litert-cpu", repeat_until_tight(one_round), {})
