"""pocketstyle data: make data sets."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ..errors import DataError, UsageError
from .options import Force
from .progress import progress

NAME = "data"
PROGRAMS = ("comic", "ink")  # of teachers, which takes OpenCV to import


def run(
    kind: Annotated[
        str,
        typer.Argument(
            help="heads: procedural portraits and their cartoons. comic, ink: photos of --photos "
            "and what the program draws of them; the same command goes on after an interruption."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder to write photo/ and KIND/ into.")],
    photos: Annotated[
        Path | None, typer.Option("--photos", help="Folder of pictures, of comic and ink.")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="Pairs of heads. [1000]")] = None,
    size: Annotated[
        int | None,
        typer.Option(min=32, max=1024, help="Pixels a side; of a photo's longer. [128; 768]"),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed, other heads. [0]")] = None,
    force: Force = False,
) -> None:
    """Make a data set of pictures in pairs."""
    if kind not in ("heads", *PROGRAMS):
        raise UsageError(f"unknown data set {kind!r}; known: heads, {', '.join(PROGRAMS)}")
    if (photos is not None) != (kind != "heads"):
        raise UsageError("--photos goes with comic and ink, and these need it")
    if photos is None:
        _heads(out, count or 1000, size or 128, seed or 0, force)
    elif count is not None or seed is not None:
        raise UsageError("--count and --seed go with heads")
    else:
        _drawn(kind, photos, out, size or 768)


def _heads(out: Path, count: int, size: int, seed: int, force: bool) -> None:
    if out.exists() and not force:
        raise UsageError(f"{out} exists; pass --force to write into it")
    from ..datasets import heads

    with progress() as report:
        heads.write_pairs(out, count, size, seed, lambda done: report("render heads", done, count))
    print(f"{count} pairs in {out}/photo and {out}/cartoon")


def _drawn(program: str, photos: Path, out: Path, size: int) -> None:
    from ..teachers import make_pairs

    with progress() as report:
        failed = make_pairs(program, photos, out, size, partial(report, f"draw {program}"))
    print(f"pairs in {out}/photo and {out}/{program}")
    if failed:
        raise DataError(f"{len(failed)} pictures were left out: {'; '.join(failed)}")
