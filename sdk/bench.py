"""How fast a bundle is on this computer: `python -m pocketstyle.sdk.bench` is one measurement.

Every measurement is a process of its own: memory is that of one network alone, and a GPU delegate
that aborts takes nothing with it.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np

from ..errors import PocketstyleError, first_line
from .accelerator import Accelerator
from .stylizer import Stylizer

WARM_UP = 3
RUNS = 50  # but no longer than
LONGEST = 10.0  # seconds
TIME_LIMIT = 600.0


@dataclass(frozen=True)
class Timing:
    """What one way to run a bundle takes; milliseconds, of pictures that have its size.

    Attributes:
        accelerator: "cpu" or "gpu".
        threads: of the CPU's kernels; None on the GPU.
        load_ms: until pictures can be played.
        style_ms: of a style picture; None where there is none.
        first_ms: of the first picture.
        median_ms, p95_ms: of `runs` more, after three.
        peak_mb: memory of the process at most, Python's own included.
    """

    accelerator: Accelerator
    threads: int | None
    load_ms: float
    style_ms: float | None
    first_ms: float
    median_ms: float
    p95_ms: float
    runs: int
    peak_mb: float


def bench(path: str | Path) -> Iterator[Timing | str]:
    """Measure a bundle on the CPU with 1, 2, 4 ... threads, up to the cores, and on the GPU.

    Yields:
        A Timing, or one line where a way is not to be had.

    Raises:
        FormatError: the file is no bundle.
    """
    Stylizer(path, threads=1, accelerator="cpu").close()  # what is no bundle ends here
    cores = os.cpu_count() or 1
    for threads in sorted({2**i for i in range(cores.bit_length())} | {cores}):
        yield _in_a_child(path, "cpu", threads)
    yield _in_a_child(path, "gpu", None)


def _in_a_child(path: str | Path, accelerator: Accelerator, threads: int | None) -> Timing | str:
    command = [sys.executable, "-m", __spec__.name, str(path), accelerator, str(threads or 0)]
    try:
        child = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        return f"{accelerator}: no answer within {TIME_LIMIT:g} s"
    if child.returncode:
        return f"{accelerator}: exit status {child.returncode}"
    told = json.loads(child.stdout.splitlines()[-1])
    return f"{accelerator}: {told['error']}" if "error" in told else Timing(**told)


def _measure(path: str, accelerator: Accelerator, threads: int | None) -> Timing:
    """What the child does."""
    clock, style_ms = time.perf_counter, None
    began = clock()
    stylizer = Stylizer(path, threads=threads, accelerator=accelerator, strict=True)
    load_ms = 1000 * (clock() - began)
    frame = np.random.default_rng(0).integers(0, 256, (stylizer.size,) * 2 + (3,), np.uint8)
    if stylizer.takes_style:
        began = clock()
        stylizer.set_style(frame)
        style_ms = 1000 * (clock() - began)
    out, start = np.empty_like(frame), clock()

    def played() -> float:
        began = clock()
        stylizer.apply(frame, out)
        return 1000 * (clock() - began)

    first, *_ = [played() for _ in range(1 + WARM_UP)]
    warm = [played()]
    while len(warm) < RUNS and clock() - start < LONGEST:
        warm.append(played())
    return Timing(
        accelerator=accelerator,
        threads=threads,
        load_ms=load_ms,
        style_ms=style_ms,
        first_ms=first,
        median_ms=median(warm),
        p95_ms=float(np.percentile(warm, 95)),
        runs=len(warm),
        peak_mb=peak_mb(),
    )


def peak_mb() -> float:
    """Memory of this process at most.

    Linux's `ru_maxrss` is no help: a new program inherits that of the process that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 2**20 if sys.platform == "darwin" else most / 1024


def _told(path: str, accelerator: Accelerator, threads: int | None) -> dict:
    try:
        return asdict(_measure(path, accelerator, threads))
    except PocketstyleError as error:
        return {"error": first_line(error)}


if __name__ == "__main__":
    print(json.dumps(_told(sys.argv[1], sys.argv[2], int(sys.argv[3]) or None)), flush=True)
