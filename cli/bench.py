"""pocketstyle bench: how fast a bundle is on this computer."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from ..frames import parse_frame
from ..quiet import quiet
from .options import Frame, Json

if TYPE_CHECKING:
    from ..sdk.bench import Timing

NAME = "bench"


def run(
    bundle: Annotated[str, typer.Argument(help="A .tflite, or the name of a shipped bundle.")],
    frame: Frame = None,
    as_json: Json = False,
) -> None:
    """Time a bundle on this computer: first and later pictures, memory, CPU threads and GPU.

    No runtime tells Python what single operators take; on phones TFLite's own tool does
    (`pocketstyle latency measure --benchmark-model`).
    """
    from ..sdk import resolve
    from ..sdk.bench import Timing, bench

    path = resolve(bundle)
    with quiet():  # the runtime announces its kernels
        found = list(bench(path, None if frame is None else parse_frame(frame)))
    timings = [one for one in found if isinstance(one, Timing)]
    missing = [one for one in found if not isinstance(one, Timing)]
    if as_json:
        print(json.dumps({"timings": [asdict(one) for one in timings], "missing": missing}))
        return
    at = timings[0].frame if timings else ""
    table = Table(title=f"{path.stem} {at}".strip())
    for head in (
        "on",
        "threads",
        "load ms",
        "style ms",
        "first ms",
        "median ms",
        "95 % ms",
        "runs",
        "MB",
    ):
        table.add_column(head, justify="right")
    for one in timings:
        style = "" if one.style_ms is None else f"{one.style_ms:.1f}"
        figures = (one.first_ms, one.median_ms, one.p95_ms)
        table.add_row(
            one.accelerator,
            "" if one.threads is None else str(one.threads),
            f"{one.load_ms:.0f}",
            style,
            *(f"{value:.1f}" for value in figures),
            str(one.runs),
            f"{one.peak_mb:.0f}",
        )
    console = Console()
    console.print(table)
    for line in missing:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if timings:
        console.print(_told(min(timings, key=lambda one: one.median_ms)), highlight=False)


def _told(best: Timing) -> str:
    """The fastest way, as a sentence."""
    way = "on the GPU"
    if best.threads is not None:
        way = f"on the CPU with {best.threads} thread{'s' if best.threads > 1 else ''}"
    return (
        f"fastest {way}: {best.median_ms:.1f} ms a picture, "
        f"{1000 / best.median_ms:.0f} pictures a second"
    )
