"""Pairs of photos and what a program makes of them, drawn on all cores; a second run goes on."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from ..errors import DataError
from ..images import SUFFIXES, read_rgb
from .programs import at_side, find_program, write_rgb


def make_pairs(
    program: str,
    photos: Path,
    out: Path,
    side: int,
    report: Callable[[int, int], None] = lambda done, total: None,
    workers: int | None = None,
) -> list[str]:
    """Write out/photo/NAME.png and out/PROGRAM/NAME.png of every picture of a folder.

    Files appear whole, and pairs that are there are left as they are: what was interrupted is
    finished by the same call. Several programs may share a folder at one size.

    Args:
        program: one of `PROGRAMS`.
        photos: a folder of pictures.
        out: a folder, which may hold pairs.
        side: pixels of the longer side of both.
        report: is called with how many are done, of how many.
        workers: processes; None for one a core.

    Returns:
        One line for each picture that cannot be read.

    Raises:
        UsageError: there is no such program.
        DataError: there is no such folder, it has no pictures, or two would have one name.
    """
    find_program(program)
    if not photos.is_dir():
        raise DataError(f"{photos} is no folder")
    sources = sorted(p for p in photos.iterdir() if p.suffix.lower() in SUFFIXES)
    if not sources:
        raise DataError(f"no pictures in {photos}")
    targets = {path: f"{path.stem}.png" for path in sources}
    if len(set(targets.values())) < len(sources):
        raise DataError(f"two pictures in {photos} have one name but for its suffix")
    for folder in ("photo", program):
        (out / folder).mkdir(parents=True, exist_ok=True)
    left = [
        path
        for path in sources
        if not all((out / folder / targets[path]).exists() for folder in ("photo", program))
    ]
    done, failed = len(sources) - len(left), []
    report(done, len(sources))
    # started afresh: an interpreter's threads do not survive a fork
    with ProcessPoolExecutor(workers or os.cpu_count(), get_context("spawn")) as pool:
        jobs = [pool.submit(make_pair, program, path, out, side) for path in left]
        try:
            for job in as_completed(jobs):
                failed += filter(None, [job.result()])
                done += 1
                report(done, len(sources))
        finally:
            pool.shutdown(cancel_futures=True)
    return sorted(failed)


def make_pair(program: str, path: Path, out: Path, side: int) -> str | None:
    """Draw one; says what is wrong with a picture that cannot be read."""
    try:
        photo = at_side(read_rgb(path), side)
    except DataError as error:
        return str(error)
    drawn = find_program(program)(photo)
    for folder, picture in (("photo", photo), (program, drawn)):
        write_rgb(picture, out / folder / f"{path.stem}.png")
    return None
