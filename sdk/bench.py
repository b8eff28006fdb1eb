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
from ..frames import Size, frame_text, parse_frame
from .accelerator import Accelerator
from .bundle import read_info
from .stylizer import Stylizer

WARM_UP = 3
RUNS = 50  # but no longer than
LONGEST = 10.0  # seconds
TIME_LIMIT = 600.0


@dataclass(frozen=True)
class Timing:
    """What one way to run a bundle takes; milliseconds, of pictures that have its size.

    Attributes:
        frame: that was measured, such as "480x640".
        accelerator: "cpu" or "gpu".
        threads: of the CPU's kernels; None on the GPU.
        load_ms: until pictures can be played.
        style_ms: of a style picture; None where there is none.
        first_ms: of the first picture.
        median_ms, p95_ms: of `runs` more, after three.
        peak_mb: memory of the process at most, Python's own included.
    """

    frame: str
    accelerator: Accelerator
    threads: int | None
    load_ms: float
    style_ms: float | None
    first_ms: float
    median_ms: float
    p95_ms: float
    runs: int
    peak_mb: float


def bench(path: str | Path, size: Size | None = None) -> Iterator[Timing | str]:
    """Measure a bundle on the CPU with 1, 2, 4 ... threads, up to the cores, and on the GPU.

    Args:
        size: of several frames the one to measure; None takes the first.

    Yields:
        A Timing, or one line where a way is not to be had.

    Raises:
        FormatError: the file is no bundle.
        UsageError: it has no such frame.
    """
    Stylizer(path, threads=1, size=size, accelerator="cpu").close()  # what is no bundle ends here
    frame = frame_text(read_info(path).signature(size).frame)
    cores = os.cpu_count() or 1
    for threads in sorted({2**i for i in range(cores.bit_length())} | {cores}):
        yield _in_a_child(path, frame, "cpu", threads)
    yield _in_a_child(path, frame, "gpu", None)


def _in_a_child(
    path: str | Path, frame: str, accelerator: Accelerator, threads: int | None
) -> Timing | str:
    told = (str(path), frame, accelerator, str(threads or 0))
    command = [sys.executable, "-m", __spec__.name, *told]
    try:
        child = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        return f"{accelerator}: no answer within {TIME_LIMIT:g} s"
    if child.returncode:
        return f"{accelerator}: exit status {child.returncode}"
    told = json.loads(child.stdout.splitlines()[-1])
    return f"{accelerator}: {told['error']}" if "error" in told else Timing(**told)


def _measure(path: str, frame: str, accelerator: Accelerator, threads: int | None) -> Timing:
    """What the child does."""
    clock, style_ms = time.perf_counter, None
    began = clock()
    size = parse_frame(frame)
    stylizer = Stylizer(path, threads, size, accelerator, strict=True)
    load_ms = 1000 * (clock() - began)
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    if stylizer.takes_style:
        began = clock()
        stylizer.set_style(noise)
        style_ms = 1000 * (clock() - began)
    out, start = np.empty_like(noise), clock()

    def played() -> float:
        began = clock()
        stylizer.apply(noise, out)
        return 1000 * (clock() - began)

    first, *_ = [played() for _ in range(1 + WARM_UP)]
    warm = [played()]
    while len(warm) < RUNS and clock() - start < LONGEST:
        warm.append(played())
    return Timing(
        frame=frame,
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


def _told(path: str, frame: str, accelerator: Accelerator, threads: int | None) -> dict:
    try:
        return asdict(_measure(path, frame, accelerator, threads))
    except PocketstyleError as error:
        return {"error": first_line(error)}


if __name__ == "__main__":
    print(json.dumps(_told(*sys.argv[1:4], int(sys.argv[4]) or None)), flush=True)
