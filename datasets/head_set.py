"""Many pairs of procedural heads at once, on all cores."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from . import heads
from .folders import PictureSet

CHUNK = 16  # pairs per task: small enough for a smooth progress bar


def render_heads(
    count: int,
    size: int,
    seed: int,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[PictureSet, PictureSet]:
    """The first `count` heads of a set: photos and cartoons, uint8[count, size, size, 3] each."""
    starts = range(0, count, CHUNK)
    tasks = [(seed, range(start, min(start + CHUNK, count)), size) for start in starts]
    photos, cartoons, done = [], [], 0
    # one BLAS thread each, or the workers' threads fight over the cores
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # spawn, because a forked child of a process with torch's threads can hang
    with ProcessPoolExecutor(
        min(os.cpu_count() or 1, len(tasks)), mp_context=multiprocessing.get_context("spawn")
    ) as pool:
        for photo, cartoon in pool.map(_render, tasks):
            photos.append(photo)
            cartoons.append(cartoon)
            done += len(photo)
            report(done, count)
    names = tuple(f"{index:05d}" for index in range(count))
    return PictureSet(np.concatenate(photos), names), PictureSet(np.concatenate(cartoons), names)


def _render(task: tuple[int, range, int]) -> tuple[np.ndarray, np.ndarray]:
    seed, indices, size = task
    pairs = [heads.pair(seed, index, size) for index in indices]
    return np.stack([photo for photo, _ in pairs]), np.stack([cartoon for _, cartoon in pairs])
