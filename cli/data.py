"""pocketstyle data: make data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .options import Force
from .progress import progress

NAME = "data"


def run(
    kind: Annotated[str, typer.Argument(help="heads: procedural portraits and their cartoons.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write photo/ and cartoon/ into.")],
    count: Annotated[int, typer.Option(min=1, help="Pairs.")] = 1000,
    size: Annotated[int, typer.Option(min=32, max=1024, help="Pixels a side.")] = 128,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other heads.")] = 0,
    force: Force = False,
) -> None:
    """Make a data set of pictures in pairs."""
    if kind != "heads":
        raise UsageError(f"unknown data set {kind!r}; known: heads")
    if out.exists() and not force:
        raise UsageError(f"{out} exists; pass --force to write into it")
    from ..datasets import heads

    with progress() as report:
        heads.write_pairs(out, count, size, seed, lambda done: report("render heads", done, count))
    print(f"{count} pairs in {out}/photo and {out}/cartoon")
